"""Ingest over HTTP: CPU-ms of API and database per pair, pairs per second, growth of the API's memory."""

from __future__ import annotations

import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from benchmarks.cpu import cpu_seconds, resident_bytes
from benchmarks.judging import JSON_LINES, WORDS, _pid
from tests.world.pairs import ndjson, pairs
from tests.world.world import world


@dataclass(frozen=True, slots=True)
class Ingested:
    """One upload. CPU in ms per pair; `grown`: bytes by which the API's resident memory grew."""

    pairs: int
    bytes_a_pair: float
    api_ms: float
    database_ms: float
    per_second: float
    grown: int

    @property
    def total_ms(self) -> float:
        return self.api_ms + self.database_ms


def ingest(count: int) -> Ingested:
    """Upload `count` pairs of about 6 KB in one request and start the job."""
    body = ndjson(pairs(count, words=WORDS))
    with tempfile.TemporaryDirectory() as directory, world(Path(directory), workers=0) as there:
        judge = {"name": "stub", "url": there.judge.url, "served_model": "stub-judge"}
        made = there.http.post("/jobs", json={"name": "bench", "judges": [judge], "rubric": "reasoning-trace"})
        made.raise_for_status()
        job = made.json()["id"]
        pids = {"api": there.api.pid, "database": _pid(there.database)}
        spent = {name: cpu_seconds([pid]) for name, pid in pids.items()}
        memory, began = resident_bytes(there.api.pid), time.perf_counter()
        there.http.post(f"/jobs/{job}/pairs", content=body, headers=JSON_LINES).raise_for_status()
        there.http.post(f"/jobs/{job}/start").raise_for_status()
        wall = time.perf_counter() - began
        spent = {name: cpu_seconds([pid]) - spent[name] for name, pid in pids.items()}
        grown = resident_bytes(there.api.pid) - memory
    return Ingested(
        pairs=count,
        bytes_a_pair=len(body) / count,
        api_ms=1e3 * spent["api"] / count,
        database_ms=1e3 * spent["database"] / count,
        per_second=count / wall,
        grown=grown,
    )
