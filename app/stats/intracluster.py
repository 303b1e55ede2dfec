"""How alike the scores of one cluster are: the intracluster correlation, by analysis of variance.

Source: Donner (1986), International Statistical Review 54:67-82, for the estimator with unequal cluster sizes.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from app.stats.intervals import cluster_totals

Array = npt.NDArray[Any]
NO_VARIATION = 1e-12


def intracluster_correlation(score: Array, cluster: Array) -> float | None:
    """Correlation of two scores of one cluster, float (n,) `score` by int (n,) `cluster`, cut to [0, 1].

    None where it cannot be told: fewer than two clusters, none with two pairs, or scores that do not vary.
    """
    n = len(score)
    if not n:
        return None
    sums, sizes = cluster_totals(score, cluster)
    groups = len(sizes)
    if groups in (1, n) or np.ptp(score) < NO_VARIATION:
        return None
    between = float((sizes * (sums / sizes - score.mean()) ** 2).sum())
    within = float(((score - score.mean()) ** 2).sum()) - between
    typical = (n - float((sizes.astype(float) ** 2).sum()) / n) / (groups - 1)
    mean_between, mean_within = between / (groups - 1), max(within, 0.0) / (n - groups)
    icc = (mean_between - mean_within) / (mean_between + (typical - 1) * mean_within)
    return min(1.0, max(0.0, icc))
