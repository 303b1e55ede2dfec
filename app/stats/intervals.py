"""The one interval rule for a mean of scores in [0, 1] over clustered pairs (docs/statistics.md, section 7).

Sources: Wilson (1927), JASA 22:209-212, for the interval; Korn and Graubard (1998), Survey Methodology
24:193-201, for an effective sample size and t quantiles in it; Kish (1965), Survey Sampling, for the design
effect and n^2 / sum n_c^2.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.special import stdtrit

Array = npt.NDArray[Any]
HALF = 0.5
FEW_CLUSTERS = 20
FEW_OUTCOMES = 8  # docs/statistics.md, goals: coverage is 94-96 % from here on
REPLICATES = 2_000
DRAWS_AT_ONCE = 10_000_000
NO_VARIATION = 1e-6  # scores this near to each other differ by the rounding of stored log-odds, not in fact
SPARSE = 4  # cluster numbers above this many times the pairs are renumbered


class IntervalKind(StrEnum):
    """What an interval takes as independent, and how it is made."""

    ROBUST = "robust"
    MODEL = "model"
    BOOTSTRAP = "bootstrap"

    @property
    def words(self) -> str:
        """The method as the citable sentence names it."""
        return _WORDS[self]


_WORDS = {
    IntervalKind.ROBUST: "cluster-robust",
    IntervalKind.MODEL: "pairs taken as independent",
    IntervalKind.BOOTSTRAP: "cluster bootstrap",
}


@dataclass(frozen=True, slots=True)
class Confidence:
    """How sure an interval is to be, and how it is made; `seed` is for the bootstrap."""

    level: float = 0.95
    kind: IntervalKind = IntervalKind.ROBUST
    seed: int = 0


ROBUST_95 = Confidence()


@dataclass(frozen=True, slots=True)
class Interval:
    """The mean of n scores with its interval; the four numbers are None when n is 0.

    `se` is None when all scores are equal, but for rounding: the sample then says nothing about its own error.
    `effective_clusters` is G* = n^2 / sum n_c^2. `n_eff`: as many independent wins and losses would have the same
    error; with it and G* the rule answers at any other level (`wilson`).
    """

    estimate: float | None
    se: float | None
    low: float | None
    high: float | None
    n: int
    n_clusters: int
    effective_clusters: float
    n_eff: float
    warnings: tuple[str, ...] = ()


UNVARIED = "bootstrap draws do not vary: the interval is the cluster-robust one"
TRIAL = 2.0**26  # more than the ones, and fewer than 2**26 of them together are exact
NOTHING = Interval(None, None, None, None, 0, 0, 0.0, 0.0, ("nothing was decided",))


def mean_interval(score: Array, cluster: Array, confidence: Confidence = ROBUST_95) -> Interval:
    """Mean of `score`, float (n,) in [0, 1], with an interval over the clusters `cluster`, int (n,) >= 0.

    `model` makes each pair its own cluster. Where the draws of `bootstrap` do not vary the rule answers instead,
    with a warning; its percentiles are widened to hold the mean where they leave it out.
    """
    if not len(score):
        return NOTHING
    if confidence.kind is IntervalKind.MODEL:
        cluster = np.arange(len(score))
    sums, sizes = cluster_totals(score, cluster)
    p = float(sums.sum()) / len(score)
    varies = np.ptp(score) > NO_VARIATION
    independent = float(((score - p) ** 2).sum()) / (len(score) - 1) / len(score) if varies else None
    return _interval(sums, sizes, independent, confidence)


def share_interval(ones: Array, trials: Array, cluster: Array, confidence: Confidence = ROBUST_95) -> Interval:
    """Share of ones among yes-or-no trials, some of them in each of n rows: `mean_interval` of the single trials.

    `ones` <= `trials`: whole numbers (n,). `cluster`: int (n,) >= 0. It costs as much as the rows do, not the trials.
    """
    weight = trials * TRIAL
    weight += ones
    both = np.bincount(dense(cluster), weight)  # in one pass: two cost nearly twice as much
    sizes = np.floor(both / TRIAL)
    occurs = sizes > 0
    sums, sizes = (both - sizes * TRIAL)[occurs], sizes[occurs]
    n, hits = int(sizes.sum()), int(sums.sum())
    if not n:
        return NOTHING
    if confidence.kind is IntervalKind.MODEL:
        return mean_interval(np.repeat([1.0, 0.0], [hits, n - hits]), np.arange(n), confidence)
    independent = hits * (n - hits) / n / n / (n - 1) if 0 < hits < n else None
    return _interval(sums, sizes, independent, confidence)


def _interval(sums: Array, sizes: Array, independent: float | None, confidence: Confidence) -> Interval:
    """From the totals of clusters; `independent`: squared error of the mean were rows independent, None if all are
    equal.
    """
    interval = _by_rule(sums, sizes, independent, confidence.level)
    if confidence.kind is not IntervalKind.BOOTSTRAP:
        return interval
    low, high = _bootstrap(sums, sizes, confidence)
    if interval.estimate is not None and high - low > NO_VARIATION:
        return replace(interval, low=min(low, interval.estimate), high=max(high, interval.estimate))
    return replace(interval, warnings=(*interval.warnings, UNVARIED))


def dense(cluster: Array) -> Array:
    """The same clusters under numbers small enough to count by."""
    if cluster.max(initial=0) <= SPARSE * len(cluster):
        return cluster
    return np.unique(cluster, return_inverse=True)[1]


def cluster_sizes(cluster: Array) -> Array:
    """Number of pairs of every cluster that occurs."""
    sizes = np.bincount(dense(cluster))
    return sizes if sizes.all() else sizes[sizes > 0]


def cluster_totals(score: Array, cluster: Array) -> tuple[Array, Array]:
    """Sum of scores and number of pairs of every cluster that occurs, in the order of cluster numbers."""
    cluster = dense(cluster)
    sizes, sums = np.bincount(cluster), np.bincount(cluster, weights=score)
    occurs = sizes > 0
    return (sums, sizes) if occurs.all() else (sums[occurs], sizes[occurs])


def effective_clusters(sizes: Array) -> float:
    """G* = n^2 / sum n_c^2: as many clusters of equal size would weigh the same (Kish 1965)."""
    n = float(sizes.sum())
    return n * n / float((sizes.astype(float) ** 2).sum())


def t_quantile(level: float, g_star: float) -> float:
    """Two-sided quantile on G* - 1 degrees of freedom; infinite for a single cluster."""
    return float(stdtrit(g_star - 1, HALF + level / 2)) if g_star > 1 else math.inf


def _by_rule(sums: Array, sizes: Array, independent: float | None, level: float) -> Interval:
    """Wilson with n_eff = p(1-p) / (deff s^2/n), or G* when the scores do not vary, and the t quantile."""
    n, g_star = int(sizes.sum()), effective_clusters(sizes)
    p = float(sums.sum()) / n
    variance = None if independent is None else max(independent, _jackknife(sums, sizes, p))
    n_eff = g_star if variance is None else p * (1 - p) / variance
    low, high = wilson(p, n_eff, t_quantile(level, g_star))
    rarer = round(min(p, 1 - p) * g_star, 9)  # 8 of 100 are 8, whatever 1 - 0.92 says
    rare = (
        f"only {rarer:.1f} effective clusters' worth of the rarer outcome: the interval is rough below {FEW_OUTCOMES}"
    )
    few = f"only {g_star:.1f} effective clusters: the interval is rough below {FEW_CLUSTERS}"
    return Interval(
        estimate=p,
        se=None if variance is None else math.sqrt(variance),
        low=low,
        high=high,
        n=n,
        n_clusters=len(sizes),
        effective_clusters=g_star,
        n_eff=n_eff,
        warnings=(few,) if g_star < FEW_CLUSTERS else (rare,) if rarer < FEW_OUTCOMES else (),
    )


def _jackknife(sums: Array, sizes: Array, p: float) -> float:
    """Leave-one-cluster-out variance of the mean; 0 for a single cluster, whose infinite t quantile says the rest."""
    n, groups = sizes.sum(), len(sizes)
    if groups == 1:
        return 0.0
    without = (sums.sum() - sums) / (n - sizes)
    return (groups - 1) / groups * float(((without - p) ** 2).sum())


def wilson(p: float, n_eff: float, quantile: float) -> tuple[float, float]:
    """Wilson's score interval, written in n_eff/z^2 so that an infinite quantile gives [0, 1].

    It always holds p; the bounds only keep rounding from denying it at 0 and 1.
    """
    weight = n_eff / quantile / quantile
    centre = (p * weight + HALF) / (weight + 1)
    half_width = math.sqrt(p * (1 - p) * weight + HALF * HALF) / (weight + 1)
    return min(p, max(0.0, centre - half_width)), max(p, min(1.0, centre + half_width))


def _bootstrap(sums: Array, sizes: Array, confidence: Confidence) -> tuple[float, float]:
    """Percentile interval of the mean over clusters drawn with replacement (Efron 1979).

    Clusters of equal sum and size are drawn together by multinomial counts, which is the same distribution.
    """
    kinds, number = np.unique(np.stack([sums, sizes], axis=1), axis=0, return_counts=True)
    chance = number / number.sum()
    random = np.random.default_rng(confidence.seed)
    at_once = max(1, min(REPLICATES, DRAWS_AT_ONCE // len(kinds)))
    means = []
    for start in range(0, REPLICATES, at_once):
        draws = random.multinomial(len(sums), chance, size=min(at_once, REPLICATES - start))
        total, pairs = (draws @ kinds).T
        means.append(total / pairs)
    tail = (1 - confidence.level) / 2
    low, high = np.quantile(np.concatenate(means), [tail, 1 - tail])
    return float(low), float(high)
