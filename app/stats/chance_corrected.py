"""Coefficients of agreement corrected for chance, 1 - observed/expected disagreement, with a jackknife interval.

Sources: Efron and Stein (1981), Annals of Statistics 9:586-596, for the jackknife variance; Cohen (1960) and
Krippendorff (2004) for the two coefficients of this form, in `agreement` and `krippendorff`.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from app.stats.intervals import Interval, dense, t_quantile

Array = npt.NDArray[Any]
# From totals (p, ...) to the shares of disagreement observed and expected by chance, (...) each.
Disagreement = Callable[[Array], tuple[Array, Array]]
NO_VARIATION = 1e-20  # a squared difference of this size is rounding
NO_SPREAD = "the coefficient does not vary from cluster to cluster: its interval is that of the observed agreement"


@dataclass(frozen=True, slots=True)
class Table:
    """n rows, each of one of few kinds. `amounts`: float (p, kinds), what a row of the kind adds to the p totals;
    `kind`: int (n,); `cluster`: int (n,) >= 0.
    """

    amounts: Array
    kind: Array
    cluster: Array


@dataclass(frozen=True, slots=True)
class Coefficient:
    """A coefficient in [-1, 1] with its interval; all None where only one label was used."""

    estimate: float | None
    low: float | None
    high: float | None
    warnings: tuple[str, ...] = ()


def chance_corrected(table: Table, disagreement: Disagreement, share: Interval, level: float) -> Coefficient:
    """1 - observed/expected disagreement, with estimate -+ t(G* - 1) x jackknife error, clipped to [-1, 1].

    `share`: the observed agreement of the same rows by the one interval rule; it lends G* and, where leaving out
    any cluster changes nothing, its own interval at the expected disagreement found. The variance is that of
    leaving out a cluster, never below that of leaving out a row. There is no bootstrap: that kind gets this interval.
    """
    number = np.bincount(table.kind, minlength=table.amounts.shape[1])
    totals = table.amounts @ number
    _, expected = disagreement(totals[:, None])
    if not expected[0] > 0:
        return Coefficient(None, None, None, ("only one label was used: chance alone would agree as often",))
    estimate = float(_corrected(disagreement, totals[:, None])[0])
    occurs = number > 0
    variance = _jackknife(disagreement, totals, table.amounts[:, occurs], number[occurs])
    if share.n_clusters < share.n:  # `model` makes a cluster of every row
        sums = _cluster_sums(table)
        variance = max(variance, _jackknife(disagreement, totals, sums, np.ones(sums.shape[1])))
    if variance > NO_VARIATION:
        half_width = t_quantile(level, share.effective_clusters) * math.sqrt(variance)
        return Coefficient(estimate, max(-1.0, estimate - half_width), min(1.0, estimate + half_width))
    low, high = _at_expected(share, float(expected[0]))
    return Coefficient(estimate, max(-1.0, min(estimate, low)), min(1.0, max(estimate, high)), (NO_SPREAD,))


def _corrected(disagreement: Disagreement, totals: Array) -> Array:
    """The coefficient; 0 where what is left has one label and agrees no more than chance would."""
    observed, expected = disagreement(totals)
    ratio: Array = np.divide(observed, expected, out=np.ones_like(observed), where=expected > 0)
    return 1 - ratio


def _jackknife(disagreement: Disagreement, totals: Array, sums: Array, number: Array) -> float:
    """Variance by leaving out one group at a time; `number` (g,) groups have the sums of each column of `sums`."""
    groups = float(number.sum())
    without = _corrected(disagreement, totals[:, None] - sums)
    deviation = without - _corrected(disagreement, totals[:, None])
    return (groups - 1) / groups * float(number @ (deviation * deviation))


def _cluster_sums(table: Table) -> Array:
    """(p, clusters that occur): the totals of every cluster."""
    cluster = dense(table.cluster)
    occurs = np.bincount(cluster) > 0
    sums = np.stack([np.bincount(cluster, weights=amount[table.kind]) for amount in table.amounts])
    return sums if occurs.all() else sums[:, occurs]


def _at_expected(share: Interval, expected: float) -> tuple[float, float]:
    """The interval of the observed agreement, carried over with the expected disagreement held fixed."""
    low, high = (0.0 if bound is None else bound for bound in (share.low, share.high))
    return 1 - (1 - low) / expected, 1 - (1 - high) / expected
