"""Picks of units by cell (model A, model B, side shown first): all that a unit-level fit needs of a million rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from app.domain.errors import Invalid, Problem
from app.domain.judgment import Side

Array = npt.NDArray[Any]
PLACES = 3
OUTCOMES = 3
# By outcome A, B, TIE: what it counts for side A, and whether it is a tie.
VALUE = np.array([1.0, 0.0, 0.5])
TIED = np.array([0.0, 0.0, 1.0])


@dataclass(frozen=True, slots=True)
class Units:
    """n picks of single units: `model_a`, `model_b` int (n,) indices into `models`; `outcome` int (n,), a `Side`
    (1 A, 2 B, 3 TIE); `first` int (n,) 1 if side A was shown first, -1 if side B was, 0 unknown; `cluster` int (n,).
    """

    models: Sequence[str]
    model_a: Array
    model_b: Array
    outcome: Array
    first: Array
    cluster: Array


@dataclass(frozen=True, slots=True)
class Cells:
    """m cells: `model_a`, `model_b` int (m,), `first` float (m,) and `counts` float (m, 3) of A, B and TIE."""

    size: int
    model_a: Array
    model_b: Array
    first: Array
    counts: Array

    @property
    def wins(self) -> Array:
        """(K, K) half-win counts: how often row beat column."""
        meeting, met = self.model_a * self.size + self.model_b, self.counts.sum(axis=1)
        won = np.bincount(meeting, self.counts @ VALUE, self.size**2).reshape(self.size, self.size)
        all_met = np.bincount(meeting, met, self.size**2).reshape(self.size, self.size)
        wins: Array = won + (all_met - won).T
        return wins


def place_of(units: Units) -> Array:
    """(n,) number of every unit's cell and outcome: ((a K + b) 3 + first + 1) 3 + outcome - 1.

    Raises Invalid for an outcome or a place out of range.
    """
    if len(units.outcome) and not (units.outcome.min() >= 1 and units.outcome.max() <= OUTCOMES):
        raise Invalid("an outcome is not A, B or TIE", (Problem(f"1 to {len(Side)}", "outcome"),))
    if len(units.first) and np.abs(units.first).max() > 1:
        raise Invalid("a place is not first, second or unknown", (Problem("1, -1 or 0", "first"),))
    place = units.model_a.astype(np.intp)
    for base, digit in ((len(units.models), units.model_b), (PLACES, units.first), (OUTCOMES, units.outcome)):
        place *= base
        place += digit
    place += OUTCOMES - 1  # first + 1, outcome - 1
    return place


def cells_of(place: Array, size: int) -> Cells:
    """The cells that occur, of different models, in the order of their numbers."""
    counts = np.bincount(place, minlength=size * size * PLACES * OUTCOMES).reshape(-1, OUTCOMES)
    meeting, shown = np.divmod(np.flatnonzero(counts.any(axis=1)), PLACES)
    a, b = np.divmod(meeting, size)
    apart = a != b
    number = (meeting * PLACES + shown)[apart]
    return Cells(size, a[apart], b[apart], (shown[apart] - 1).astype(float), counts[number].astype(float))


def penalised(cells: Cells) -> Cells:
    """With half a win each way, place unknown, between every two models that met."""
    low, high = np.nonzero(np.triu(cells.wins + cells.wins.T))
    return Cells(
        size=cells.size,
        model_a=np.concatenate([cells.model_a, low]),
        model_b=np.concatenate([cells.model_b, high]),
        first=np.concatenate([cells.first, np.zeros(len(low))]),
        counts=np.concatenate([cells.counts, np.tile([0.5, 0.5, 0.0], (len(low), 1))]),
    )
