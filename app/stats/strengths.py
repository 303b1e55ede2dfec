"""Fitted strengths of models on a printed scale: mean 0 or anchored, with intervals and ranks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from app.domain.errors import Invalid, Problem
from app.stats.intervals import t_quantile
from app.stats.ranks import rank_range, surely_better

Array = npt.NDArray[Any]
UNRANKED = "differences have no errors here: which models can be told apart is not assessed, every rank is left open"
ELO_BASE = 1_000.0
ELO_PER_NAT = 400 / np.log(10)


@dataclass(frozen=True, slots=True)
class Strengths:
    """Fitted strengths of K models, natural logs, mean 0 or anchored.

    `covariance`: (K, K) of `strength`, None where there is none to be had; differences take their errors from
    all of it. `low`, `high`: intervals, NaN without covariance; of an unbounded model at most one of them is a
    number, a profile-likelihood bound (`app.stats.profile_bound`). `rank_low`, `rank_high`: the ranks (1 = best)
    that simultaneous pairwise differences leave open. `unbounded`: models whose maximum-likelihood strength is
    infinite. `method` says in words how the errors were made. `deviance` (on `df`) carries no p-value: half wins
    and clusters are not binomial. It is None for a penalised estimate; where picks were fitted one by one it is that of
    `app.stats.davidson_likelihood.deviance`, by the side shown first.
    `effective_clusters`: G*, which t quantiles of differences are taken on.
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
    effective_clusters: float

    @property
    def se(self) -> Array:
        """(K,) standard errors, NaN without covariance and for the anchor, which is 0 by definition."""
        if self.covariance is None:
            return np.full(len(self.models), np.nan)
        return _errors(self.covariance)

    @property
    def elo(self) -> Array:
        """(K,) the same strengths on the Elo scale: 400 points for odds of 10, around 1000."""
        elo: Array = ELO_BASE + ELO_PER_NAT * self.strength
        return elo


@dataclass(frozen=True, slots=True)
class Estimate:
    """Strengths of mean 0 before they are put on the printed scale; fields as in `Strengths`."""

    strength: Array
    covariance: Array | None
    unbounded: Array
    method: str
    warnings: tuple[str, ...] = ()
    deviance: float | None = None
    df: int | None = None


def on_scale(
    models: Sequence[str], estimate: Estimate, *, anchor: str | None, level: float, g_star: float
) -> Strengths:
    """Strengths with the mean, or the model `anchor`, at 0; t intervals and ranks on G* - 1 degrees of freedom.

    Raises Invalid when the anchor is not among the models.
    """
    shift = shift_to(models, anchor)
    strength, covariance = shift @ estimate.strength, estimate.covariance
    if covariance is not None:
        covariance = shift @ covariance @ shift.T
    low, high = _limits(strength, covariance, t_quantile(level, g_star))
    rank_low, rank_high = rank_range(surely_better(strength, covariance, level, g_star))
    return Strengths(
        models=tuple(models),
        strength=strength,
        covariance=covariance,
        low=low,
        high=high,
        rank_low=rank_low,
        rank_high=rank_high,
        unbounded=estimate.unbounded,
        method=estimate.method,
        deviance=estimate.deviance,
        df=estimate.df,
        warnings=estimate.warnings + (UNRANKED,) * (covariance is None and len(models) > 1),
        effective_clusters=g_star,
    )


def shift_to(models: Sequence[str], anchor: str | None) -> Array:
    """(K, K) matrix that takes strengths of mean 0 to the printed scale."""
    shift = np.eye(len(models))
    if anchor is None:
        return shift
    if anchor not in models:
        raise Invalid("the anchor is not a model of this comparison", (Problem("name one of its models", "anchor"),))
    shift[:, models.index(anchor)] -= 1
    return shift


def _limits(strength: Array, covariance: Array | None, quantile: float) -> tuple[Array, Array]:
    if covariance is None or not np.isfinite(quantile):
        unknown = np.full(len(strength), np.nan)
        return unknown, unknown
    margin = quantile * _errors(covariance)
    return strength - margin, strength + margin


def _errors(covariance: Array) -> Array:
    variance = covariance.diagonal()
    errors: Array = np.sqrt(np.where(variance > 0, variance, np.nan))
    return errors
