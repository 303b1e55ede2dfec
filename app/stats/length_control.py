"""Length and format: how often the longer trace wins, and the rate expected at equal length; a sensitivity analysis.

Sources: Dubois, Galambosi, Liang and Hashimoto (2024), Length-Controlled AlpacaEval, arXiv 2404.04475, for the
regression and the rate at equal length; Papke and Wooldridge (1996), Journal of Applied Econometrics 11:619-632, for
fractional scores; Liang and Zeger (1986), Biometrika 73:13-22, for the cluster sandwich. Length may mediate quality:
the controlled rate is not the truth. Definitions: docs/statistics.md, section 15.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.special import expit

from app.domain.errors import Invalid, Problem
from app.stats.intervals import (
    ROBUST_95,
    Confidence,
    Interval,
    IntervalKind,
    dense,
    mean_interval,
    t_quantile,
)

Array = npt.NDArray[Any]
STEPS = 30
CONVERGED = 1e-6  # of a step, whose square is left
NO_VARIATION = 1e-9
BOTH_SIGNS = 0.1


@dataclass(frozen=True, slots=True)
class LengthControl:
    """`longer_share`: share won by the longer trace, over decided pairs of different length; ties count as they score.

    `raw`: the rate of A over the pairs of the fit. `rate`, `low`, `high`: the rate of A expected at equal length
    and format; None with a `reason`. `slope`: log-odds per standard deviation of the log-length difference.
    `a_longer`, `b_longer`: shares of the pairs; `extrapolated` unless each is at least 10 %.
    """

    longer_share: Interval
    raw: Interval
    rate: float | None
    low: float | None
    high: float | None
    level: float
    slope: float | None
    a_longer: float | None
    b_longer: float | None
    extrapolated: bool
    reason: str | None = None
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Fit:
    """Log-odds at equal length with their standard error, and the slope of length; or the `reason` for none."""

    intercept: float = 0.0
    error: float = 0.0
    slope: float = 0.0
    reason: str | None = None


def length_control(
    score: Array,
    length_a: Array,
    length_b: Array,
    cluster: Array,
    confidence: Confidence = ROBUST_95,
    *,
    covariates: Array | None = None,
) -> LengthControl:
    """Control the mean of `score`, float (n,) in [0, 1], NaN where undecided, for the lengths of the traces.

    `length_a`, `length_b`: (n,) >= 0 in one unit, an empty trace counting as length 1. `cluster`: int (n,) >= 0.
    `covariates`: float (n, k), differences of format, A minus B, 0 where alike. Invalid for a length or covariate of
    a decided pair that is not a number, or a negative length.

    Logistic regression of the score on log(length_a / length_b) and the covariates, each over its standard
    deviation and not centred, so that expit(intercept) is the rate at equal length. Interval: cluster sandwich on
    the logit scale (never below that of independent pairs) with the t quantile on G* - 1; `model` takes pairs as
    independent, `bootstrap` is answered by the sandwich.
    """
    decided = ~np.isnan(score)
    score, cluster = score[decided], dense(cluster[decided])
    log_ratio = _log_lengths(length_a[decided]) - _log_lengths(length_b[decided])
    columns, dropped = _columns(log_ratio, None if covariates is None else covariates[decided])
    if confidence.kind is IntervalKind.MODEL:
        cluster = np.arange(len(score))
    raw = mean_interval(score, cluster, confidence)
    quantile = t_quantile(confidence.level, raw.effective_clusters)
    fit = _within_reach(_fit(score, columns, cluster), quantile)
    fitted = fit.reason is None
    low, high = _limits(fit, quantile) if fitted else (None, None)
    a_longer, b_longer = (float(side.mean()) if len(side) else None for side in (log_ratio > 0, log_ratio < 0))
    return LengthControl(
        longer_share=_longer_share(score, log_ratio, cluster, confidence),
        raw=raw,
        rate=float(expit(fit.intercept)) if fitted else None,
        low=low,
        high=high,
        level=confidence.level,
        slope=fit.slope if fitted else None,
        a_longer=a_longer,
        b_longer=b_longer,
        extrapolated=min(a_longer or 0.0, b_longer or 0.0) < BOTH_SIGNS,
        reason=fit.reason,
        warnings=dropped + (raw.warnings if fitted else ()),
    )


def _log_lengths(length: Array) -> Array:
    if not (np.isfinite(length) & (length >= 0)).all():
        raise Invalid("the length of a trace is not known", (Problem("give finite lengths of at least 0", "length"),))
    logs: Array = np.log(np.maximum(length, 1))
    return logs


def _longer_share(score: Array, log_ratio: Array, cluster: Array, confidence: Confidence) -> Interval:
    differ = log_ratio != 0
    of_longer = np.where(log_ratio > 0, score, 1 - score)
    return mean_interval(of_longer[differ], cluster[differ], confidence)


def _columns(log_ratio: Array, covariates: Array | None) -> tuple[Array, tuple[str, ...]]:
    """(1 + k', n) length and the covariates that vary, each over its standard deviation; the others named."""
    if covariates is None:
        covariates = np.empty((len(log_ratio), 0))
    if not np.isfinite(covariates).all():
        raise Invalid("a covariate is not known", (Problem("give finite numbers", "covariates"),))
    columns = np.vstack([log_ratio, covariates.T])
    spread = columns.std(axis=1) if len(log_ratio) else np.zeros(len(columns))
    varies = spread > NO_VARIATION * np.maximum(1, np.abs(columns).max(axis=1, initial=0))
    dropped = tuple(f"covariate {i} does not vary: left out" for i in np.flatnonzero(~varies[1:]).tolist())
    varies[0] |= True  # a length that does not vary is a reason not to fit
    return columns[varies] / np.where(spread > 0, spread, 1)[varies, None], dropped


def _fit(score: Array, columns: Array, cluster: Array) -> _Fit:
    """Newton's steps to the maximum of the Bernoulli (quasi-)likelihood, and the sandwich error at equal length.

    Columns are centred for the steps only: `equal` then says where lengths are equal.
    """
    middle = columns.mean(axis=1) if len(score) else np.zeros(len(columns))
    design, equal = np.vstack([np.ones(len(score)), columns - middle[:, None]]), np.append(1.0, -middle)
    reason = _no_fit(score, columns, design)
    if reason is not None:
        return _Fit(reason=reason)
    found = _maximum(score, design)
    if found is None:
        return _Fit(reason="separation: lengths (and covariates) tell wins from losses, no finite maximum")
    coefficient, inverse = found
    residual = score - expit(coefficient @ design)
    variance = _sandwich((equal @ inverse @ design) * residual, cluster, len(design))
    if variance < NO_VARIATION**2:
        return _Fit(reason="the scores lie on the curve: no error to be had")
    return _Fit(float(equal @ coefficient), math.sqrt(variance), float(coefficient[1]))


def _no_fit(score: Array, columns: Array, design: Array) -> str | None:
    if not len(score):
        return "nothing was decided"
    if np.ptp(columns[0]) < NO_VARIATION:
        return "the difference of lengths does not vary"
    if np.ptp(score) < NO_VARIATION:
        return "the scores do not vary"
    if len(score) <= len(design):
        return "too few pairs"
    least = np.linalg.eigvalsh(design @ design.T / len(score))[0]
    return "lengths and covariates are linearly dependent" if least < NO_VARIATION else None


def _within_reach(fit: _Fit, quantile: float) -> _Fit:
    """The fit, unless equal length lies so far outside the lengths seen that its rate is 0 or 1 to the last digit."""
    if fit.reason is not None:
        return fit
    low, high = _limits(fit, quantile)
    return fit if high - low > NO_VARIATION else _Fit(reason="equal length is too far from the lengths there are")


def _limits(fit: _Fit, quantile: float) -> tuple[float, float]:
    half_width = quantile * fit.error
    return float(expit(fit.intercept - half_width)), float(expit(fit.intercept + half_width))


def _maximum(score: Array, design: Array) -> tuple[Array, Array] | None:
    """Coefficients and the inverse information there; None when the steps do not settle: the maximum is at infinity."""
    coefficient = np.zeros(len(design))
    for _ in range(STEPS):
        chance = expit(coefficient @ design)
        information = (design * (chance * (1 - chance))) @ design.T
        if np.linalg.eigvalsh(information)[0] < NO_VARIATION:
            return None
        inverse = np.linalg.inv(information)
        step = inverse @ (design @ (score - chance))
        coefficient = coefficient + step / max(1.0, float(np.abs(step).max()))
        if np.abs(step).max() < CONVERGED:
            return coefficient, inverse
    return None


def _sandwich(influence: Array, cluster: Array, parameters: int) -> float:
    """Squared error from what each pair adds to the estimate, (n,); clusters' sums, or pairs' where that is more."""
    n = len(influence)
    independent = n / (n - parameters) * float(influence @ influence)
    sizes = np.bincount(cluster)
    count = int((sizes > 0).sum())
    if count == 1:
        return independent  # the infinite t quantile of a single cluster says the rest
    sums = np.bincount(cluster, influence)
    factor = count / (count - 1) * (n - 1) / (n - parameters)
    return max(independent, factor * float(sums @ sums))
