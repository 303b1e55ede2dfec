"""Comparing two judges of one job, or two jobs on the pairs they share: read, join, let `reports.comparison` count."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from app.domain.errors import Conflict, Invalid, NotFound, Problem
from app.domain.job import JobStatus
from app.domain.verdict import Verdict
from app.reports.comparison import Comparison, Joined, compare, settled_by, views
from app.reports.reading import saw_images
from app.reports.sheet import PENDING, Sheet
from app.services.job_sheet import read_sheet
from app.services.kept import Kept
from app.services.paging import Page, check_limit, cursor, place_of
from app.services.publish import OVER, UNNUMBERED
from app.stats.intervals import Confidence
from app.store import sheet as stored
from app.store.database import Database
from app.store.pages import PairRow
from app.store.pair_keys import PairKeys, pair_keys, pairs_at

Array = npt.NDArray[Any]
SNAPSHOT_SECONDS = 10.0
KEPT_PAIRS = 2_000_000  # kept while somebody looks at them from several sides
KEPT_BYTES = 64 << 20
MOST_REMEMBERED = 256


@dataclass(frozen=True, slots=True)
class Asked:
    """What is compared. Without `other` two judges of the job; with it two jobs, each as its panel's verdict or, where
    named, one judge's. `axis` None = the job's primary one.
    """

    first: str | None = None
    second: str | None = None
    other: str | None = None
    axis: str | None = None
    level: float = 0.95


@dataclass(frozen=True, slots=True)
class Reader:
    """One of the two that are compared: a judge of a job, or, for None, its panel."""

    job: str
    job_name: str
    judge: str | None
    policy: str
    seen_images: bool


@dataclass(frozen=True, slots=True)
class Compared:
    """The comparison, and the joined pairs themselves, in the first's target order, for lists of them.

    `seq` int32 (2, n): target numbers in either job. `verdict` int8 (2, n), by the first's sides. `internal`: the
    first job's number in the database.
    """

    internal: int
    first: Reader
    second: Reader
    axis: str
    level: float
    found: Comparison
    only_first: int
    only_second: int
    warnings: tuple[str, ...]
    seq: Array
    verdict: Array
    differ: Array
    swapped: Array


@dataclass(frozen=True, slots=True)
class Apart:
    """A pair on which the two are apart; verdicts by the first's sides, which `pair` has."""

    pair: PairRow
    seq: int
    other_seq: int
    swapped: bool
    first: Verdict
    second: Verdict


@dataclass(frozen=True, slots=True)
class _Held:
    """A job's sheet with the keys of its pairs."""

    sheet: Sheet
    keys: PairKeys


