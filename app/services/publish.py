"""From stored judgments to a Report: read the facts, lay them out, let `reports.build` compute."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass, replace
from datetime import UTC, datetime
from functools import partial
from importlib import import_module
from typing import NamedTuple

import numpy as np

from app.domain.errors import NotFound
from app.domain.job import JobStatus
from app.domain.judgment import Outcome
from app.domain.plan import plan_of
from app.reports import FORMATS, as_html, vega
from app.reports.build import build
from app.reports.length import FORMAT
from app.reports.one_axis import on_axis
from app.reports.report import Report
from app.reports.sheet import NOT_PLANNED, PENDING, Array, AxisPicks, JudgeFacts, Parameters, Sheet, Tag
from app.services.imported_sheet import sheet_of
from app.services.kept import Kept
from app.services.people import People, people_of
from app.store import imported_rows, imports
from app.store import sheet as stored
from app.store.asked import Asked, ReplyFacts, asked
from app.store.database import Database
from app.store.format_counts import format_counts
from app.store.pairs import PairColumns, pair_columns
from app.store.targets import Frozen
from app.store.workers import software_version

SHEET_BYTES, PAIR_BYTES = 256 << 20, 64 << 20
REPORTS, DOCUMENT_BYTES = 64, 64 << 20
SNAPSHOT_SECONDS = 10.0
# What the fit of strengths imports when it runs, for its seconds are the database's while a sheet is read.
LATE = "choix"
WARM_AFTER = 5.0  # seconds: a process that has just started has more urgent things to do
AT_ONCE = 2  # as many snapshots are read or reported at the same time
OVER = frozenset({JobStatus.COMPLETED, JobStatus.COMPLETED_WITH_FAILURES, JobStatus.CANCELLED, "imported"})
FRAGMENT = "fragment"
UNNUMBERED = frozenset({JobStatus.DRAFT, JobStatus.PREPARING})


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Which state of a job or import a sheet shows, sliced by which tag; `counters` move with every judgment."""

    public_id: str
    tag: str
    status: str
    generation: int
    counters: tuple[int, ...]


class Shape(NamedTuple):
    """A rendering: one of FORMATS or FRAGMENT, the HTML report without its page; seen from an axis, or whole."""

    name: str
    axis: str | None = None


Source = stored.JobFacts | imports.ImportFacts


