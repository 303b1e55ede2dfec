"""From imported verdicts to a Sheet: the place where judged and imported pairs begin to look the same.

A row with an item belongs to the pair of that item and its two models; without one, or with a count, it is a pair of
its own, `count` times. Sides are those of a pair's first row; rows the other way round are turned. A judge that showed
every pair in one order only, or in none, gives final stances; where any pair has both orders, both were planned.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import numpy as np

from app.domain.imported import Design, ImportedVerdict
from app.domain.judgment import Outcome, Pick
from app.domain.order import Order
from app.reports.sheet import NOT_PLANNED, Array, AxisPicks, JudgeFacts, Labels, Sheet
from app.store.imports import ImportFacts
from app.store.workers import software_version

HALF = 0.5
UNKNOWN_LENGTH = -1


@dataclass(slots=True)
class _Pairs:
    """Pairs as they are found, in order of first appearance; `row[i]` is the first row of pair i."""

    row: list[ImportedVerdict] = field(default_factory=list)
    cluster: list[str] = field(default_factory=list)
    of: dict[tuple[str, frozenset[str]], int] = field(default_factory=dict)

    def place(self, row: ImportedVerdict) -> range:
        """The numbers of the pairs a row is about."""
        if row.item is not None and row.count == 1:
            key = (row.item, frozenset((row.model_a, row.model_b)))
            if key not in self.of:
                self.of[key] = len(self.row)
                self._append(row, row.cluster or f"item {row.item}")
            number = self.of[key]
            return range(number, number + 1)
        start = len(self.row)
        for number in range(start, start + row.count):
            self._append(row, row.cluster or f"alone {number}")
        return range(start, start + row.count)

    def _append(self, row: ImportedVerdict, cluster: str) -> None:
        self.row.append(row)
        self.cluster.append(cluster)


@dataclass(frozen=True, slots=True)
class _Read:
    """One row's verdicts as seen from its pairs' sides."""

    pairs: range
    row: ImportedVerdict
    turned: bool

    @property
    def score(self) -> float:
        """For side A; NaN = abstained."""
        score = np.nan if self.row.score is None else self.row.score
        return 1 - score if self.turned else score

    @property
    def order(self) -> Order | None:
        order = self.row.order
        return Order(1 - order) if order is not None and self.turned else order


def sheet_of(facts: ImportFacts, verdicts: Sequence[ImportedVerdict]) -> Sheet:
    """Everything a report is computed from."""
    human = all(row.human for row in verdicts)
    pairs = _Pairs()
    read = []
    for row in verdicts:
        at = pairs.place(row)
        read.append(_Read(at, row, turned=pairs.row[at.start].model_a != row.model_a))
    judged = [one for one in read if human or not one.row.human]
    axes = tuple(dict.fromkeys(one.row.axis for one in judged))
    judges = tuple(dict.fromkeys(one.row.judge for one in judged))
    repeats = 1 + max(one.row.repeat for one in judged)
    shape = (len(pairs.row), len(judges), 2 if any(one.order is not None for one in judged) else 1, repeats)
    picks, outcomes, lone = _laid_out(judged, axes, judges, shape)
    models = tuple(dict.fromkeys(name for row in pairs.row for name in (row.model_a, row.model_b)))
    number_of = {name: number for number, name in enumerate(models)}
    n = len(pairs.row)
    labels = [] if human else [one for one in read if one.row.human]
    labellers = tuple(dict.fromkeys(one.row.judge for one in labels))
    return Sheet(
        models=models,
        model_a=np.array([number_of[row.model_a] for row in pairs.row]),
        model_b=np.array([number_of[row.model_b] for row in pairs.row]),
        cluster=_numbered(pairs.cluster),
        right_a=np.full(n, -1, np.int8),
        right_b=np.full(n, -1, np.int8),
        tags=_tags(pairs.row),
        length_a=np.array([UNKNOWN_LENGTH if row.length_a is None else row.length_a for row in pairs.row]),
        length_b=np.array([UNKNOWN_LENGTH if row.length_b is None else row.length_b for row in pairs.row]),
        has_images=np.zeros(n, bool),
        leaks=np.zeros(n, bool),
        judges=tuple(
            JudgeFacts(
                name=name,
                served_model=name,
                method="human labels" if human else "import",
                sees_images=False,
                sampling={},
                single_order=name in lone,
            )
            for name in judges
        ),
        orders=(Order.AB, Order.BA)[: shape[2]],
        repeats=repeats,
        axes=axes,
        axis_titles={axis: axis for axis in axes},
        image_axes=frozenset(),
        picks=picks,
        outcomes=outcomes,
        primary_axis=facts.spec["primary_axis"],
        policy=dict(facts.spec["policy"]),
        rubric={"name": "imported", "version": "", "hash": ""},
        seed=facts.spec["seed"],
        judges_saw_answers=False,
        judges_saw_reference=False,
        prompt_hash="",
        envelope=_envelope(facts),
        labels={axis: _labels([one for one in labels if one.row.axis == axis], labellers) for axis in axes},
        labellers=labellers,
        imported=True,
    )


def _laid_out(
    read: Sequence[_Read], axes: Sequence[str], judges: Sequence[str], shape: tuple[int, ...]
) -> tuple[dict[str, AxisPicks], Array, set[str]]:
    """Picks and final stances by axis, outcomes, and the judges that never showed a pair in both orders."""
    picks = {axis: np.zeros(shape, np.int8) for axis in axes}
    outcomes = np.full((*shape[:2], len(axes), *shape[2:]), NOT_PLANNED, np.int8)
    total = {axis: np.zeros(shape[:2]) for axis in axes}
    count = {axis: np.zeros(shape[:2], np.int64) for axis in axes}
    for one in read:
        axis, judge = one.row.axis, judges.index(one.row.judge)
        order, at = int(one.order or 0), slice(one.pairs.start, one.pairs.stop)
        lost = np.isnan(one.score)
        outcomes[at, judge, axes.index(axis), order, one.row.repeat] = Outcome.ELSEWHERE if lost else Outcome.JUDGED
        if not lost:
            total[axis][at, judge] += one.score
            count[axis][at, judge] += 1
            if one.order is not None:
                picks[axis][at, judge, order, one.row.repeat] = _pick(one.score, one.order)
    both = (outcomes != NOT_PLANNED).any(axis=4).all(axis=3) if shape[2] > 1 else np.zeros(outcomes.shape[:3], bool)
    planned_both: Array = np.asarray(both.any(axis=(0, 2)))
    found = {}
    for axis in axes:
        mean = np.divide(total[axis], count[axis], out=np.full(shape[:2], np.nan), where=count[axis] > 0)
        mean[:, planned_both] = np.nan
        found[axis] = AxisPicks(picks[axis], final=None if planned_both.all() else mean)
    return found, outcomes, {judge for judge, two in zip(judges, planned_both.tolist(), strict=True) if not two}


def _pick(score: float, order: Order) -> Pick:
    """What a score for side A says about positions; a soft one by the side it leans to."""
    if score == HALF:
        return Pick.TIE
    return Pick.FIRST if (score > HALF) == (order is Order.AB) else Pick.SECOND


def _labels(read: Sequence[_Read], labellers: Sequence[str]) -> Labels:
    rows = [(number, one) for one in read for number in one.pairs]
    probability = [one.row.inclusion_probability for _, one in rows]
    return Labels(
        pair=np.array([number for number, _ in rows], np.int64),
        labeller=np.array([labellers.index(one.row.judge) for _, one in rows], np.int64),
        score=np.array([one.score for _, one in rows], float),
        random=np.array([one.row.design is Design.RANDOM for _, one in rows], bool),
        probability=np.array([np.nan if value is None else value for value in probability], float),
    )


def _numbered(names: Sequence[str]) -> Array:
    seen: dict[str, int] = {}
    return np.array([seen.setdefault(name, len(seen)) for name in names], np.int64)


def _tags(rows: Sequence[ImportedVerdict]) -> dict[str, Array]:
    names = sorted({name for row in rows for name in row.tags})
    return {name: np.array([row.tags.get(name) for row in rows], object) for name in names}


def _envelope(facts: ImportFacts) -> dict[str, Any]:
    return {
        "job": {"id": facts.public_id, "name": facts.name, "status": "imported"},
        "as_of": datetime.now(UTC).isoformat(timespec="seconds"),
        "software": {"name": "tracejudge", "version": software_version()},
        "times": {"created_at": facts.created_at.isoformat()},
        "usage": {},
    }
