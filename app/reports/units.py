"""Single picks of a sheet, as Bradley-Terry fits with ties or an order effect take them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from app.domain.judgment import Pick, Side, unswap
from app.domain.order import Order
from app.reports.reading import Reading, saw_images
from app.reports.sheet import Sheet
from app.stats.davidson import Units
from app.stats.intervals import HALF

Array = npt.NDArray[Any]
# The array form of unswap(), by pick.
_SIDE = {order: np.array([0, *(unswap(pick, order) for pick in Pick)], np.int8) for order in Order}
_FIRST = {Order.AB: 1, Order.BA: -1}
UNKNOWN_PLACE = 0


def units(reading: Reading) -> Units:
    """The picks on the primary axis; a model against itself says nothing."""
    sheet = reading.sheet
    rows = np.flatnonzero(sheet.model_a != sheet.model_b)
    place, outcome, first = unit_picks(sheet, sheet.primary_axis, rows)
    row = rows[place]
    return Units(sheet.models, sheet.model_a[row], sheet.model_b[row], outcome, first, sheet.cluster[row])


def unit_picks(sheet: Sheet, axis: str, rows: Array) -> tuple[Array, Array, Array]:
    """Every pick on the pairs `rows`, int (r,): `place` in `rows`, `outcome` (a `Side`), `first` as in `Units`.

    One of each judge, order and repeat; a verdict that came finished, without picks, is one, or as many as were given.
    A judge that saw no image has no say on an axis about images.
    """
    parts = [
        (at, outcome[at], np.full(len(at), first, np.int8))
        for outcome, first in _columns(sheet, axis, rows)
        for at in (np.flatnonzero(outcome),)
    ]
    if not parts:
        return np.zeros(0, np.intp), np.zeros(0, np.int8), np.zeros(0, np.int8)
    place, outcome, first = (np.concatenate(column) for column in zip(*parts, strict=True))
    return place, outcome, first


def _columns(sheet: Sheet, axis: str, rows: Array) -> Iterator[tuple[Array, int]]:
    """(r,) a `Side` or 0 for none, of every call or finished verdict, and who was shown first."""
    found = sheet.picks[axis]
    for number, judge in enumerate(sheet.judges):
        if axis in sheet.image_axes and not saw_images(judge):
            continue
        picks = found.picks[rows, number]
        for place, order in enumerate(sheet.orders):
            for repeat in range(sheet.repeats):
                yield _SIDE[order][picks[:, place, repeat]], _FIRST[order]
        if found.votes is not None:
            for repeat in range(found.votes.shape[2]):
                yield found.votes[rows, number, repeat], UNKNOWN_PLACE
        elif found.final is not None:
            final = found.final[rows, number]
            bare = ~np.isnan(final) & ~picks.any(axis=(1, 2))
            yield np.select([~bare, final > HALF, final < HALF], [0, Side.A, Side.B], Side.TIE), UNKNOWN_PLACE
