"""Bradley-Terry strengths from half-win counts, with cluster-robust errors and honest ranks.

Sources: Bradley and Terry (1952), Biometrika 39:324-345; Ford (1957), American Mathematical Monthly 64:28-33, for
when the maximum exists; Maystre and Grossglauser (2015), NIPS, for the fit by choix; Liang and Zeger (1986),
Biometrika 73:13-22, for the cluster sandwich; Firth (1993), Biometrika 80:27-38, for the half wins that keep an
unbeaten model finite. Definitions: docs/statistics.md, section 12.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components
from scipy.special import expit, xlogy

from app.domain.errors import Invalid, NotComparable, Problem
from app.stats.intervals import (
    FEW_CLUSTERS,
    HALF,
    ROBUST_95,
    Confidence,
    IntervalKind,
    cluster_sizes,
    dense,
    effective_clusters,
    t_quantile,
)

Array = npt.NDArray[Any]
ELO_BASE = 1_000.0
ELO_PER_NAT = 400 / np.log(10)
AGREEMENT = 1e-6
CONVERGED = 1e-11
NO_VARIATION = 1e-9
CHOIX_STEPS = 1_000
NEWTON_STEPS = 100


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


@dataclass(frozen=True, slots=True)
class Errors:
    """(K, K) covariance of strengths of mean 0, or None, with how it was made and what to doubt."""

    covariance: Array | None
    method: str
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Strengths:
    """Fitted strengths of K models, natural logs, mean 0 or anchored.

    `covariance`: (K, K) of `strength`, None where there is none to be had; differences take their errors from
    all of it. `low`, `high`: intervals, NaN without covariance. `rank_low`, `rank_high`: the ranks (1 = best)
    that simultaneous pairwise differences leave open. `unbounded`: models whose maximum-likelihood strength is
    infinite. `method` says in words how the errors were made. `deviance` (on `df`) carries no p-value: half wins
    and clusters are not binomial. It is None for a penalised estimate.
    """

    models: tuple[str, ...]
    strength: Array
    covariance: Array | None
    low: Array
    high: Array
    rank_low: Array
    rank_high: Array
    unbounded: Array
    method: str
    deviance: float | None
    df: int | None
    warnings: tuple[str, ...]

    @property
    def se(self) -> Array:
        """(K,) standard errors, NaN without covariance."""
        if self.covariance is None:
            return np.full(len(self.models), np.nan)
        return np.sqrt(self.covariance.diagonal())

    @property
    def elo(self) -> Array:
        """(K,) the same strengths on the Elo scale: 400 points for odds of 10, around 1000."""
        elo: Array = ELO_BASE + ELO_PER_NAT * self.strength
        return elo


def bradley_terry(data: Comparisons, confidence: Confidence = ROBUST_95, anchor: str | None = None) -> Strengths:
    """Fit strengths. `anchor`: a model whose strength is set to 0; otherwise their mean is 0.

    Raises NotComparable, naming the groups, when the models fall into groups that never met, and Invalid when
    the anchor is not among the models. Intervals: sandwich errors (`model`: inverse Fisher information) with the
    t quantile on G* - 1 degrees of freedom.
    """
    wins = win_matrix(data)
    groups = groups_that_met(wins, data.models)
    if len(groups) > 1:
        listed = "; ".join(", ".join(group) for group in groups)
        raise NotComparable(f"these groups of models never met in a decided pair: {listed}")
    unbounded = _unbounded(wins)
    if unbounded.any():
        strength, warnings = fit(wins + HALF * (wins + wins.T > 0))
        named = ", ".join(model for model, flag in zip(data.models, unbounded, strict=True) if flag)
        warnings += (f"no finite maximum: {named} won or lost everything against the others",)
        errors = Errors(None, "penalised by half a win each way between models that met; no error")
    else:
        strength, warnings = fit(wins)
        errors = _errors(data, wins, strength, confidence)
    strength, covariance = _anchored(strength, errors.covariance, data.models, anchor)
    g_star = effective_clusters(cluster_sizes(data.cluster))
    low, high = _limits(strength, covariance, t_quantile(confidence.level, g_star))
    differences = len(strength) * (len(strength) - 1) / 2
    bonferroni = 1 - (1 - confidence.level) / differences
    rank_low, rank_high = _ranks(strength, covariance, t_quantile(bonferroni, g_star))
    return Strengths(
        models=tuple(data.models),
        strength=strength,
        covariance=covariance,
        low=low,
        high=high,
        rank_low=rank_low,
        rank_high=rank_high,
        unbounded=unbounded,
        method=errors.method,
        deviance=None if unbounded.any() else _deviance(wins, strength),
        df=int(np.triu(wins + wins.T > 0).sum()) - (len(strength) - 1),
        warnings=warnings + errors.warnings,
    )


def win_matrix(data: Comparisons) -> Array:
    """(K, K) half-win counts: how often row beat column; comparisons of a model with itself do not count."""
    size = len(data.models)
    won = np.bincount(data.model_a * size + data.model_b, weights=data.score, minlength=size * size)
    lost = np.bincount(data.model_b * size + data.model_a, weights=1 - data.score, minlength=size * size)
    wins: Array = (won + lost).reshape(size, size)
    np.fill_diagonal(wins, 0)
    return wins


def groups_that_met(wins: Array, models: Sequence[str]) -> list[list[str]]:
    """The connected groups of models; strengths exist on one scale only when there is one group."""
    count, label = connected_components(wins + wins.T > 0, directed=False)
    return [[models[i] for i in np.flatnonzero(label == group).tolist()] for group in range(count)]


def fit(wins: Array) -> tuple[Array, tuple[str, ...]]:
    """(K,) maximum-likelihood strengths of mean 0 by choix, polished and cross-checked by Newton; warnings.

    The maximum must exist: every model reaches every other along wins (Ford 1957).
    """
    import choix  # noqa: PLC0415 - it imports scipy.stats: seconds at the start of processes that never fit

    try:
        by_choix = choix.ilsr_pairwise_dense(wins, max_iter=CHOIX_STEPS)
    except RuntimeError:
        return newton(wins), ("choix did not converge: the strengths are Newton's alone",)
    strength = newton(wins, by_choix)
    gap = float(np.abs(strength - (by_choix - by_choix.mean())).max())
    return strength, (f"choix and Newton differ by {gap:.1e}",) if gap > AGREEMENT else ()


def newton(wins: Array, start: Array | None = None) -> Array:
    """(K,) maximum-likelihood strengths of mean 0 by damped Newton steps from `start` (default 0)."""
    strength = np.zeros(len(wins)) if start is None else start - start.mean()
    for _ in range(NEWTON_STEPS):
        gradient = (wins - (wins + wins.T) * _chances(strength)).sum(axis=1)
        step = _inverse_information(wins, strength) @ gradient
        strength = strength + step / max(1.0, float(np.abs(step).max()))
        if np.abs(step).max() < CONVERGED:
            break
    centred: Array = strength - strength.mean()
    return centred


def _chances(strength: Array) -> Array:
    """(K, K) probability that row beats column."""
    chances: Array = expit(strength[:, None] - strength[None, :])
    return chances


def _inverse_information(wins: Array, strength: Array) -> Array:
    """(K, K) inverse Fisher information on strengths of sum 0: the model-based covariance."""
    chances, constant = _chances(strength), np.full(wins.shape, 1 / len(wins))
    weight = (wins + wins.T) * chances * (1 - chances)
    inverse: Array = np.linalg.inv(np.diag(weight.sum(axis=1)) - weight + constant) - constant
    return inverse


def _unbounded(wins: Array) -> Array:
    """(K,) models outside the one largest group in which everyone reaches everyone along wins; all, if none is."""
    count, label = connected_components(wins > 0, directed=True, connection="strong")
    if count == 1:
        return np.zeros(len(wins), dtype=bool)
    sizes = np.bincount(label)
    lone_largest = (sizes == sizes.max()).sum() == 1
    outside: Array = label != sizes.argmax() if lone_largest else np.ones(len(wins), dtype=bool)
    return outside


def _errors(data: Comparisons, wins: Array, strength: Array, confidence: Confidence) -> Errors:
    """Sandwich H^-1 B H^-1 with B = C/(C-1) sum_c u_c u_c', all pairs of a cluster together (Liang, Zeger 1986)."""
    bread = _inverse_information(wins, strength)
    by_model = "inverse Fisher information: pairs taken as independent"
    if confidence.kind is IntervalKind.MODEL:
        return Errors(bread, by_model)
    sizes = cluster_sizes(data.cluster)
    if len(sizes) == 1:
        return Errors(None, "no error: all pairs belong to one cluster")
    meat = _scores_of_clusters(data, strength) * len(sizes) / (len(sizes) - 1)
    if np.linalg.matrix_rank(meat, tol=NO_VARIATION * (wins + wins.T).sum(), hermitian=True) < len(strength) - 1:
        return Errors(bread, by_model, ("clusters vary too little for a cluster-robust error: model-based errors",))
    g_star = effective_clusters(sizes)
    few = f"only {g_star:.1f} effective clusters: the errors of strengths are rough below {FEW_CLUSTERS}"
    return Errors(bread @ meat @ bread, "cluster sandwich", (few,) if g_star < FEW_CLUSTERS else ())