class Publisher:
    """Reports of this process. Sheets, reports and rendered documents are kept, each made once at a time; while a job
    is judging its snapshot is taken anew at most every `seconds`.
    """

    def __init__(self, database: Database, *, seconds: float = SNAPSHOT_SECONDS, draw: as_html.Draw = vega.svg) -> None:
        self._database, self._seconds, self._draw = database, seconds, draw
        self._pairs: Kept[tuple[str, str], PairColumns] = Kept(PAIR_BYTES, _bytes_of)
        self._formats: Kept[str, Array] = Kept(PAIR_BYTES, _bytes_of)
        self._sheets: Kept[Snapshot, Sheet] = Kept(SHEET_BYTES, _bytes_of)
        self._reports: Kept[tuple[Snapshot, Parameters], Report] = Kept(REPORTS, lambda _: 1)
        self._documents: Kept[tuple[Snapshot, Parameters, Shape], str | bytes] = Kept(DOCUMENT_BYTES, len)
        self._taken: dict[tuple[str, str], tuple[Snapshot, float]] = {}
        self._turns = asyncio.Semaphore(AT_ONCE)

    async def warm(self) -> None:
        """Import what the first report would otherwise wait for."""
        await asyncio.sleep(WARM_AFTER)
        await asyncio.to_thread(import_module, LATE)

    async def report(self, project: int, job_id: str, parameters: Parameters) -> Report:
        """The report of a job or an import. NotFound for another project's; Invalid where a parameter does not fit
        it.
        """
        source, snapshot = await self._snapshot(project, job_id, parameters)
        return await self._report(source, snapshot, parameters)

    async def document(
        self, project: int, job_id: str, parameters: Parameters, shape: str, axis: str | None = None
    ) -> str | bytes:
        """The same as a document in one of FORMATS, or as FRAGMENT."""
        source, snapshot = await self._snapshot(project, job_id, parameters)
        return await self._document(source, snapshot, parameters, Shape(shape, axis))

    async def _document(self, source: Source, snapshot: Snapshot, parameters: Parameters, shape: Shape) -> str | bytes:
        async def make() -> str | bytes:
            report = await self._report(source, snapshot, parameters)
            seen = report if shape.axis is None else on_axis(report, shape.axis)
            return await asyncio.to_thread(self._renderer(shape.name), seen)

        return await self._documents.get((snapshot, parameters, shape), make)

    def _renderer(self, name: str) -> Callable[[Report], str | bytes]:
        drawn = {FRAGMENT: as_html.fragment, "html": as_html.render}
        return partial(drawn[name], draw=self._draw) if name in drawn else FORMATS[name].render

    async def _snapshot(self, project: int, job_id: str, parameters: Parameters) -> tuple[Source, Snapshot]:
        """What a report of it is made from now: while it is judging, a recent state rather than the newest."""
        async with self._database.transaction() as tx:
            facts = await stored.job_facts(tx, project, job_id)
            imported = await imports.import_facts(tx, project, job_id) if facts is None else None
        source = facts or imported
        if source is None:
            raise NotFound("there is no such job")
        now = _state(source, parameters.slice_by)
        last, at = self._taken.get((now.public_id, now.tag), (now, 0.0))
        young = time.monotonic() - at < self._seconds and last in self._sheets
        if young and now.status not in OVER and (last.status, last.generation) == (now.status, now.generation):
            return source, last
        return source, now

    async def _report(self, source: Source, snapshot: Snapshot, parameters: Parameters) -> Report:
        async def make() -> Report:
            sheet = await self._sheets.get(snapshot, lambda: self._sheet(source, snapshot))
            if parameters.control == FORMAT and isinstance(source, stored.JobFacts):
                sheet = replace(sheet, formats=await self._formats_of(source))
            async with self._turns:
                return await asyncio.to_thread(build, sheet, parameters)

        return await self._reports.get((snapshot, parameters), make)

    async def _formats_of(self, job: stored.JobFacts) -> Array | None:
        """Counted once: traces never change."""
        if job.status in UNNUMBERED:
            return None
        make = partial(format_counts, self._database, job.id, job.pairs)
        return await self._formats.get(job.public_id, make)

    async def _sheet(self, source: Source, snapshot: Snapshot) -> Sheet:
        async with self._turns:
            late = asyncio.create_task(asyncio.to_thread(import_module, LATE))
            sheet = await self._read(source, snapshot)
            await late
        self._taken = {key: taken for key, taken in self._taken.items() if taken[0] in self._sheets}
        self._taken[snapshot.public_id, snapshot.tag] = snapshot, time.monotonic()
        return sheet

    async def _read(self, source: Source, snapshot: Snapshot) -> Sheet:
        if isinstance(source, imports.ImportFacts):
            async with self._database.transaction() as tx:
                verdicts = await imported_rows.verdicts_of(tx, source.id, names=False)
            return await asyncio.to_thread(sheet_of, source, verdicts)
        if source.status in UNNUMBERED:
            return await read_sheet(self._database, source, tags=(snapshot.tag,))
        pairs = self._pairs.get(
            (snapshot.public_id, snapshot.tag), lambda: pair_columns(self._database, source.id, (snapshot.tag,))
        )
        return await read_sheet(self._database, source, pairs)


def _state(source: Source, tag: str) -> Snapshot:
    if isinstance(source, stored.JobFacts):
        return Snapshot(source.public_id, tag, source.status, source.generation, (*source.counters, source.pairs))
    return Snapshot(source.public_id, "", "imported", 0, (source.rows,))


def _bytes_of(value: object) -> int:
    """Of all arrays within."""
    if isinstance(value, np.ndarray):
        return int(value.nbytes)
    if isinstance(value, Mapping):
        return sum(map(_bytes_of, value.values()))
    if is_dataclass(value):
        return sum(_bytes_of(getattr(value, each.name)) for each in fields(value))
    return 0


