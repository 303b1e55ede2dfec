"""What was made last, at once, however old: pages never wait for a report; a newer one is made behind their backs."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

import structlog

from app.domain.errors import TraceJudgeError, Unavailable
from app.domain.job import JobStatus
from app.reports.report import Report
from app.reports.sheet import Parameters
from app.services.publish import AT_ONCE, SNAPSHOT_SECONDS, UNNUMBERED, Publisher, Shape, Snapshot, Source
from app.store.database import Database
from app.store.headlines import StoredHeadline, keep_headline, read_headlines
from app.store.sheet import JobFacts
from app.store.workers import software_version

log = structlog.get_logger("tracejudge.publish")

PATIENCE = 0.1
# A report is made anew for at most this share of the time, however dear it is.
BUSY = 0.2
# So many may be under way or wait for a turn; whoever asks for another one must ask again.
MOST_UNDER_WAY = 32
MOST_REMEMBERED = 512
AS_SUBMITTED = Parameters()
HEADLINE = Shape("headline")
SOFTWARE = software_version()


@dataclass(frozen=True, slots=True)
class Recent:
    """A document as of then; None while the first one is being made. `fresh`: nothing has happened since."""

    content: str | bytes | None
    as_of: datetime | None
    fresh: bool


@dataclass(frozen=True, slots=True)
class Headline:
    """The headline of a job's report under the parameters it was submitted with."""

    model_a: str
    model_b: str
    axis: str
    estimate: float | None
    low: float | None
    high: float | None
    level: float
    n_pairs: int
    n_decided: int
    text: str
    as_of: datetime


class _Key(NamedTuple):
    job: str
    parameters: Parameters
    shape: Shape


@dataclass(frozen=True, slots=True)
class _Made:
    """Of which state a document was made, when, in how long; `error` instead of one."""

    snapshot: Snapshot
    as_of: datetime | None
    at: float
    took: float
    error: TraceJudgeError | None = None


