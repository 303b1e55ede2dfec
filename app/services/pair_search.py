"""Looks through a job's pairs for those a filter wants, so many at a time that a page never reads a whole job."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import orjson

from app.domain.judgment import Side
from app.domain.verdict import Array, Settled
from app.services.filters import Filters, Human
from app.services.settling import most_axes, settle_pairs
from app.store import labels, narrow, pages
from app.store.database import Transaction
from app.store.jobs import OpenJob

# Pairs looked through in one go: few at first, as most filters find enough among them.
STEPS = (500, 2_000, 8_000, 20_000)
# Rows that one search may read, and what a pair costs of them to look at its tags: a fifth of a second.
MOST_ROWS = 100_000
TAG_ROWS = 4
DECIDED = (Side.A, Side.B, Side.TIE)


@dataclass(frozen=True, slots=True)
class Found:
    """Target numbers of wanted pairs in the order they were looked for. `place`: how far the search came. `ended`: it
    came to the end of the job.
    """

    seqs: list[int]
    place: int
    ended: bool


async def search(
    tx: Transaction, job: OpenJob, wanted: Filters, *, after: int, limit: int, most_rows: int | None = None,
    back: bool = False,
) -> Found:  # fmt: skip
    """The next wanted pairs of a started job beyond the target `after`, at most `limit`; with `back` those before it,
    nearest first. Fewer are found when the search read `most_rows` rows.
    """
    seeker = _Seeker(tx, job, wanted, back=back)
    found: list[int] = []
    place, left, ended = after, MOST_ROWS if most_rows is None else most_rows, False
    for step in _steps(limit):
        size = max(1, min(step, left // seeker.rows_a_pair))
        seqs, place, ended = await seeker.look(place, size)
        found += seqs
        left -= size * seeker.rows_a_pair
        if len(found) >= limit:
            ended = ended and len(found) == limit
            return Found(found[:limit], place if ended else found[limit - 1], ended)
        if ended or left < seeker.rows_a_pair:
            break
    return Found(found, place, ended)


def _steps(limit: int) -> Sequence[int]:
    first = [max(step, limit) for step in STEPS]
    return [*first, *[first[-1]] * (MOST_ROWS // first[-1])]


class _Seeker:
    """One search through one job."""

    def __init__(self, tx: Transaction, job: OpenJob, wanted: Filters, *, back: bool) -> None:
        self._tx, self._job, self._wanted, self._back = tx, job, wanted, back
        self._axis = wanted.axis or job.spec.primary_axis
        units = sum(len(job.spec.orders) * job.spec.repeats * _groups(job, judge) for judge in range(len(job.judges)))
        self.rows_a_pair = max(1, units * wanted.needs_units + TAG_ROWS * bool(wanted.tags))
        self._has_images: bool | None = None

    async def look(self, after: int, size: int) -> tuple[list[int], int, bool]:
        """The wanted among the next `size` pairs, where these end, and whether the job ends there."""
        seqs, majority, place, ended = await self._candidates(after, size)
        if self._wanted.tags and len(seqs):
            kept = await narrow.tagged(self._tx, self._job.id, seqs.tolist(), orjson.dumps(self._wanted.tags).decode())
            inside = np.isin(seqs, kept)
            seqs, majority = seqs[inside], majority[inside]
        if self._wanted.needs_units and len(seqs):
            seqs = seqs[await self._pass(seqs, majority)]
        return (seqs[::-1] if self._back else seqs).tolist(), place, ended

    async def _candidates(self, after: int, size: int) -> tuple[Array, Array, int, bool]:
        """Pairs that may be wanted, rising, what most people said of each (0 = nothing); where they end; whether the
        job ends there.
        """
        if self._wanted.human is None:
            first, end = (after - size, after) if self._back else (after + 1, after + 1 + size)
            seqs = np.arange(max(first, 0), min(end, self._job.pairs))
            place, ended = (max(first, 0), first <= 0) if self._back else (end - 1, end >= self._job.pairs)
            return seqs, np.zeros(len(seqs), np.int8), min(place, self._job.pairs - 1), ended
        seqs, majority = await labels.majorities(
            self._tx, self._job.id, self._axis, after=after, limit=size, back=self._back
        )
        ended = len(seqs) < size
        far = 0 if self._back else self._job.pairs - 1
        place = far if ended else int(seqs[0] if self._back else seqs[-1])
        return seqs, majority, place, ended

    async def _pass(self, seqs: Array, majority: Array) -> Array:
        """Bool: which pass by what their judgments say."""
        job, wanted = self._job, self._wanted
        targets = seqs.tolist()
        units = await narrow.units_of(self._tx, job.id, len(job.judges), targets, most_axes(job))
        passed = np.ones(len(seqs), bool)
        if wanted.needs_verdicts:
            settled = await self._settled(targets, units)
            passed &= _by_verdict(settled, wanted) & _by_people(settled, wanted, majority)
        if wanted.outcome is not None:
            ended_so = units.outcome == wanted.outcome
            if wanted.judge is not None:
                ended_so &= units.judge == wanted.judge
            passed &= np.isin(seqs, units.seq[ended_so])
        return passed

    async def _settled(self, seqs: list[int], units: narrow.Units) -> Settled:
        if self._has_images is None:
            self._has_images = await pages.has_images(self._tx, self._job.id)
        return settle_pairs(self._job, seqs, units, has_images=self._has_images, axes=[self._axis])[self._axis]


def _groups(job: OpenJob, judge_no: int) -> int:
    """Axis groups of one judge: one, or one for each axis."""
    return len(job.spec.axes) if job.judges[judge_no].one_axis_a_call else 1


def _by_verdict(settled: Settled, wanted: Filters) -> Array:
    """Whether verdict and stances pass."""
    passed = np.ones(len(settled.verdict), bool)
    if wanted.verdict is not None:
        passed &= settled.verdict == wanted.verdict
    if wanted.stances is not None:
        stances = settled.stances if wanted.judge is None else settled.stances[:, [wanted.judge]]
        passed &= np.isin(stances, sorted(wanted.stances)).any(axis=1)
    return passed


def _by_people(settled: Settled, wanted: Filters, majority: Array) -> Array:
    """Whether the panel's verdict is what most people said, or is not; both must have said something."""
    if wanted.human is None or wanted.human is Human.LABELLED:
        return np.ones(len(majority), bool)
    both = (majority > 0) & np.isin(settled.verdict, DECIDED)
    same: Array = settled.verdict == majority
    return both & (same if wanted.human is Human.AGREE else ~same)
