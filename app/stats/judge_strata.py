"""One set of strengths over several judges, and a test whether the judges agree on it.

Sources: White (1982), Econometrica 50:1-25, for a Wald test with a sandwich covariance, here of all judges' fits
together as a cluster occurs in several; Hotelling (1931), Annals of Mathematical Statistics 2:360-378, for its
distribution on few clusters. Definitions: docs/statistics.md, section 13.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.special import chdtrc, expit, fdtrc

from app.stats.bradley_terry import bradley_terry
from app.stats.bt_likelihood import inverse_information, newton
from app.stats.comparisons import Comparisons, win_matrix
from app.stats.connectivity import groups_that_met, unbounded_models
from app.stats.intervals import ROBUST_95, Confidence, IntervalKind, cluster_sizes, effective_clusters
from app.stats.sandwich import Rows, summed_scores
from app.stats.strengths import Strengths

Array = npt.NDArray[Any]
NO_VARIATION = 1e-9
LEAST_CLUSTERS = 10
LEAST_STRATA = 2


@dataclass(frozen=True, slots=True)
class Interaction:
    """Wald `statistic` of equal strengths in all strata on `df` contrasts; `p` is None where clusters are too few."""

    statistic: float
    df: int
    p: float | None


@dataclass(frozen=True, slots=True)
class StratifiedStrengths:
    """Strengths common to all strata; the test of strength x stratum, None where it is impossible, and why."""

    strengths: Strengths
    interaction: Interaction | None
    warnings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Fits:
    """`strength`, (S, K), and `bread`, (S K, S K), of the strata that could be fitted; `members`: their models."""

    strength: Array
    bread: Array
    members: list[Array]


def stratified(
    data: Comparisons,
    stratum: Array,
    strata: Sequence[str],
    confidence: Confidence = ROBUST_95,
    anchor: str | None = None,
) -> StratifiedStrengths:
    """Fit all pairs together and test whether the strata share the strengths.

    `stratum`: int (n,) index into `strata`, S names (judges, say). The common strengths are those of
    `bradley_terry`, errors and all. A stratum whose models fall into groups that never met, or of which one has no
    finite maximum there, is left out of the test with a warning; a stratum may lack models. p is by Hotelling's
    distribution on G* - 1 degrees of freedom, none below 10 effective clusters (`model`: chi-square).
    """
    strengths = bradley_terry(data, confidence, anchor)
    parts = [_part(data, stratum == number) for number in range(len(strata))]
    members = [_members(part) for part in parts]
    usable = np.array([found is not None for found in members], dtype=bool)
    names = ", ".join(name for name, fits in zip(strata, usable, strict=True) if not fits)
    missing = f"left out of the test of strength x stratum, as not all strengths exist there: {names}"
    warnings = (missing,) * bool(names)
    if usable.sum() < LEAST_STRATA:
        return StratifiedStrengths(strengths, None, (*warnings, "fewer than two strata to compare: no test"))
    kept = usable[stratum]
    number = (np.cumsum(usable) - 1)[stratum[kept]]
    fits = _fits([part for part, fit in zip(parts, usable, strict=True) if fit], [m for m in members if m is not None])
    interaction, more = _interaction(_part(data, kept), number, fits, confidence)
    return StratifiedStrengths(strengths, interaction, warnings + more)


def _part(data: Comparisons, rows: Array) -> Comparisons:
    return replace(
        data,
        model_a=data.model_a[rows],
        model_b=data.model_b[rows],
        score=data.score[rows],
        cluster=data.cluster[rows],
    )


def _members(part: Comparisons) -> Array | None:
    """The models of a stratum, or None when they have no finite strengths on one scale."""
    wins = win_matrix(part)
    members = np.flatnonzero((wins + wins.T).any(axis=0))
    inner = wins[np.ix_(members, members)]
    if len(members) == 0 or len(groups_that_met(inner, [""] * len(members))) > 1 or unbounded_models(inner).any():
        return None
    return members


def _fits(parts: Sequence[Comparisons], members: list[Array]) -> _Fits:
    size = len(parts[0].models)
    strength, bread = np.zeros((len(parts), size)), np.zeros((len(parts) * size, len(parts) * size))
    for number, (part, inside) in enumerate(zip(parts, members, strict=True)):
        wins = win_matrix(part)[np.ix_(inside, inside)]
        strength[number, inside] = newton(wins)
        place = np.ix_(number * size + inside, number * size + inside)
        bread[place] = inverse_information(wins, strength[number, inside])
    return _Fits(strength, bread, members)


def _interaction(
    data: Comparisons, number: Array, fits: _Fits, confidence: Confidence
) -> tuple[Interaction | None, tuple[str, ...]]:
    """Wald test of the contrasts that common strengths would make 0."""
    contrasts = _contrasts(fits)
    if not len(contrasts):
        return None, ("the strata have no two models in common to compare: no test",)
    covariance = contrasts @ _covariance(data, number, fits, confidence) @ contrasts.T
    if np.linalg.matrix_rank(covariance, hermitian=True) < len(contrasts):
        return None, ("clusters vary too little to compare the strata: no test",)
    apart = contrasts @ fits.strength.ravel()
    statistic = float(apart @ np.linalg.solve(covariance, apart))
    if confidence.kind is IntervalKind.MODEL:
        return Interaction(statistic, len(apart), float(chdtrc(len(apart), statistic))), ()
    g_star = effective_clusters(cluster_sizes(data.cluster))
    if g_star < max(LEAST_CLUSTERS, len(apart) + 1):
        few = f"only {g_star:.1f} effective clusters for {len(apart)} contrasts between strata: no p-value"
        return Interaction(statistic, len(apart), None), (few,)
    return Interaction(statistic, len(apart), _hotelling(statistic, len(apart), g_star)), ()


def _hotelling(statistic: float, df: int, g_star: float) -> float:
    """Upper tail of Hotelling's T^2 of `df` dimensions on G* - 1 degrees of freedom."""
    left = g_star - df
    return float(fdtrc(df, left, statistic * left / (df * (g_star - 1))))


def _contrasts(fits: _Fits) -> Array:
    """(q, S K) orthonormal contrasts of the strata's strengths that are 0 for every set of common strengths."""
    strata, size = fits.strength.shape
    rows = []
    common = []
    for number, inside in enumerate(fits.members):
        lead = np.zeros((len(inside) - 1, size))
        lead[np.arange(len(inside) - 1), inside[1:]] = 1
        lead[:, inside[0]] = -1
        common.append(lead)
        rows.append(np.kron(np.eye(strata)[number], lead))
    left, singular, _ = np.linalg.svd(np.concatenate(common))
    rank = int((singular > NO_VARIATION).sum())
    contrasts: Array = left[:, rank:].T @ np.concatenate(rows)
    return contrasts


def _covariance(data: Comparisons, number: Array, fits: _Fits, confidence: Confidence) -> Array:
    """(S K, S K) joint sandwich of all strata's strengths."""
    size = len(data.models)
    if confidence.kind is IntervalKind.MODEL:
        return fits.bread
    a, b = number * size + data.model_a, number * size + data.model_b
    flat = fits.strength.ravel()
    rows = Rows(a, b, data.score - expit(flat[a] - flat[b]), data.cluster)
    clusters = len(cluster_sizes(data.cluster))
    meat = summed_scores(rows, len(flat)) * clusters / max(1, clusters - 1)
    covariance: Array = fits.bread @ meat @ fits.bread
    return covariance
