"""Correlation of judges with each other, or of axes (halo), over the pairs that both have (docs/statistics.md, 16).

Sources: Pearson (1896), Philosophical Transactions A 187:253-318, for the coefficient; Thorndike (1920), Journal of
Applied Psychology 4:25-29, for the halo that shows as correlated axes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from app.domain.verdict import Stance

Array = npt.NDArray[Any]
CONSTANT = 1e-12  # variance relative to the mean square: below, it is rounding


@dataclass(frozen=True, slots=True)
class Correlations:
    """(k, k) coefficients, symmetric, None where either column is constant on the n rows that both have."""

    coefficient: tuple[tuple[float | None, ...], ...]
    n: tuple[tuple[int, ...], ...]

    @property
    def mean(self) -> float | None:
        """Mean over the couples of columns; None when there is no couple or one has no coefficient."""
        above = [value for place, row in enumerate(self.coefficient) for value in row[place + 1 :]]
        known = [value for value in above if value is not None]
        return sum(known) / len(known) if known and len(known) == len(above) else None


def signed(stances: Array) -> Array:
    """Stances of any shape as numbers: A 1, B -1, TIE or INCONSISTENT 0, NaN for MISSING."""
    return _SIGNED[stances]


def correlations(values: Array) -> Correlations:
    """Pearson correlation of every two columns of `values`, bool or float (n, k) with NaN where missing."""
    columns = np.ascontiguousarray(values.T, dtype=float)
    there = ~np.isnan(columns)
    if not there.all():
        columns = np.where(there, columns, 0.0)
    here = there.astype(float)
    columns = (columns - columns.sum(axis=1, keepdims=True) / np.maximum(here.sum(axis=1, keepdims=True), 1)) * here
    n, products = here @ here.T, columns @ columns.T
    total, square = columns @ here.T, (columns * columns) @ here.T
    per = np.maximum(n, 1)
    variance = square - total * total / per
    varies = variance > CONSTANT * square
    known = varies & varies.T & (n > 1)
    scale = np.sqrt(np.where(known, variance * variance.T, 1.0))
    value = np.clip((products - total * total.T / per) / scale, -1.0, 1.0)
    rows = [[float(r) if k else None for r, k in zip(*row, strict=True)] for row in zip(value, known, strict=True)]
    return Correlations(tuple(map(tuple, rows)), tuple(tuple(map(int, row)) for row in n))


_SIGNED = np.zeros(len(Stance))
_SIGNED[[Stance.A, Stance.B, Stance.MISSING]] = 1.0, -1.0, np.nan