class RecentPublisher(Publisher):
    """A Publisher that also answers at once. `seconds`: how long it leaves what it has made before it makes it anew;
    longer where that takes long.
    """

    def __init__(self, database: Database, *, seconds: float = SNAPSHOT_SECONDS, **choices: Any) -> None:
        super().__init__(database, seconds=seconds, **choices)
        self._made: OrderedDict[_Key, _Made] = OrderedDict()
        self._under_way: dict[_Key, asyncio.Task[None]] = {}
        self._slots = asyncio.Semaphore(AT_ONCE)

    async def recent(
        self,
        project: int,
        job_id: str,
        parameters: Parameters,
        shape: str,
        *,
        axis: str | None = None,
        patience: float = PATIENCE,
        newer: bool = False,
    ) -> Recent:
        """The last document of one of FORMATS, or FRAGMENT. Where there is none yet it waits `patience` seconds for the
        first; with `newer` also for one that is due. NotFound for another project's; Invalid where a parameter does not
        fit it, once that is known.
        """
        _, snapshot = await self._snapshot(project, job_id, parameters)
        key = _Key(snapshot.public_id, parameters, Shape(shape, axis))
        content = self._content(key)
        if content is None or self._is_due(key, snapshot):
            task = self._refresh(key, project, snapshot)
            if task is not None and (newer or content is None):
                await asyncio.wait({task}, timeout=patience)
                content = self._content(key)
        made = self._made.get(key)
        if made is not None and made.error is not None:
            raise made.error.with_traceback(None)
        if made is None or content is None:
            return Recent(None, None, fresh=False)
        return Recent(content, made.as_of, fresh=made.snapshot == snapshot)

    async def headline(self, project: int, job_id: str) -> Headline | None:
        """The last headline of a job, None where there is none yet."""
        return (await self.headlines(project, [job_id])).get(job_id)

    async def headlines(self, project: int, job_ids: Sequence[str]) -> dict[str, Headline]:
        """Of each job that has one, by its id: as it was made last, by whichever process. It never waits for one."""
        async with self._database.transaction() as tx:
            rows = await read_headlines(tx, project, job_ids)
        found = {}
        for row in rows:
            snapshot = _snapshot_of(row)
            key = _Key(row.job, AS_SUBMITTED, HEADLINE)
            if row.state != _state(snapshot) and _has_judgments(row) and self._is_due(key, snapshot):
                self._refresh(key, project, snapshot)
            if row.headline is not None and row.as_of is not None:
                found[row.job] = Headline(**row.headline, as_of=row.as_of)
        return found

    async def close(self) -> None:
        """Give up what is under way."""
        tasks = list(self._under_way.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _content(self, key: _Key) -> str | bytes | None:
        """What was made for it last; an error tells nothing that could be shown."""
        made = self._made.get(key)
        return None if made is None else self._documents.peek((made.snapshot, key.parameters, key.shape))

    def _is_due(self, key: _Key, now: Snapshot) -> bool:
        """Whether something has happened since, and enough time has passed; what begins or ends tells at once."""
        made = self._made.get(key)
        if made is None:
            return True
        if (made.snapshot.status, made.snapshot.generation) != (now.status, now.generation):
            return True
        rested = time.monotonic() - made.at >= max(self._seconds, made.took / BUSY)
        return rested and (made.snapshot != now or isinstance(made.error, Unavailable))

    def _refresh(self, key: _Key, project: int, now: Snapshot) -> asyncio.Task[None] | None:
        """One for each key; none where too many are under way, or where it would only fail again."""
        known = self._made.get(key)
        if known is not None and known.error is not None and not self._is_due(key, now):
            return None
        if key not in self._under_way and len(self._under_way) < MOST_UNDER_WAY:
            task = asyncio.create_task(self._make(key, project))
            self._under_way[key] = task
            task.add_done_callback(lambda _: self._under_way.pop(key, None))
        return self._under_way.get(key)

    async def _make(self, key: _Key, project: int) -> None:
        """Make it from the newest state there is when its turn has come, and remember how that went."""
        async with self._slots:
            began = time.monotonic()
            snapshot: Snapshot | None = None
            try:
                source, snapshot = await self._snapshot(project, key.job, key.parameters)
                report = await self._report(source, snapshot, key.parameters)
                if key.parameters == AS_SUBMITTED:
                    await self._keep_headline(source, snapshot, report)
                if key.shape != HEADLINE:
                    await self._document(source, snapshot, key.parameters, key.shape)
            except TraceJudgeError as error:
                self._remember_failure(key, snapshot, began, error)
            except Exception:
                log.exception("report.failed", job=key.job)
                told = Unavailable("the report could not be made; this has been logged")
                self._remember_failure(key, snapshot, began, told)
            else:
                as_of = datetime.fromisoformat(report.envelope["as_of"])
                self._remember(key, _Made(snapshot, as_of, time.monotonic(), time.monotonic() - began))

    def _remember_failure(self, key: _Key, now: Snapshot | None, began: float, error: TraceJudgeError) -> None:
        """Whoever asks hears of it."""
        if now is None:  # the job is gone, which whoever asks again hears at once
            self._made.pop(key, None)
            return
        took = time.monotonic() - began
        self._remember(key, _Made(now, None, time.monotonic(), took, error))

    def _remember(self, key: _Key, made: _Made) -> None:
        self._made[key] = made
        self._made.move_to_end(key)
        while len(self._made) > MOST_REMEMBERED:
            self._made.popitem(last=False)

    async def _keep_headline(self, source: Source, snapshot: Snapshot, report: Report) -> None:
        if not isinstance(source, JobFacts):
            return
        line = report.results.headline
        headline = None
        if line is not None:
            rate = line.win_rate
            headline = {
                "model_a": line.model_a, "model_b": line.model_b, "axis": line.axis,
                "estimate": rate.estimate if line.assessed else None, "low": rate.low, "high": rate.high,
                "level": rate.level, "n_pairs": rate.n_pairs,
                "n_decided": rate.n_decided, "text": line.text,
            }  # fmt: skip
        async with self._database.transaction() as tx:
            as_of = datetime.fromisoformat(report.envelope["as_of"])
            await keep_headline(tx, source.id, state=_state(snapshot), as_of=as_of, headline=headline)


def _snapshot_of(row: StoredHeadline) -> Snapshot:
    return Snapshot(row.job, AS_SUBMITTED.slice_by, row.status, row.generation, (*row.counters, row.pairs))


def _state(snapshot: Snapshot) -> str:
    """What a headline was computed from; another software may compute another one."""
    counters = " ".join(map(str, snapshot.counters))
    return f"{SOFTWARE} {snapshot.status} {snapshot.generation} {counters}"


def _has_judgments(row: StoredHeadline) -> bool:
    return JobStatus(row.status) not in UNNUMBERED and row.counters[0] > 0
