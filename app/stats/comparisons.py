"""Decided pairs of models and how often each beat each: what Bradley-Terry fits start from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from app.domain.errors import Invalid, Problem

Array = npt.NDArray[Any]


@dataclass(frozen=True, slots=True)
class Comparisons:
    """n decided pairs: `model_a`, `model_b` int (n,) indices into `models`, `score` float (n,) 1, 1/2 or 0 for A,
    `cluster` int (n,) >= 0.
    """

    models: Sequence[str]
    model_a: Array
    model_b: Array
    score: Array
    cluster: Array

    @property
    def meeting(self) -> Array:
        """(n,) number of the ordered pair of models, row * K + column."""
        number: Array = self.model_a.astype(np.intp)
        number *= len(self.models)
        number += self.model_b
        return number


def win_matrix(data: Comparisons) -> Array:
    """(K, K) half-win counts: how often row beat column; comparisons of a model with itself do not count.

    Raises Invalid when a score is not a number.
    """
    size = len(data.models)
    meeting = data.meeting
    won = np.bincount(meeting, weights=data.score, minlength=size * size).reshape(size, size)
    met = np.bincount(meeting, minlength=size * size).reshape(size, size)
    wins: Array = won + (met - won).T
    np.fill_diagonal(wins, 0)
    if not np.isfinite(wins).all():
        raise Invalid("a score is not a number", (Problem("1, 1/2 or 0 for side A", "score"),))
    return wins


def squared_residuals(data: Comparisons, chances: Array) -> Array:
    """(K, K) sum of (score - chance)^2 over the pairs with row as side A and column as side B."""
    size = len(data.models)
    meeting = data.meeting
    met = np.bincount(meeting, minlength=size * size)
    won = np.bincount(meeting, weights=data.score, minlength=size * size)
    squares = np.bincount(meeting, weights=data.score * data.score, minlength=size * size)
    chance = chances.ravel()
    residuals: Array = squares - 2 * chance * won + chance * chance * met
    return residuals.reshape(size, size)
