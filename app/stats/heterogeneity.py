"""Whether the rates of k slices differ: a Wald test with their joint cluster covariance and a small-sample reference.

Sources: Liang and Zeger (1986), Biometrika 73:13-22, for the covariance; Tipton and Pustejovsky (2015), Journal of
Educational and Behavioral Statistics 40:604-634, for the approximate Hotelling reference. Definitions:
docs/statistics.md, section 10.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array
from scipy.special import fdtrc

from app.stats.intervals import FEW_CLUSTERS, NO_VARIATION, dense
from app.stats.multiplicity import FEWEST_CLUSTERS

Array = npt.NDArray[Any]
TWO = 2
SINGULAR = 1e-9


@dataclass(frozen=True, slots=True)
class Heterogeneity:
    """F `statistic` on `df` and `df_denominator`, with its p; all but `left_out` None when there is a `reason`.

    `left_out`: the slices, by index, with nothing decided or fewer than 10 effective clusters.
    """

    statistic: float | None
    df: int | None
    df_denominator: float | None
    p: float | None
    left_out: tuple[int, ...]
    reason: str | None = None
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Slices:
    """k slices: (k,) `mean`, effective clusters `g_star`, and whether their scores `vary`.

    `share`: sparse (C, k), the share of a slice's rows that a cluster holds. `covariance`: (k, k), of the means.
    """

    mean: Array
    g_star: Array
    vary: Array
    share: csr_array
    covariance: Array

    def of(self, kept: Array) -> _Slices:
        """The slices `kept` alone."""
        if len(kept) == len(self.mean):
            return self
        covariance = self.covariance[np.ix_(kept, kept)]
        return _Slices(self.mean[kept], self.g_star[kept], self.vary[kept], self.share[:, kept], covariance)


def heterogeneity(score: Array, cluster: Array, of_slice: Array, k: int) -> Heterogeneity:
    """Test that k slices have one rate: `score`, float (n,) in [0, 1], NaN where undecided; `cluster`, int (n,) >= 0.

    `of_slice`, int (n,) in [0, k). Clusters may span slices; a pair in several slices has a row for each.
    Covariance of the k means: sum over clusters of influence times influence, a slice's own corrected by
    C_s/(C_s - 1) and never below that of independent rows; each squared error then becomes m(1 - m)/n_eff, with
    n_eff as in `app.stats.intervals` and m the common rate, so that rates near 0 and 1 do not reject too often.
    Reference: (eta - q + 1)/(eta q) W on F(q, eta - q + 1), q = slices - 1; eta comes from the moments the
    covariance has when rows are independent, and is G* - 1 where all slices have the same clusters, and for two
    slices that share none Welch's degrees of freedom.
    """
    known = ~np.isnan(score)
    if not known.all():
        score, cluster, of_slice = score[known], cluster[known], of_slice[known]
    found = _slices(score, dense(cluster), of_slice, k)
    enough = found.g_star >= FEWEST_CLUSTERS
    left_out = tuple(np.flatnonzero(~enough).tolist())
    if enough.sum() < TWO:
        return _no_test(left_out, f"fewer than two slices have {FEWEST_CLUSTERS} effective clusters")
    kept = found.of(np.flatnonzero(enough))
    if not kept.vary.any() and np.ptp(kept.mean) < SINGULAR:
        return _no_test(left_out, "no scores vary")
    return _wald(kept, left_out)


def _no_test(left_out: tuple[int, ...], reason: str) -> Heterogeneity:
    return Heterogeneity(None, None, None, None, left_out, reason)


def _slices(score: Array, cluster: Array, of_slice: Array, k: int) -> _Slices:
    rows = np.maximum(np.bincount(of_slice, minlength=k), 1)
    mean = np.bincount(of_slice, score, k) / rows
    residual = score - mean[of_slice]
    independent = np.bincount(of_slice, residual**2, k) / rows / np.maximum(rows - 1, 1)
    shape = int(cluster.max(initial=0)) + 1, k
    cells = csr_array((1 + 1j * residual, (cluster, of_slice)), shape=shape)  # both tables in one pass
    share, influence = (
        csr_array((part / rows[cells.indices], cells.indices, cells.indptr), shape=shape)
        for part in (cells.data.real, cells.data.imag)
    )
    squares = np.bincount(cells.indices, cells.data.real**2, k)  # of whole numbers: G* = 10 is 10
    outer = (influence.T @ influence).toarray()
    return _Slices(
        mean=mean,
        g_star=np.divide(rows**2, squares, out=np.zeros(k), where=squares > 0),
        vary=independent * rows > NO_VARIATION**2,
        share=share,
        covariance=_covariance(outer, np.bincount(cells.indices, minlength=k), independent),
    )


def _covariance(outer: Array, clusters: Array, independent: Array) -> Array:
    """(k, k) `outer` with every slice's entries scaled to C/(C - 1), or up to its variance were rows independent.

    A slice whose clusters all have its own mean varies within them only: it has that variance and no covariance.
    """
    own = outer.diagonal()
    factor = np.divide(clusters, clusters - 1, out=np.ones(len(own)), where=clusters > 1)
    between = own > SINGULAR**2 * independent
    floor = np.divide(independent, own, out=np.zeros(len(own)), where=between)
    scale = np.where(between, np.sqrt(np.maximum(factor, floor)), 0.0)
    covariance: Array = outer * scale * scale[:, None]
    np.fill_diagonal(covariance, np.where(between, covariance.diagonal(), independent))
    return covariance


def _wald(kept: _Slices, left_out: tuple[int, ...]) -> Heterogeneity:
    """The test among k slices with clusters enough, as q = k - 1 differences from the last of them."""
    q = len(kept.mean) - 1
    contrast = np.hstack([np.eye(q), -np.ones((q, 1))])
    covariance = _under_the_null(kept)
    of_differences = contrast @ covariance @ contrast.T
    if np.linalg.eigvalsh(of_differences)[0] <= SINGULAR * covariance.trace():
        return _no_test(left_out, "too few clusters, or slices too alike, for so many slices")
    differences = contrast @ kept.mean
    wald = float(differences @ np.linalg.solve(of_differences, differences))
    eta = _degrees(kept, covariance.diagonal(), contrast)
    denominator = eta - q + 1
    if denominator < 1:
        return _no_test(left_out, "too few clusters for so many slices")
    statistic = denominator / (eta * q) * wald
    p = float(fdtrc(q, denominator, statistic))
    return Heterogeneity(statistic, q, denominator, p, left_out, warnings=_warnings(kept))


def _under_the_null(kept: _Slices) -> Array:
    """(k, k) covariance with every slice's squared error m(1 - m)/n_eff at the common rate m, as Wilson's interval."""
    own, binary = kept.covariance.diagonal(), kept.mean * (1 - kept.mean)
    n_eff = np.divide(binary, own, out=kept.g_star.copy(), where=kept.vary)
    common = float(kept.mean @ n_eff) / float(n_eff.sum())
    variance = common * (1 - common) / n_eff
    scale = np.sqrt(np.divide(variance, own, out=np.zeros(len(own)), where=kept.vary))
    covariance: Array = kept.covariance * scale * scale[:, None]
    np.fill_diagonal(covariance, variance)
    return covariance


def _degrees(kept: _Slices, variance: Array, contrast: Array) -> float:
    """Eta: q(q + 1) over the summed variances of the scaled covariance of the differences."""
    q = len(contrast)
    hat = contrast.T @ np.linalg.solve(contrast * variance @ contrast.T, contrast)
    weight = variance * np.sqrt(kept.g_star / (kept.g_star - 1))
    moments = (kept.share.T @ kept.share).toarray() * weight * weight[:, None]
    own = hat.diagonal()
    return q * (q + 1) / float(own @ moments @ own + (hat**2 * moments).sum())


def _warnings(kept: _Slices) -> tuple[str, ...]:
    least = kept.g_star.min()
    few = f"a slice has only {least:.1f} effective clusters: the test is rough below {FEW_CLUSTERS}"
    constant = "the scores of a slice do not vary: its error is that of G* wins and losses"
    return ((few,) if least < FEW_CLUSTERS else ()) + (() if kept.vary.all() else (constant,))
