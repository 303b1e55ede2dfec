"""Ranks that simultaneous differences of strengths leave open.

Source: Mogstad, Romano, Shaikh and Wilhelm (2024), Review of Economic Studies 91:476-518, for ranks from
simultaneous pairwise differences; here with Bonferroni's quantile.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from app.stats.intervals import t_quantile

Array = npt.NDArray[Any]


def surely_better(strength: Array, covariance: Array | None, level: float, g_star: float) -> Array:
    """Bool (K, K): row is stronger than column, all K(K-1)/2 differences together at `level`; none without
    covariance.
    """
    size = len(strength)
    quantile = t_quantile(1 - (1 - level) / (size * (size - 1) / 2), g_star)
    if covariance is None or not np.isfinite(quantile):
        return np.zeros((size, size), dtype=bool)
    better: Array = strength[:, None] - strength[None, :] > quantile * spread_of_differences(covariance)
    np.fill_diagonal(better, val=False)
    return better


def rank_range(better: Array) -> tuple[Array, Array]:
    """(K,) best and worst rank (1 = best) that `better`, bool (K, K), leaves open."""
    return 1 + better.sum(axis=0), len(better) - better.sum(axis=1)


def spread_of_differences(covariance: Array) -> Array:
    """(K, K) standard errors of row minus column."""
    variance = covariance.diagonal()
    spread: Array = np.sqrt(np.maximum(variance[:, None] + variance[None, :] - 2 * covariance, 0))
    return spread
