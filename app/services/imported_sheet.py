"""From imported verdicts to a Sheet: the place where judged and imported pairs begin to look the same.

Sides are those of a pair's first row; rows the other way round are turned. A judge that showed every pair in one order
only gives final stances, and so do rows without an order; where any pair of a judge has both orders on an axis, both
were planned, and a pair it showed in one of them is missing the other.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np

from app.domain.contradictions import lengths
from app.domain.imported import DESIGNS, NONE, Coded, Design, Verdicts
from app.domain.judgment import Outcome, Pick, Side
from app.domain.order import Order
from app.domain.pairing import Placed, place, told
from app.reports.sheet import NOT_PLANNED, Array, AxisPicks, JudgeFacts, Labels, Sheet, Tag
from app.store.imports import ImportFacts
from app.store.workers import software_version

HALF = 0.5
HARD = (0.0, HALF, 1.0)


@dataclass(frozen=True, slots=True)
class _Rows:
    """Verdicts of judges as seen from their pairs' sides, one entry for each pair a row is about.

    `pair`, `judge`, `axis`, `repeat`: int (E,). `order`: an Order or NONE. `score`: for side A, NaN = abstained.
    """

    pair: Array
    judge: Array
    axis: Array
    order: Array
    repeat: Array
    score: Array


def sheet_of(facts: ImportFacts, verdicts: Verdicts) -> Sheet:
    """Everything a report is computed from."""
    human = bool(verdicts.human.all())
    placed = place(verdicts)
    judged = np.flatnonzero(human | ~verdicts.human)
    judge_codes, axis_codes = np.unique(verdicts.judge.code[judged]), np.unique(verdicts.axis.code[judged])
    judges = [verdicts.judge.names[code] for code in judge_codes]
    axes = tuple(verdicts.axis.names[code] for code in axis_codes)
    rows = _seen(verdicts, placed, judged)
    orders = tuple(order for order in Order if (rows.order == order).any()) or (Order.AB,)
    shape = (len(placed.first), len(judges), len(orders), 1 + int(rows.repeat.max()))
    laid = [_laid_out(rows, axis, shape) for axis in range(len(axes))]
    labels = np.flatnonzero(verdicts.human & (not human))
    labeller_codes = np.unique(verdicts.judge.code[labels])
    length_a, length_b = lengths(verdicts, placed)
    n = len(placed.first)
    return Sheet(
        models=verdicts.models,
        model_a=verdicts.model_a[placed.first],
        model_b=verdicts.model_b[placed.first],
        cluster=placed.cluster,
        right_a=np.full(n, -1, np.int8),
        right_b=np.full(n, -1, np.int8),
        tags={name: _tag(_first_told(placed, tag.code), tag) for name, tag in verdicts.tags.items()},
        length_a=_first_told(placed, length_a),
        length_b=_first_told(placed, length_b),
        has_images=np.zeros(n, bool),
        leaks=np.zeros(n, bool),
        judges=tuple(_judge(name, number, laid, human=human) for number, name in enumerate(judges)),
        orders=orders,
        repeats=shape[3],
        axes=axes,
        axis_titles={axis: axis for axis in axes},
        image_axes=frozenset(),
        picks={axis: one.picks for axis, one in zip(axes, laid, strict=True)},
        outcomes=np.stack([one.outcomes for one in laid], axis=2),
        primary_axis=facts.spec["primary_axis"],
        policy=dict(facts.spec["policy"]),
        rubric={"name": "imported", "version": "", "hash": ""},
        seed=facts.spec["seed"],
        judges_saw_answers=False,
        judges_saw_reference=False,
        prompt_hash="",
        envelope=_envelope(facts),
        labels=_labels(verdicts, placed, labels, dict(zip(axes, axis_codes.tolist(), strict=True))),
        labellers=tuple(verdicts.judge.names[code] for code in labeller_codes),
        imported=True,
    )


def _seen(verdicts: Verdicts, placed: Placed, rows: Array) -> _Rows:
    size = np.where(placed.shared, 1, verdicts.count)[rows]
    each = np.repeat(rows, size)  # a row with a count is about so many pairs, one after the other
    within = np.arange(len(each)) - np.repeat(np.cumsum(size) - size, size)
    turned = placed.turned[each]
    score, order = verdicts.score[each], verdicts.order[each]
    return _Rows(
        pair=placed.pair[each] + within,
        judge=np.unique(verdicts.judge.code[each], return_inverse=True)[1],
        axis=np.unique(verdicts.axis.code[each], return_inverse=True)[1],
        order=np.where(order == NONE, NONE, order ^ turned),
        repeat=verdicts.repeat[each],
        score=np.where(turned, 1 - score, score),
    )


@dataclass(frozen=True, slots=True)
class _Laid:
    """One axis. `outcomes`: (pairs, judges, orders, repeats). `both`, `censored`: (judges,), both orders were planned
    and how many probabilities stand at the smallest one told.
    """

    picks: AxisPicks
    outcomes: Array
    both: Array
    censored: Array


def _laid_out(rows: _Rows, axis: int, shape: tuple[int, ...]) -> _Laid:
    chosen = np.flatnonzero(rows.axis == axis)
    pair, judge, order, repeat = (column[chosen] for column in (rows.pair, rows.judge, rows.order, rows.repeat))
    score = rows.score[chosen]
    place = np.maximum(order, 0) % shape[2]  # 0 where all rows have the same order, and for finished verdicts
    at, lost = (pair, judge, place, repeat), np.isnan(score)
    outcomes = np.full(shape, NOT_PLANNED, np.int8)
    outcomes[at] = np.where(lost, Outcome.ELSEWHERE, Outcome.JUDGED)
    picks = np.zeros(shape, np.int8)
    shown = ~lost & (order != NONE)
    picks[tuple(index[shown] for index in at)] = _picks(score[shown], order[shown])
    orders_shown = (outcomes != NOT_PLANNED).any(axis=3).sum(axis=2)
    both = (orders_shown == len(Order)).any(axis=0)
    half_shown = (orders_shown == 1) & both
    half_shown[pair[order == NONE], judge[order == NONE]] = False
    gaps = half_shown[:, :, None] & (outcomes[..., 0] == NOT_PLANNED)
    outcomes[..., 0][gaps] = Outcome.ELSEWHERE
    final = ~lost & ((order == NONE) | ~both[judge])
    odds, censored = _log_odds(score, at, shown & both[judge], shape)
    soft = None if odds is None else _order_means(score, at, shown & ~np.isnan(odds[at]), shape)
    if both.all() and not final.any():
        return _Laid(AxisPicks(picks, odds, None, soft), outcomes, both, censored)
    settled, means = _finished(score[final], pair[final], judge[final], shape)
    if soft is not None:
        means = np.where(np.isnan(soft), means, soft)
    votes = _votes(score, at, ~lost & (order == NONE), shape) if shape[3] > 1 else None
    return _Laid(AxisPicks(picks, odds, settled, means, votes), outcomes, both, censored)


def _picks(score: Array, order: Array) -> Array:
    """What scores for side A say about positions; a soft one by the side it leans to."""
    first = (score > HALF) == (order == Order.AB)
    return np.where(score == HALF, Pick.TIE, np.where(first, Pick.FIRST, Pick.SECOND))


def _order_means(score: Array, at: tuple[Array, ...], soft: Array, shape: tuple[int, ...]) -> Array:
    """(pairs, judges) mean over both orders of the soft scores in each, NaN where one order has none."""
    pair, judge, order, _ = (index[soft] for index in at)
    each = [
        _means(score[soft][some], pair[some], judge[some], shape) for some in (order == Order.AB, order == Order.BA)
    ]
    mean: Array = (each[0] + each[1]) / 2
    return mean


def _finished(score: Array, pair: Array, judge: Array, shape: tuple[int, ...]) -> tuple[Array, Array]:
    """(pairs, judges) finished verdicts and means, NaN where there is none. Of repeated wins, ties and losses the
    verdict is the side they lean to, as with a judge's repeats in one order; a score between them stays what it is.
    """
    means, fine = (_means(each, pair, judge, shape) for each in (score, ~np.isin(score, HARD)))
    lean = (np.sign(means - HALF) + 1) / 2
    return np.where(fine > 0, means, lean), means


def _votes(score: Array, at: tuple[Array, ...], bare: Array, shape: tuple[int, ...]) -> Array:
    """(pairs, judges, repeats) a `Side` or 0: the verdicts without an order, each on its own."""
    pair, judge, _, repeat = (index[bare] for index in at)
    votes = np.zeros((shape[0], shape[1], shape[3]), np.int8)
    votes[pair, judge, repeat] = np.select([score[bare] > HALF, score[bare] < HALF], [Side.A, Side.B], Side.TIE)
    return votes


def _means(score: Array, pair: Array, judge: Array, shape: tuple[int, ...]) -> Array:
    """(pairs, judges) mean score of finished verdicts, NaN where there is none."""
    cell = pair * shape[1] + judge
    cells = shape[0] * shape[1]
    count = np.bincount(cell, minlength=cells)
    total = np.bincount(cell, weights=score, minlength=cells)
    means: Array = np.divide(total, count, out=np.full(cells, np.nan), where=count > 0)
    return means.reshape(shape[:2])


def _log_odds(score: Array, at: tuple[Array, ...], soft: Array, shape: tuple[int, ...]) -> tuple[Array | None, Array]:
    """Log-odds of the position shown first, from judges whose scores in both orders are probabilities.

    A probability of 0 or 1 stands at the smallest one the judge told, and is counted as censored.
    """
    censored = np.zeros(shape[1], np.int64)
    telling = np.unique(at[1][soft & ~np.isin(score, HARD)])
    if not len(telling):
        return None, censored
    odds = np.full(shape, np.nan, np.float32)
    for judge in telling.tolist():
        rows = np.flatnonzero(soft & (at[1] == judge))
        away = np.minimum(score[rows], 1 - score[rows])
        censored[judge] = int((away == 0).sum())
        away = np.maximum(away, away[away > 0].min())
        lean = np.log1p(-away) - np.log(away)  # of the likelier side: finite however small the other's chance is
        likelier_first = (score[rows] > HALF) == (at[2][rows] == Order.AB)
        odds[tuple(index[rows] for index in at)] = np.where(likelier_first, lean, -lean)
    return odds, censored


def _judge(name: str, number: int, laid: list[_Laid], *, human: bool) -> JudgeFacts:
    return JudgeFacts(
        name=name,
        served_model=name,
        method="human labels" if human else "import",
        sees_images=False,
        sampling={},
        censored=sum(int(one.censored[number]) for one in laid),
        single_order=not any(one.both[number] for one in laid),
    )


def _first_told(placed: Placed, value: Array) -> Array:
    """(P,) what the first row of a pair that tells it says; NONE where none does."""
    given = value != NONE
    first = told(placed.pair, len(placed.first), given & placed.shared)
    alone = np.where(placed.shared[placed.first], first, placed.first)
    return np.where(alone == NONE, NONE, value[alone])


def _tag(code: Array, names: Coded) -> Tag:
    """In order of the values that pairs have."""
    there = np.unique(code[code != NONE])
    values = sorted(names.names[place] for place in there)
    number = {value: place for place, value in enumerate(values)}
    table = np.array([number.get(name, NONE) for name in names.names] + [NONE], np.int32)
    return Tag(tuple(values), table[code])


def _labels(verdicts: Verdicts, placed: Placed, rows: Array, axes: Mapping[str, int]) -> dict[str, Labels]:
    """The labels beside the judges' verdicts, by axis."""
    if not len(rows):
        return {}
    each = _seen(verdicts, placed, rows)
    found = {}
    for axis, code in axes.items():
        some = verdicts.axis.code[rows] == code
        found[axis] = Labels(
            pair=each.pair[some],
            labeller=each.judge[some],
            score=each.score[some],
            random=verdicts.design[rows][some] == DESIGNS.index(Design.RANDOM),
            probability=verdicts.probability[rows][some],
            filtered=verdicts.design[rows][some] == DESIGNS.index(Design.FILTERED),
        )
    return found


def _envelope(facts: ImportFacts) -> dict[str, Any]:
    return {
        "job": {"id": facts.public_id, "name": facts.name, "status": "imported"},
        "as_of": datetime.now(UTC).isoformat(timespec="seconds"),
        "software": {"name": "tracejudge", "version": software_version()},
        "times": {"created_at": facts.created_at.isoformat()},
        "usage": {},
    }