class Comparer:
    """The comparisons of this process. What a job that is judging says is read anew at most every `seconds`."""

    def __init__(self, database: Database, *, seconds: float = SNAPSHOT_SECONDS) -> None:
        self._database, self._seconds = database, seconds
        self._held: Kept[tuple[object, ...], _Held] = Kept(KEPT_PAIRS, lambda held: len(held.keys.key))
        self._found: Kept[tuple[object, ...], Compared] = Kept(KEPT_BYTES, lambda one: 14 * one.seq.shape[1] + 10_000)
        self._seen: dict[str, tuple[stored.JobFacts, float]] = {}
        self._turn = asyncio.Semaphore(1)

    async def comparison(self, project: int, job_id: str, asked: Asked) -> Compared:
        """Raises NotFound for another project's job, Invalid, naming the field, for what does not fit, and Conflict
        for a job that has no verdicts yet.
        """
        one = await self._facts(project, job_id, "job_id")
        two = one if asked.other is None else await self._facts(project, asked.other, "other")
        _check(one, two, asked)
        key = (_state(one), _state(two), asked)
        return await self._found.get(key, lambda: self._compare(one, two, asked))

    async def apart(
        self, compared: Compared, *, after: str | None, limit: int, cell: tuple[Verdict | None, Verdict | None]
    ) -> Page:
        """The pairs on which they vote differently, or, where `cell` names verdicts, those with these verdicts; in
        target order.
        """
        check_limit(limit)
        place = place_of(after, 1)[0] if after else -1
        rows = _wanted(compared, cell)
        rows = rows[np.searchsorted(rows, place, side="right") :]
        some = rows[:limit]
        seqs = compared.seq[0, some].tolist()
        async with self._database.transaction() as tx:
            pairs = await pairs_at(tx, compared.internal, seqs)
        items = list(_listed(compared, some.tolist(), pairs))
        return Page(items, cursor((int(some[-1]),)) if len(rows) > limit else None)

    async def _facts(self, project: int, job_id: str, field: str) -> stored.JobFacts:
        """The job as it is, or, while it is judging, as it was a moment ago."""
        async with self._database.transaction() as tx:
            now = await stored.job_facts(tx, project, job_id)
        if now is None:
            raise NotFound("there is no such job", (Problem("no job of this project", field),))
        if now.status in UNNUMBERED:
            told = Problem(f"{now.name} is a {JobStatus(now.status)}: start it first", field)
            raise Conflict("a job has no verdicts before it starts", (told,))
        last, at = self._seen.get(now.public_id, (now, 0.0))
        young = time.monotonic() - at < self._seconds
        if young and now.status not in OVER and (last.status, last.generation) == (now.status, now.generation):
            return last
        if len(self._seen) >= MOST_REMEMBERED:
            self._seen.clear()
        self._seen[now.public_id] = now, time.monotonic()
        return now

    async def _compare(self, one: stored.JobFacts, two: stored.JobFacts, asked: Asked) -> Compared:
        async with self._turn:
            first = await self._held.get(_state(one), lambda: self._read(one))
            second = first if two is one else await self._held.get(_state(two), lambda: self._read(two))
            return await asyncio.to_thread(_compared, (one, two), (first, second), asked)

    async def _read(self, facts: stored.JobFacts) -> _Held:
        async with self._database.transaction() as tx:
            keys = await pair_keys(tx, facts.id)
        return _Held(await read_sheet(self._database, facts), keys)


def _state(facts: stored.JobFacts) -> tuple[object, ...]:
    return facts.public_id, facts.status, facts.generation, facts.counters, facts.pairs


def _check(one: stored.JobFacts, two: stored.JobFacts, asked: Asked) -> None:
    problems = [*_of_jobs(one, two, asked), *_of_judges(one, two, asked), *_of_axis(one, two, asked.axis)]
    if problems:
        raise Invalid("; ".join(f"{problem.field} {problem.reason}" for problem in problems), tuple(problems))


def _of_jobs(one: stored.JobFacts, two: stored.JobFacts, asked: Asked) -> Iterator[Problem]:
    if asked.other is not None and one.public_id == two.public_id:
        yield Problem("is the job itself; name two of its judges instead", "other")


def _of_judges(one: stored.JobFacts, two: stored.JobFacts, asked: Asked) -> Iterator[Problem]:
    for field, judge, facts in (("first", asked.first, one), ("second", asked.second, two)):
        known = [frozen.judge.name for frozen in facts.judges]
        if judge is None and asked.other is None:
            yield Problem(f"must name a judge, one of {', '.join(known)}, unless `other` names another job", field)
        elif judge is not None and judge not in known:
            yield Problem(f"must be a judge of {facts.name}: {', '.join(known)}", field)
    if asked.other is None and asked.first is not None and asked.first == asked.second:
        yield Problem("is the same judge as first; name another", "second")


def _of_axis(one: stored.JobFacts, two: stored.JobFacts, axis: str | None) -> Iterator[Problem]:
    wanted = axis or one.spec.primary_axis
    for facts in {one.public_id: one, two.public_id: two}.values():
        if wanted not in facts.spec.axes:
            known = ", ".join(facts.spec.axes)
            yield Problem(f"must be judged in both: {facts.name} has {known}, and not {one.spec.primary_axis}"
                          if axis is None else f"must be an axis of {facts.name}: {known}", "axis")  # fmt: skip


