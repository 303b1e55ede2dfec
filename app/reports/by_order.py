"""A judge's verdicts on the headline comparison in each order: what position does to a model's record."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from app.domain.judgment import Outcome, Pick, unswap
from app.domain.order import Order
from app.reports.matchups import Matchup
from app.reports.reading import Reading, tag_values
from app.reports.sheet import NOT_PLANNED, Sheet

Array = npt.NDArray[Any]
COUNTED = ("won", "lost", "tied", "lost_units")
ENDINGS = 1 + len(COUNTED)  # the first of them is "not planned, cancelled or pending"
LOST = 4
# Ending of a unit for the model that stands first in order AB, by the order it was shown in and its pick.
_ENDING = np.array([[0, *(unswap(pick, order) for pick in Pick)] for order in Order], np.int8)


def by_order(reading: Reading, judge: int, axis: str) -> list[dict[str, Any]]:
    """[{order, slice, won, lost, tied, lost_units}]: units won by the headline's `model_a`; in order AB it was shown
    first. `slice` None = all pairs, then one entry for each value of the tag. Empty where no order is known.
    """
    sheet = reading.sheet
    picks = sheet.picks[axis].picks[:, judge]
    if not reading.matchups or not picks.any():
        return []
    matchup = reading.matchups[0]
    values, code = tag_values(sheet, reading.parameters.slice_by)
    part = code[matchup.rows] + 1 if values else np.zeros(len(matchup.rows), np.int32)
    units = picks[matchup.rows], _outcomes(sheet, judge, axis)[matchup.rows]
    counts = _counts(sheet, matchup, units, part, 1 + len(values))
    slices = [{"tag": reading.parameters.slice_by, "value": value} for value in values]
    everything = counts.sum(axis=0)
    entries = [_entry(order, None, everything[order]) for order in Order]
    return entries + [
        _entry(order, of, counts[number, order]) for number, of in enumerate(slices, 1) for order in Order
    ]


def _entry(order: Order, of: dict[str, str] | None, counts: Array) -> dict[str, Any]:
    return {"order": order.name, "slice": of, **dict(zip(COUNTED, counts[1:].tolist(), strict=True))}


def _counts(sheet: Sheet, matchup: Matchup, units: tuple[Array, Array], part: Array, parts: int) -> Array:
    """Int (parts, orders, ENDINGS): units of the comparison, orders and sides as its models stand.

    `units`: picks and outcomes, (m, orders, repeats) each, of its pairs. `part`: int (m,), the slice of each pair.
    """
    picks, outcomes = units
    counts = np.zeros(parts * len(Order) * ENDINGS, np.int64)
    turned = np.int8(0) if matchup.flipped is None else matchup.flipped.astype(np.int8)
    for place, order in enumerate(sheet.orders):
        seen = np.int8(order) ^ turned  # turning the sides of a pair round turns its orders round
        for repeat in range(sheet.repeats):
            outcome = outcomes[:, place, repeat]
            gone = (outcome > Outcome.JUDGED) & (outcome < Outcome.CANCELLED)
            ending = np.where(gone, np.int8(LOST), _ENDING[seen, picks[:, place, repeat]])
            counts += np.bincount((part * len(Order) + seen) * ENDINGS + ending, minlength=len(counts))
    return counts.reshape(parts, len(Order), ENDINGS)


def _outcomes(sheet: Sheet, judge: int, axis: str) -> Array:
    """(pairs, orders, repeats) of the units that asked this judge about the axis."""
    units = sheet.outcomes[:, judge]
    own = sheet.axes.index(axis)
    apart = own < units.shape[1] and bool((units[:, own] != NOT_PLANNED).any())
    return units[:, own if apart else 0]