def _scores_of_clusters(data: Comparisons, strength: Array) -> Array:
    """(K, K) sum over clusters of u_c u_c', u_c the gradient of the cluster's log-likelihood."""
    residual = data.score - expit(strength[data.model_a] - strength[data.model_b])
    cluster = dense(data.cluster)
    entries = np.concatenate([residual, -residual])
    where = np.concatenate([cluster, cluster]), np.concatenate([data.model_a, data.model_b])
    gradients = csr_array((entries, where), shape=(int(cluster.max()) + 1, len(strength)))
    outer: Array = (gradients.T @ gradients).toarray()
    return outer


def _anchored(
    strength: Array, covariance: Array | None, models: Sequence[str], anchor: str | None
) -> tuple[Array, Array | None]:
    if anchor is None:
        return strength, covariance
    if anchor not in models:
        raise Invalid("the anchor is not a model of this comparison", (Problem("name one of its models", "anchor"),))
    zero = models.index(anchor)
    shift = np.eye(len(strength))
    shift[:, zero] -= 1
    return shift @ strength, None if covariance is None else shift @ covariance @ shift.T


def _limits(strength: Array, covariance: Array | None, quantile: float) -> tuple[Array, Array]:
    if covariance is None:
        unknown = np.full(len(strength), np.nan)
        return unknown, unknown
    margin = quantile * np.sqrt(np.maximum(covariance.diagonal(), 0))
    return strength - margin, strength + margin


def _ranks(strength: Array, covariance: Array | None, quantile: float) -> tuple[Array, Array]:
    """Ranks left open by all pairwise differences together; without covariance, all of them.

    A rank starts after the models that are surely better (Mogstad et al. 2024, Review of Economic Studies 91:476).
    """
    size = len(strength)
    if covariance is None:
        return np.ones(size, dtype=int), np.full(size, size)
    variance = covariance.diagonal()
    spread = np.sqrt(np.maximum(variance[:, None] + variance[None, :] - 2 * covariance, 0))
    better = strength[:, None] - strength[None, :] > quantile * spread
    np.fill_diagonal(better, val=False)
    return 1 + better.sum(axis=0), size - better.sum(axis=1)


def _deviance(wins: Array, strength: Array) -> float:
    """Residual deviance against a free win rate for every two models that met."""
    expected = (wins + wins.T) * _chances(strength)
    ratio = np.divide(wins, expected, out=np.ones_like(wins), where=expected > 0)
    return 2 * float(xlogy(wins, ratio).sum())
