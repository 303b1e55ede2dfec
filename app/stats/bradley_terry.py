"""Bradley-Terry strengths from half-win counts, with cluster-robust errors and honest ranks.

Sources: Bradley and Terry (1952), Biometrika 39:324-345; Liang and Zeger (1986), Biometrika 73:13-22, for the
cluster sandwich; Firth (1993), Biometrika 80:27-38, for the half wins that keep an unbeaten model finite.
Definitions: docs/statistics.md, section 12.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from app.stats.bt_bootstrap import ROUNDS, bootstrap_strengths, varies
from app.stats.bt_likelihood import chances, deviance, fit, inverse_information, laplacian
from app.stats.comparisons import Comparisons, squared_residuals, win_matrix
from app.stats.connectivity import groups_that_met, require_one_group, unbounded_models, unbounded_warning
from app.stats.intervals import HALF, ROBUST_95, Confidence, IntervalKind, cluster_sizes, effective_clusters
from app.stats.profile_bound import profile_bounds
from app.stats.sandwich import BY_MODEL, Errors, Rows, robust_errors, summed_scores, thin_models
from app.stats.strengths import Estimate, Strengths, on_scale, shift_to

__all__ = ["Comparisons", "Strengths", "bradley_terry", "groups_that_met", "win_matrix"]

Array = npt.NDArray[Any]
PENALISED = "penalised by half a win each way between models that met; no error"
BY_BOOTSTRAP = f"cluster bootstrap: percentiles of {ROUNDS:,} draws, one Newton step each"
UNVARIED = "bootstrap draws do not vary or fall apart: the errors are the cluster-robust ones"


def bradley_terry(data: Comparisons, confidence: Confidence = ROBUST_95, anchor: str | None = None) -> Strengths:
    """Fit strengths. `anchor`: a model whose strength is set to 0; otherwise their mean is 0.

    Raises NotComparable, naming the groups, when the models fall into groups that never met, and Invalid when there
    are fewer than two models, a score is not a number, or the anchor is not among the models. Intervals: sandwich
    errors (`model`: inverse Fisher information, pairs taken as independent) with the t quantile on G* - 1 degrees
    of freedom; `bootstrap`: percentiles, with the covariance of the draws. Unbounded models: a penalised estimate
    without errors; an undefeated one has a `low` and a winless one a `high` by `app.stats.profile_bound`.
    """
    wins = win_matrix(data)
    require_one_group(wins, data.models)
    unbounded = unbounded_models(wins)
    if unbounded.any():
        return _penalised(data, wins, unbounded, confidence, anchor)
    strength, warnings = fit(wins)
    sizes = _sizes(data, confidence)
    errors = _errors(data, wins, strength, sizes, confidence)
    if confidence.kind is not IntervalKind.MODEL:
        warnings += thin_models(data.models, wins, (data.model_a, data.model_b), data.cluster, sizes)
    estimate = Estimate(
        strength=strength,
        covariance=errors.covariance,
        unbounded=unbounded,
        method=errors.method,
        warnings=warnings + errors.warnings,
        deviance=deviance(wins, strength),
        df=_df(wins),
    )
    if confidence.kind is IntervalKind.BOOTSTRAP and len(sizes) > 1:
        return _bootstrapped(data, estimate, confidence, anchor, effective_clusters(sizes))
    return on_scale(data.models, estimate, anchor=anchor, level=confidence.level, g_star=effective_clusters(sizes))


def _sizes(data: Comparisons, confidence: Confidence) -> Array:
    by_model = confidence.kind is IntervalKind.MODEL
    return np.ones(len(data.score), dtype=int) if by_model else cluster_sizes(data.cluster)


def _df(wins: Array) -> int:
    return int(np.triu(wins + wins.T > 0).sum()) - (len(wins) - 1)


def _errors(data: Comparisons, wins: Array, strength: Array, sizes: Array, confidence: Confidence) -> Errors:
    bread = inverse_information(wins, strength)
    if confidence.kind is IntervalKind.MODEL:
        return Errors(bread, BY_MODEL)
    if sizes.max() == 1:  # every pair on its own: counts by meeting say all
        scores = laplacian(squared_residuals(data, chances(strength)))
    else:
        chance = chances(strength).ravel().take(data.meeting)
        residual = np.subtract(data.score, chance, out=chance)  # in place: new memory costs as much as the subtraction
        scores = summed_scores(Rows(data.model_a, data.model_b, residual, data.cluster), len(strength))
    return robust_errors(bread, scores, sizes, free=len(strength) - 1)


def _bootstrapped(
    data: Comparisons, estimate: Estimate, confidence: Confidence, anchor: str | None, g_star: float
) -> Strengths:
    """Percentile intervals of the draws; the estimate's own errors where the draws do not vary."""
    draws = bootstrap_strengths(data, estimate.strength, confidence.seed)
    if not varies(draws):
        unvaried = replace(estimate, warnings=(*estimate.warnings, UNVARIED))
        return on_scale(data.models, unvaried, anchor=anchor, level=confidence.level, g_star=g_star)
    lost = ROUNDS - len(draws)
    apart = (f"in {lost} of {ROUNDS:,} bootstrap draws models never met: left out",) * (lost > 0)
    drawn = replace(
        estimate,
        covariance=np.cov(draws, rowvar=False),
        method=BY_BOOTSTRAP,
        warnings=estimate.warnings + apart,
    )
    found = on_scale(data.models, drawn, anchor=anchor, level=confidence.level, g_star=g_star)
    tail = (1 - confidence.level) / 2
    low, high = np.quantile(draws @ shift_to(data.models, anchor).T, [tail, 1 - tail], axis=0)
    known = ~np.isnan(found.se)  # the anchor is 0 in every draw
    return replace(found, low=np.where(known, low, np.nan), high=np.where(known, high, np.nan))


def _penalised(
    data: Comparisons, wins: Array, unbounded: Array, confidence: Confidence, anchor: str | None
) -> Strengths:
    strength, warnings = fit(wins + HALF * (wins + wins.T > 0))
    warnings += (unbounded_warning(data.models, unbounded),)
    estimate = Estimate(strength, None, unbounded, PENALISED, warnings, df=_df(wins))
    g_star = effective_clusters(_sizes(data, confidence))
    found = on_scale(data.models, estimate, anchor=anchor, level=confidence.level, g_star=g_star)
    independent = _independent_parts(data, unbounded, confidence)
    bounds = profile_bounds(wins, found.strength, independent, confidence.level)
    bounded = np.array([model != anchor for model in data.models])  # the anchor is 0 by definition
    low, high = (np.where(bounded, end, np.nan) for end in (bounds.low, bounds.high))
    return replace(found, low=low, high=high, warnings=found.warnings + bounds.warnings)


def _independent_parts(data: Comparisons, unbounded: Array, confidence: Confidence) -> Array:
    """(K,) G* / n over every unbounded model's pairs with others; 1 where pairs are taken as independent."""
    part = np.ones(len(unbounded))
    if confidence.kind is IntervalKind.MODEL:
        return part
    apart = data.model_a != data.model_b
    for model in np.flatnonzero(unbounded).tolist():
        own = apart & ((data.model_a == model) | (data.model_b == model))
        part[model] = effective_clusters(cluster_sizes(data.cluster[own])) / own.sum()
    return part
