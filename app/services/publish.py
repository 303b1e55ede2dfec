"""From stored judgments to a Report: read the facts, lay them out, let `reports.build` compute."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, is_dataclass, replace
from functools import partial
from importlib import import_module
from typing import NamedTuple

import numpy as np

from app.domain.errors import NotFound
from app.domain.job import JobStatus
from app.reports import FORMATS, as_html, vega
from app.reports.build import build
from app.reports.length import FORMAT
from app.reports.one_axis import on_axis
from app.reports.report import Report
from app.reports.sheet import Array, Parameters, Sheet
from app.services.imported_sheet import sheet_of
from app.services.job_sheet import read_sheet
from app.services.kept import Kept
from app.store import imported_rows, imports
from app.store import sheet as stored
from app.store.database import Database
from app.store.format_counts import format_counts
from app.store.pairs import PairColumns, pair_columns

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
            raise NotFound("there is no such job or import")
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
