"""What people said of a job's pairs, laid out for a report: labels by axis, and reviews that are still to be done."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from app.domain.imported import Coded, Design
from app.domain.judgment import Side
from app.reports.sheet import Labels, PlannedReview
from app.store import labels, reviews
from app.store.database import Transaction
from app.store.labels import LabelRow
from app.store.reviews import Drawn

SCORES = {Side.A: 1.0, Side.B: 0.0, Side.TIE: 0.5}
NOBODY = Drawn(frozenset(), frozenset())


@dataclass(frozen=True, slots=True)
class People:
    """Labels by axis, who gave them, and the random reviews; as in a Sheet."""

    labels: Mapping[str, Labels]
    labellers: tuple[str, ...]
    reviews: tuple[PlannedReview, ...]


async def people_of(tx: Transaction, job: int, pairs: int, axes: Sequence[str]) -> People:
    """Everything that people said of a job of so many pairs."""
    rows = await labels.labels_of(tx, job)
    planned = await reviews.planned_of(tx, job)
    drawn = await reviews.drawn_at_random(tx, job) if planned else {}
    people = Coded.of(row.labeller for row in rows)
    found = {axis: _on(axis, rows, people, drawn.get(axis, NOBODY), pairs) for axis in axes} if rows else {}
    told = tuple(PlannedReview(one.axes, one.pairs, one.done, one.closed) for one in planned)
    return People(found, people.names, told)


def _on(axis: str, rows: Sequence[LabelRow], people: Coded, drawn: Drawn, pairs: int) -> Labels:
    """One axis. A pair that a random review drew and that came to its turn is random whoever labelled it first, and
    for whatever reason: left out, the sample would lack just those pairs that somebody had picked before. All pairs
    of random reviews had one chance together, whichever of the reviews drew them.
    """
    some = [number for number, row in enumerate(rows) if row.axis == axis]
    mine = [rows[number] for number in some]
    random = np.array([row.design == Design.RANDOM or row.seq in drawn.settled for row in mine], bool)
    together = len(drawn.pairs) / max(pairs, 1)
    chance = [together if row.seq in drawn.pairs else _or_nan(row.inclusion_probability) for row in mine]
    return Labels(
        pair=np.array([row.seq for row in mine], np.int64),
        labeller=people.code[some],
        score=np.array([np.nan if row.side is None else SCORES[Side(row.side)] for row in mine], float),
        random=random,
        probability=np.array(chance, float),
        filtered=np.array([row.design == Design.FILTERED for row in mine], bool) & ~random,
    )


def _or_nan(value: float | None) -> float:
    return np.nan if value is None else value
