"""What a lead sees first: jobs with their headlines, how the judges fare, who works, and how fast."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from app.domain.job import Job, JobStatus
from app.services.judge_health import JudgeHealth, health_of
from app.services.look import list_jobs
from app.services.paging import Page
from app.services.throughput import WINDOW_SECONDS, Throughput
from app.store import active, judges, lanes, workers
from app.store.active import Share
from app.store.database import Database
from app.store.workers import WorkerInfo

ALIVE_SECONDS = 30.0
# (project, job ids) -> the headlines there are, by job id, without waiting for one: Publisher.headlines.
Headlines = Callable[[int, Sequence[str]], Awaitable[Mapping[str, Any]]]


class HeadlineState(StrEnum):
    """Whether there is a headline: `pending` while the first one is made, `none` where there is nothing to say."""

    READY = "ready"
    PENDING = "pending"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class JobLine:
    """A job on the dashboard; `units_per_minute` is None while unknown, and where nothing moves."""

    job: Job
    headline: Any | None
    headline_state: HeadlineState
    units_per_minute: float | None


@dataclass(frozen=True, slots=True)
class Workers:
    """Processes seen in the last half minute, of the whole service, and the slices they work on."""

    alive: int
    slices: int


@dataclass(frozen=True, slots=True)
class Pulse:
    """Units of the project finished a minute, over at most the last `window_seconds`; None while unknown."""

    units_per_minute: float | None
    window_seconds: float


@dataclass(frozen=True, slots=True)
class View:
    """Everything at one moment; `jobs.next` continues the jobs. `running`: running jobs, on this page or not."""

    as_of: datetime
    jobs: Page
    running: int
    judges: list[JudgeHealth]
    workers: Workers
    throughput: Pulse


class Dashboard:
    """Reads counters, never judgments, so that it answers while a million of them are being written."""

    def __init__(self, database: Database, headlines: Headlines, throughput: Throughput | None = None) -> None:
        self._database, self._headlines = database, headlines
        self._throughput = throughput or Throughput()

    async def view(self, project: int, *, after: str | None = None, limit: int = 20) -> View:
        """One page of jobs, newest first, and all the rest."""
        (page, said), (shares, health, alive) = await asyncio.gather(
            self._jobs(project, after, limit), self._at_work(project)
        )
        self._throughput.note(project, dict(_finished(page.items, shares)))
        return View(
            as_of=datetime.now(UTC),
            jobs=Page([self._line(project, job, said) for job in page.items], page.next),
            running=len({share.job for share in shares if share.status == JobStatus.RUNNING}),
            judges=health,
            workers=Workers(len(alive), sum(one.slices for one in alive)),
            throughput=Pulse(self._throughput.of_project(project), WINDOW_SECONDS),
        )

    async def _jobs(self, project: int, after: str | None, limit: int) -> tuple[Page, Mapping[str, Any]]:
        """A page of jobs, and their headlines: None where it is known that there is none."""
        page = await list_jobs(self._database, project, after=after, limit=limit)
        asked = [job.id for job in page.items]
        found = await self._headlines(project, asked)
        async with self._database.transaction() as tx:
            speechless = await active.speechless(tx, project, asked)
        return page, {**dict.fromkeys(speechless), **found}

    async def _at_work(self, project: int) -> tuple[list[Share], list[JudgeHealth], list[WorkerInfo]]:
        async with self._database.transaction() as tx:
            shares = await active.shares(tx, project)
            seen = await lanes.lanes_of(tx, project, within=ALIVE_SECONDS)
            stored = await judges.judges_of(tx, project)
            return shares, health_of(stored, seen, shares), await workers.alive(tx, within=ALIVE_SECONDS)

    def _line(self, project: int, job: Job, said: Mapping[str, Any]) -> JobLine:
        headline = said.get(job.id)
        state = HeadlineState.READY
        if headline is None:
            state = HeadlineState.PENDING if job.progress.done and job.id not in said else HeadlineState.NONE
        moves = job.status is JobStatus.RUNNING
        return JobLine(job, headline, state, self._throughput.per_minute(project, job.id) if moves else None)


def _finished(jobs: Sequence[Job], shares: Sequence[Share]) -> Iterator[tuple[str, int]]:
    """Units that came to an end by judging, of the jobs shown and of all that are not over."""
    for job in jobs:
        yield job.id, job.progress.done + job.progress.abstained + job.progress.failed
    for at_work in {share.job for share in shares}:
        yield at_work, sum(share.finished for share in shares if share.job == at_work)
