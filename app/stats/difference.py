"""The difference of two win rates against a shared base: by how much X is further ahead of the base than Y is.

Sources: Tukey (1958), Annals of Mathematical Statistics 29:614, for leaving out; Welch (1947), Biometrika 34:28-35,
for the degrees of freedom of a difference. Rates and clusters: docs/statistics.md, sections 6 and 7.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from app.stats.intervals import FEW_CLUSTERS, Interval, dense, mean_interval, t_quantile

Array = npt.NDArray[Any]
NO_VARIATION = 1e-20  # a variance per cluster below this is rounding


@dataclass(frozen=True, slots=True)
class Difference:
    """Rate of X minus rate of Y, in [-1, 1], with its interval at `level`; None when a side has nothing decided.

    `rate_x`, `rate_y`: the two rates by the one interval rule. `n_clusters` counts the union of their clusters,
    `n_shared` those with pairs of both: they make the comparison a paired one. `effective_clusters` is G* of the
    difference. `se` is None where no cluster's difference departs from the others.
    """

    estimate: float | None
    se: float | None
    low: float | None
    high: float | None
    level: float
    rate_x: Interval
    rate_y: Interval
    n_clusters: int
    n_shared: int
    effective_clusters: float
    warnings: tuple[str, ...] = ()


def difference(score_x: Array, cluster_x: Array, score_y: Array, cluster_y: Array, level: float = 0.95) -> Difference:
    """Mean of `score_x`, float (n,) in [0, 1], minus mean of `score_y`, float (m,), NaN where nothing was decided.

    `cluster_x`, int (n,), and `cluster_y`, int (m,), >= 0, number the clusters (items) of both alike: what a
    cluster does to both rates cancels. Interval: variance by leaving out one cluster of the union from both rates at
    once, t quantile on G* - 1, limits clipped to [-1, 1]. G* = (V_x + V_y)^2 / sum_c (V_x n_cx/n + V_y n_cy/m)^2,
    with V the squared errors of the two rates: n^2/sum n_c^2 where both have the same clusters, Welch's degrees of
    freedom plus one where they share none. Where no difference departs from the others the half-width is
    q^2/(G* + q^2), Wilson's limit for an event not seen in G* clusters, so that the width is never zero.
    """
    x, y = _decided(score_x, cluster_x), _decided(score_y, cluster_y)
    rate_x, rate_y = mean_interval(*x), mean_interval(*y)
    sums, sizes = _totals(x, y)
    n_clusters, n_shared = sizes.shape[1], int((sizes > 0).all(axis=0).sum())
    if rate_x.estimate is None or rate_y.estimate is None:
        nothing = ("nothing was decided on one side",)
        return Difference(None, None, None, None, level, rate_x, rate_y, n_clusters, n_shared, 0.0, nothing)
    estimate = rate_x.estimate - rate_y.estimate
    g_star = _effective_clusters(sizes, rate_x, rate_y)
    variance = _jackknife(sums, sizes, estimate)
    half_width = _half_width(variance, g_star, t_quantile(level, g_star))
    return Difference(
        estimate=estimate,
        se=math.sqrt(variance) if variance else None,
        low=max(-1.0, estimate - half_width),
        high=min(1.0, estimate + half_width),
        level=level,
        rate_x=rate_x,
        rate_y=rate_y,
        n_clusters=n_clusters,
        n_shared=n_shared,
        effective_clusters=g_star,
        warnings=_warnings(variance, g_star, n_shared),
    )


def _decided(score: Array, cluster: Array) -> tuple[Array, Array]:
    known = ~np.isnan(score)
    return score[known], cluster[known]


def _totals(x: tuple[Array, Array], y: tuple[Array, Array]) -> tuple[Array, Array]:
    """(2, C) sums of scores and (2, C) numbers of pairs of X and Y over the C clusters that occur in either."""
    cluster = dense(np.concatenate([x[1], y[1]]))
    width = int(cluster.max(initial=-1)) + 1
    of_x, of_y = cluster[: len(x[1])], cluster[len(x[1]) :]
    sizes = np.stack([np.bincount(of_x, minlength=width), np.bincount(of_y, minlength=width)])
    sums = np.stack([np.bincount(of_x, x[0], width), np.bincount(of_y, y[0], width)])
    occurs = sizes.any(axis=0)
    return sums[:, occurs], sizes[:, occurs]


def _effective_clusters(sizes: Array, rate_x: Interval, rate_y: Interval) -> float:
    variance = np.array([[rate_x.se or 0.0], [rate_y.se or 0.0]]) ** 2
    if not variance.any():
        variance = np.ones((2, 1))
    share = (variance * sizes / sizes.sum(axis=1, keepdims=True)).sum(axis=0)
    return float(variance.sum() ** 2 / (share**2).sum())


def _jackknife(sums: Array, sizes: Array, estimate: float) -> float | None:
    """Variance of the difference over the clusters of the union; None when a side is one cluster, 0 if constant."""
    total, number = sums.sum(axis=1, keepdims=True), sizes.sum(axis=1, keepdims=True)
    left = number - sizes
    if not left.all():
        return None
    rate_x, rate_y = (total - sums) / left
    count = sums.shape[1]
    variance = (count - 1) / count * float(((rate_x - rate_y - estimate) ** 2).sum())
    return variance if variance * count > NO_VARIATION else 0.0


def _half_width(variance: float | None, g_star: float, quantile: float) -> float:
    """Half the width; 2, which clips to everything, where a side is a single cluster."""
    if variance is None or math.isinf(quantile):
        return 2.0
    if variance == 0:
        return quantile**2 / (g_star + quantile**2)
    return quantile * math.sqrt(variance)


def _warnings(variance: float | None, g_star: float, n_shared: int) -> tuple[str, ...]:
    found = {
        f"only {g_star:.1f} effective clusters: the interval is rough below {FEW_CLUSTERS}": g_star < FEW_CLUSTERS,
        "one side has a single cluster: the interval holds everything": variance is None,
        "no cluster departs from the others: the interval is what an event never seen leaves open": variance == 0,
        "the two share no cluster: their difference is not paired": not n_shared,
    }
    return tuple(warning for warning, holds in found.items() if holds)