async def read_sheet(
    database: Database, facts: stored.JobFacts, pairs: Awaitable[PairColumns] | None = None, *, tags: Sequence[str] = ()
) -> Sheet:
    """Everything a report is computed from, read side by side. `pairs`: where they come from, else the database, with
    `tags`.
    """
    spec = facts.spec
    columns, arrays, (told, people) = await asyncio.gather(  # pairs no longer change once they are judged
        pairs or pair_columns(database, facts.id, tags), _judgments(database, facts), _beside(database, facts)
    )
    rubric = facts.judges[0].rubric
    return Sheet(
        models=columns.models,
        model_a=columns.model_a,
        model_b=columns.model_b,
        cluster=columns.cluster,
        right_a=columns.right_a,
        right_b=columns.right_b,
        tags={name: Tag(tag.values, tag.code) for name, tag in columns.tags.items()},
        length_a=columns.length_a,
        length_b=columns.length_b,
        has_images=columns.has_images,
        leaks=columns.leaks,
        judges=tuple(_judge_facts(*one) for one in zip(facts.judges, told.judges, strict=True)),
        orders=spec.orders,
        repeats=spec.repeats,
        axes=spec.axes,
        axis_titles={axis.name: axis.title for axis in rubric.axes},
        image_axes=frozenset(axis.name for axis in rubric.axes if axis.needs_image),
        picks={axis: _axis_picks(axis, arrays) for axis in spec.axes},
        outcomes=_outcomes(arrays, cancelled=facts.status == JobStatus.CANCELLED),
        primary_axis=spec.primary_axis,
        policy={"name": spec.policy.name.value, "epsilon": spec.policy.epsilon, "quorum": spec.policy.quorum},
        rubric={"name": rubric.name, "version": rubric.version, "hash": rubric.hash()},
        seed=facts.seed,
        metadata=spec.metadata,
        judges_saw_answers=columns.has_answer,
        judges_saw_reference=columns.has_reference,
        prompt_hash=told.prompts,
        envelope={
            "job": {"id": facts.public_id, "name": facts.name, "status": facts.status},
            "as_of": datetime.now(UTC).isoformat(timespec="seconds"),
            "software": {"name": "tracejudge", "version": software_version()},
            "times": dict(facts.times),
            "usage": {**facts.usage, "call_seconds": _call_seconds(told)},
        },
        labels=people.labels,
        labellers=people.labellers,
        reviews=people.reviews,
    )


async def _judgments(database: Database, facts: stored.JobFacts) -> list[stored.JudgeArrays]:
    plans = [plan_of(facts.spec, frozen.judge) for frozen in facts.judges]
    async with database.transaction() as tx:
        return [await stored.judge_arrays(tx, facts, number, plan) for number, plan in enumerate(plans)]


async def _beside(database: Database, facts: stored.JobFacts) -> tuple[Asked, People]:
    """How the judges were asked, and what people said."""
    async with database.transaction() as tx:
        told = await asked(tx, facts.id, len(facts.judges), facts.status)
        return told, await people_of(tx, facts.id, facts.pairs, facts.spec.axes)


def _call_seconds(told: Asked) -> float | None:
    """How long replies took, added up. Not seconds of a GPU: many calls are under way on it at once."""
    known = [judge.call_seconds for judge in told.judges if judge.call_seconds is not None]
    return sum(known) if len(known) == len(told.judges) else None


def _judge_facts(frozen: Frozen, told: ReplyFacts) -> JudgeFacts:
    judge = frozen.judge
    return JudgeFacts(
        name=judge.name,
        served_model=judge.served_model,
        method=judge.method.value,
        sees_images=judge.sees_images,
        sampling=judge.sampling,
        family=judge.family,
        images_sent=told.images_sent,
        served_as=told.served_as,
        logprob_kind=told.logprob_kind,
        censored=told.censored,
    )


def _axis_picks(axis: str, arrays: Sequence[stored.JudgeArrays]) -> AxisPicks:
    """One axis over all judges; a judge without log-odds fills with NaN beside one that has them."""
    picks = np.stack([one.picks[axis] for one in arrays], axis=1)
    if all(one.log_odds is None for one in arrays):
        return AxisPicks(picks)
    blank = np.full(arrays[0].picks[axis].shape, np.nan, np.float32)
    odds = np.stack([one.log_odds[axis] if one.log_odds else blank for one in arrays], axis=1)
    return AxisPicks(picks, odds)


def _outcomes(arrays: Sequence[stored.JudgeArrays], *, cancelled: bool) -> Array:
    """(pairs, judges, groups, orders, repeats); a judge that needs fewer calls than another has NOT_PLANNED there.

    Units a cancelled job never got to have no rows: what would be pending is cancelled.
    """
    groups = max(one.outcomes.shape[1] for one in arrays)
    pairs, _, *calls = arrays[0].outcomes.shape
    outcomes = np.full((pairs, len(arrays), groups, *calls), NOT_PLANNED, np.int8)
    for number, one in enumerate(arrays):
        outcomes[:, number, : one.outcomes.shape[1]] = one.outcomes
    if cancelled:
        outcomes[outcomes == PENDING] = Outcome.CANCELLED
    return outcomes
