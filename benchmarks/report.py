"""A report over a million judgments, in a process of its own each time: cold, warm, other parameters, and by part.

`python -m benchmarks.report URL PROJECT JOB HOW` is what runs in the fresh process; it prints one JSON line.
"""

from __future__ import annotations

import asyncio
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from app.domain.plan import plan_of
from app.embedded import postgres
from app.embedded.service import Service
from app.reports import FORMATS
from app.reports.build import build
from app.reports.sheet import Parameters
from app.services.job_sheet import read_sheet
from app.services.publish import Publisher
from app.store import sheet as stored
from app.store.asked import asked, keep_one
from app.store.database import Database
from app.store.pairs import pair_columns
from benchmarks.cpu import cpu_seconds, resident_bytes
from benchmarks.filled import fill

PAIRS = 500_000
SLICED = "modality"
PARTS = ("pairs", "judgments", "how judges were asked", "statistics, first", "statistics, again", "as json", "as html")


@dataclass(frozen=True, slots=True)
class Part:
    """What one part cost, in seconds: CPU of the reporting process, CPU of PostgreSQL, wall."""

    what: str
    cpu: float
    database: float
    wall: float


@dataclass(frozen=True, slots=True)
class Reported:
    """`before`, `peak`: resident bytes of the process that made the reports, before the first and at most."""

    judgments: int
    parts: list[Part]
    before: int
    peak: int

    def __getitem__(self, what: str) -> Part:
        return next(part for part in self.parts if part.what == what)


def report(pairs: int = PAIRS) -> Reported:
    """Fill a database with a finished job of `pairs` pairs in both orders and report on it."""
    with tempfile.TemporaryDirectory() as directory:
        server = postgres.start(Path(directory) / "postgres")
        try:
            project, job = asyncio.run(fill(server.url, pairs))
            kept = asyncio.run(_keep(server))
            running, whole, parts = (
                _in_a_fresh_process(server, project, job, how) for how in ("running", "whole", "parts")
            )
        finally:
            server.stop()
    return Reported(
        judgments=2 * pairs,
        parts=[kept, *(Part(**one) for one in (*running["parts"], *whole["parts"], *parts["parts"]))],
        before=whole["before"],
        peak=whole["peak"],
    )


async def _keep(server: Service) -> Part:
    """What a worker does once when a job ends."""
    database, parts = Database(server.url), []
    with _measured("kept once when the job ends", _pid(server), parts):
        async with database.transaction() as tx:
            assert await keep_one(tx)
    await database.close()
    return parts[0]


def _in_a_fresh_process(server: Service, project: int, job: str, how: str) -> dict[str, Any]:
    command = [sys.executable, "-m", "benchmarks.report", server.url, str(project), job, how, str(_pid(server))]
    ran = subprocess.run(command, check=True, capture_output=True, text=True)
    found: dict[str, Any] = json.loads(ran.stdout.splitlines()[-1])
    return found


def _pid(server: Service) -> int:
    assert server.child is not None
    return server.child.pid


@contextmanager
def _measured(what: str, server: int, parts: list[Part]) -> Iterator[None]:
    spent, database, began = time.process_time(), cpu_seconds([server]), time.perf_counter()
    yield
    wall = time.perf_counter() - began
    parts.append(Part(what, time.process_time() - spent, cpu_seconds([server]) - database, wall))


async def _running(database: Database, project: int, job: str, server: int) -> list[Part]:
    """The first report of an API that has been up for some seconds: nothing of the job is known yet."""
    parts: list[Part] = []
    publisher = Publisher(database)
    await publisher.warm()
    with _measured("cold", server, parts):
        await publisher.document(project, job, Parameters(), "json")
    return parts


async def _whole(database: Database, project: int, job: str, server: int) -> list[Part]:
    """Through the Publisher, as the API does; the first report also waits for what the fit of strengths imports."""
    parts: list[Part] = []
    publisher = Publisher(database)
    with _measured("cold, process just started", server, parts):
        await publisher.document(project, job, Parameters(), "json")
    with _measured("warm", server, parts):
        await publisher.document(project, job, Parameters(), "json")
    with _measured("other parameters", server, parts):
        await publisher.document(project, job, Parameters(level=0.9), "json")
    return parts


async def _by_part(database: Database, project: int, job: str, server: int) -> list[Part]:
    parts: list[Part] = []
    async with database.transaction() as tx:
        facts = await stored.job_facts(tx, project, job)
        assert facts is not None
        plan = plan_of(facts.spec, facts.judges[0].judge)
        with _measured(PARTS[0], server, parts):
            await pair_columns(database, facts.id, (SLICED,))
        with _measured(PARTS[1], server, parts):
            await stored.judge_arrays(tx, facts, 0, plan)
        with _measured(PARTS[2], server, parts):
            await asked(tx, facts.id, 1, facts.status)
    sheet = await read_sheet(database, facts, tags=(SLICED,))
    for what in PARTS[3:5]:
        with _measured(what, server, parts):
            found = build(sheet, Parameters())
    for what, shape in zip(PARTS[5:], ("json", "html"), strict=True):
        with _measured(what, server, parts):
            FORMATS[shape].render(found)
    return parts


async def _main(url: str, project: str, job: str, how: str, server: str) -> None:
    before = resident_bytes(os.getpid())
    database = Database(url)
    run = {"running": _running, "whole": _whole, "parts": _by_part}[how]
    parts = await run(database, int(project), job, int(server))
    await database.close()
    peak = 1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(json.dumps({"parts": [asdict(part) for part in parts], "before": before, "peak": peak}))


if __name__ == "__main__":
    asyncio.run(_main(*sys.argv[1:]))
