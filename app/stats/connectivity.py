"""Whether strengths exist: who met whom, who reaches whom along wins, and what position alone would explain.

Source: Ford (1957), American Mathematical Monthly 64:28-33: the maximum is finite when every model reaches every
other along wins.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.sparse.csgraph import connected_components

from app.domain.errors import Invalid, NotComparable, Problem

Array = npt.NDArray[Any]


def groups_that_met(wins: Array, models: Sequence[str]) -> list[list[str]]:
    """The connected groups of models; strengths exist on one scale only when there is one group."""
    count, label = connected_components(wins + wins.T > 0, directed=False)
    return [[models[i] for i in np.flatnonzero(label == group).tolist()] for group in range(count)]


def require_one_group(wins: Array, models: Sequence[str]) -> None:
    """Raise NotComparable, naming the groups, unless all models met; Invalid for fewer than two models."""
    if len(models) <= 1:
        raise Invalid("strengths need at least two models", (Problem("name two models", "models"),))
    groups = groups_that_met(wins, models)
    if len(groups) > 1:
        listed = "; ".join(", ".join(group) for group in groups)
        raise NotComparable(f"these groups of models never met in a decided pair: {listed}")


def equals(wins: Array) -> Array:
    """(K,) label of the group within which everyone reaches everyone along wins."""
    label: Array = connected_components(wins > 0, directed=True, connection="strong")[1]
    return label


def unbounded_models(wins: Array) -> Array:
    """(K,) models outside the one largest group in which everyone reaches everyone along wins; all, if none is."""
    label = equals(wins)
    sizes = np.bincount(label)
    if len(sizes) == 1:
        return np.zeros(len(wins), dtype=bool)
    lone_largest = (sizes == sizes.max()).sum() == 1
    outside: Array = label != sizes.argmax() if lone_largest else np.ones(len(wins), dtype=bool)
    return outside


def unbounded_warning(models: Sequence[str], unbounded: Array) -> str:
    """Names the models without a finite maximum."""
    named = ", ".join(model for model, flag in zip(models, unbounded, strict=True) if flag)
    return f"no finite maximum: {named} won or lost everything against the others"


def has_negative_cycle(lengths: Array) -> bool:
    """Whether some way round `lengths`, float (K, K), inf where there is no step, is shorter than 0.

    Potentials p with p_column - p_row <= length exist when there is none (Bellman 1958; Ford 1956).
    """
    if (lengths + lengths.T).min() < 0:
        return True
    potential = np.zeros(len(lengths))
    for _ in range(len(lengths)):
        shorter = np.minimum(potential, (potential[:, None] + lengths).min(axis=0))
        if np.array_equal(shorter, potential):
            return False
        potential = shorter
    return True
