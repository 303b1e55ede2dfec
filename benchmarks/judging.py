"""Durable judgments end to end: CPU-ms of worker, database and broker per judgment, and judgments per second."""

from __future__ import annotations

import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from benchmarks.anchor import bare_calls
from benchmarks.cpu import cpu_seconds, resident_bytes
from tests.world.pairs import ndjson, pairs
from tests.world.world import World, world

WORDS = 390  # a trace of about 2.7 KB, a prompt of about 6 KB
JSON_LINES = {"Content-Type": "application/x-ndjson"}


@dataclass(frozen=True, slots=True)
class Judged:
    """One run. CPU in ms per judgment; `ceiling`: judgments/s that latency and places allow, None at 0 ms."""

    latency_ms: float
    in_flight: int
    judgments: int
    worker_ms: float
    database_ms: float
    broker_ms: float
    per_second: float
    ceiling: float | None
    anchor_ms: float
    worker_rss: int

    @property
    def total_ms(self) -> float:
        return self.worker_ms + self.database_ms + self.broker_ms


def judge(count: int, latency: float, in_flight: int) -> Judged:
    """Judge `count` pairs in both orders in a World of its own, with the anchor measured before and after."""
    settings = {"max_in_flight": str(in_flight), "shard_units": "1024" if in_flight > 256 else "512"}
    with (
        tempfile.TemporaryDirectory() as directory,
        world(Path(directory), settings=settings, slots=4096, latency=latency) as there,
    ):
        calls = 4_000 if latency == 0 else 10 * in_flight
        before = bare_calls(there.judge.url, calls, min(in_flight, 256), WORDS)
        job = _draft(there, count, in_flight)
        pids = {
            "worker": there.workers[0].pid,
            "database": _pid(there.database),
            "broker": _pid(there.broker),
        }
        spent = {name: cpu_seconds([pid]) for name, pid in pids.items()}
        began = time.perf_counter()
        there.http.post(f"/jobs/{job}/start").raise_for_status()
        _wait(there, job)
        wall = time.perf_counter() - began
        spent = {name: cpu_seconds([pid]) - spent[name] for name, pid in pids.items()}
        rss = resident_bytes(pids["worker"])
        after = bare_calls(there.judge.url, calls, min(in_flight, 256), WORDS)
    judgments = 2 * count
    return Judged(
        latency_ms=1e3 * latency,
        in_flight=in_flight,
        judgments=judgments,
        worker_ms=1e3 * spent["worker"] / judgments,
        database_ms=1e3 * spent["database"] / judgments,
        broker_ms=1e3 * spent["broker"] / judgments,
        per_second=judgments / wall,
        ceiling=in_flight / latency if latency else None,
        anchor_ms=(before.cpu_ms + after.cpu_ms) / 2,
        worker_rss=rss,
    )


def _draft(there: World, count: int, in_flight: int) -> str:
    document = {"name": "stub", "url": there.judge.url, "served_model": "stub-judge", "max_in_flight": in_flight}
    made = there.http.post("/jobs", json={"name": "bench", "judges": [document], "rubric": "reasoning-trace"})
    made.raise_for_status()
    job: str = made.json()["id"]
    body = ndjson(pairs(count, words=WORDS))
    there.http.post(f"/jobs/{job}/pairs", content=body, headers=JSON_LINES).raise_for_status()
    return job


def _wait(there: World, job: str) -> None:
    while True:
        row = there.sql("SELECT status FROM jobs WHERE public_id = $1::uuid", job)[0]
        if row["status"] not in ("running", "preparing"):
            assert row["status"] == "completed", row["status"]
            return
        time.sleep(0.1)


def _pid(service: object) -> int:
    child = service.child  # type: ignore[attr-defined]
    assert child is not None
    return int(child.pid)