def _compared(facts: Sequence[stored.JobFacts], held: Sequence[_Held], asked: Asked) -> Compared:
    first, second = held
    axis = asked.axis or facts[0].spec.primary_axis
    joined = _joined(first.keys, second.keys)
    if not len(joined.rows):
        told = Problem(f"shares no pair with {facts[0].name}: none has the same item, models and samples", "other")
        raise Invalid("the two jobs share no pair", (told,))
    both = [settled_by(one.sheet, axis, judge) for one, judge in zip(held, (asked.first, asked.second), strict=True)]
    seen = views(both[0], both[1], joined)
    found = compare(first.sheet, joined, seen, Confidence(asked.level))
    readers = [
        _reader(one, of.sheet, judge) for one, of, judge in zip(facts, held, (asked.first, asked.second), strict=True)
    ]
    return Compared(
        internal=facts[0].id,
        first=readers[0],
        second=readers[1],
        axis=axis,
        level=asked.level,
        found=found,
        only_first=len(first.keys.key) - len(joined.rows),
        only_second=len(second.keys.key) - len(joined.rows),
        warnings=tuple(_warnings(readers, held, joined, axis)),
        seq=np.stack([joined.rows, joined.others]).astype(np.int32),
        verdict=seen.verdict,
        differ=seen.differ,
        swapped=joined.swapped,
    )


def _joined(one: PairKeys, two: PairKeys) -> Joined:
    if one is two:
        rows = np.arange(len(one.key))
        return Joined(rows, rows, np.zeros(len(rows), bool))
    _, rows, others = np.intersect1d(one.key, two.key, assume_unique=True, return_indices=True)
    order = np.argsort(rows)
    rows, others = rows[order], others[order]
    return Joined(rows, others, one.first[rows] != two.first[others])


def _reader(facts: stored.JobFacts, sheet: Sheet, judge: str | None) -> Reader:
    asked = [one for one in sheet.judges if judge in (None, one.name)]
    return Reader(facts.public_id, facts.name, judge, str(sheet.policy["name"]), any(map(saw_images, asked)))


def _warnings(readers: Sequence[Reader], held: Sequence[_Held], joined: Joined, axis: str) -> Iterator[str]:
    """What a reader must know before any number: what else differs between the two than who judged."""
    sheets = [one.sheet for one in held]
    for reader, sheet in zip(readers, sheets, strict=True):
        if axis in sheet.image_axes and not reader.seen_images:
            yield f"{reader.judge or reader.job_name} saw no image and has no vote on {axis}"
    pending = sum(int((sheet.outcomes == PENDING).sum()) for sheet in sheets[: 1 if sheets[0] is sheets[1] else 2])
    if pending:
        yield f"preliminary: {pending:,} units are still pending"
    if sheets[0] is sheets[1]:
        return
    other = int((held[0].keys.content[joined.rows] != held[1].keys.content[joined.others]).sum())
    if other:
        yield f"{other:,} of {len(joined.rows):,} joined pairs hold other texts in the two jobs"
    for what, one, two in _settings(*sheets):
        if one != two:
            yield f"the jobs differ in {what}: {one} and {two}"


def _settings(one: Sheet, two: Sheet) -> Iterator[tuple[str, str, str]]:
    for what, of in (
        ("policy", lambda sheet: sheet.policy["name"]),
        ("rubric", lambda sheet: f"{sheet.rubric['name']} {sheet.rubric['version']} ({sheet.rubric['hash'][:12]})"),
        ("orders", lambda sheet: " and ".join(order.name for order in sheet.orders)),
        ("repeats", lambda sheet: sheet.repeats),
    ):
        yield what, str(of(one)), str(of(two))


def _wanted(compared: Compared, cell: tuple[Verdict | None, Verdict | None]) -> Array:
    """The joined pairs, by their place, that are listed."""
    if cell == (None, None):
        return np.flatnonzero(compared.differ)
    wanted = np.ones(compared.verdict.shape[1], bool)
    for verdict, said in zip(cell, compared.verdict, strict=True):
        if verdict is not None:
            wanted &= said == verdict
    return np.flatnonzero(wanted)


def _listed(compared: Compared, places: Sequence[int], pairs: dict[int, PairRow]) -> Iterator[Apart]:
    for place in places:
        seq, other = compared.seq[:, place].tolist()
        first, second = (Verdict(code) for code in compared.verdict[:, place].tolist())
        yield Apart(pairs[seq], seq, other, bool(compared.swapped[place]), first, second)
