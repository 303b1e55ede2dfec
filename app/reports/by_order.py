"""A judge's verdicts on the headline comparison in each order: what position does to a model's record."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from app.domain.judgment import Outcome, Pick
from app.domain.order import Order
from app.reports.matchups import Matchup
from app.reports.reading import Reading, tag_values
from app.reports.sheet import NOT_PLANNED, Sheet

Array = npt.NDArray[Any]
COUNTED = ("won", "lost", "tied", "lost_units")


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
    counted = _counted(sheet, matchup, picks, _outcomes(sheet, judge, axis))
    place = code[matchup.rows] + 1 if values else np.zeros(len(matchup.rows), np.int64)
    each = np.apply_along_axis(lambda units: np.bincount(place, units, len(values) + 1), 2, counted).astype(np.int64)
    slices = [{"tag": reading.parameters.slice_by, "value": value} for value in values]
    entries = [_entry(order, None, each[order].sum(axis=1)) for order in Order]
    return entries + [
        _entry(order, of, each[order, :, number]) for number, of in enumerate(slices, 1) for order in Order
    ]


def _entry(order: Order, of: dict[str, str] | None, counts: Array) -> dict[str, Any]:
    return {"order": order.name, "slice": of, **dict(zip(COUNTED, counts.tolist(), strict=True))}


def _counted(sheet: Sheet, matchup: Matchup, picks: Array, outcomes: Array) -> Array:
    """Int (orders, COUNTED, m): units of each pair of the comparison, orders and sides as its models stand."""
    picks, outcomes = picks[matchup.rows], outcomes[matchup.rows]
    flipped = np.zeros(len(picks), bool) if matchup.flipped is None else matchup.flipped
    counted = np.zeros((len(Order), len(COUNTED), len(picks)), np.int32)
    for place, order in enumerate(sheet.orders):
        first, second = ((picks[:, place] == pick).sum(axis=1) for pick in (Pick.FIRST, Pick.SECOND))
        tied = (picks[:, place] == Pick.TIE).sum(axis=1)
        gone = ((outcomes[:, place] > Outcome.JUDGED) & (outcomes[:, place] < Outcome.CANCELLED)).sum(axis=1)
        for seen in Order:  # turning the sides of a pair round turns its orders round
            rows = flipped == (seen != order)
            won, lost = (first, second) if seen is Order.AB else (second, first)
            counted[seen, :, rows] += np.stack([won, lost, tied, gone], axis=1)[rows]
    return counted


def _outcomes(sheet: Sheet, judge: int, axis: str) -> Array:
    """(pairs, orders, repeats) of the units that asked this judge about the axis."""
    units = sheet.outcomes[:, judge]
    own = sheet.axes.index(axis)
    apart = own < units.shape[1] and bool((units[:, own] != NOT_PLANNED).any())
    return units[:, own if apart else 0]
