"""One-sided bounds on the strength of a model that won, or lost, everything against the bounded models.

Its maximum-likelihood strength is infinite, so there is no error; but weaker and weaker strengths make so many wins
ever less likely. With t the lead over the mean of the bounded models and L(t) the likelihood profiled over their
strengths, the bound is the t at which L(t) / sup L = (1 - level) / 2: with known opponents the exact bound of an
all-wins record (Clopper and Pearson 1934, Biometrika 26:404-413), where the chi-square cut of regular profile
bounds would miss too often. The tail is that of everyone else's two-sided interval.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.special import expit

from app.stats.bt_likelihood import laplacian, log_likelihood, newton
from app.stats.connectivity import equals, unbounded_models

Array = npt.NDArray[Any]
STEPS = 100
CONVERGED = 1e-10
RIDGE = 1e-12  # keeps a step finite where every chance is 0 or 1; far too little to move the maximum
LARGEST_STEP = 2.0  # downwards: the likeliest strengths of the others are found from where they were before
FARTHEST = 30.0  # a bound beyond these log-odds says nothing, and chances there are 0 or 1 in floating point


@dataclass(frozen=True, slots=True)
class Bounds:
    """(K,) `low` of undefeated and `high` of winless models on the printed scale, NaN elsewhere; what is left out.

    A bound is the printed mean strength of the bounded models plus the bound on the model's lead over that mean:
    anchoring moves it with everything else. Of two models, each is the other's bounded group.
    """

    low: Array
    high: Array
    warnings: tuple[str, ...]


def profile_bounds(wins: Array, printed: Array, independent: Array, level: float) -> Bounds:
    """Bounds from half-win counts `wins` (K, K) and the `printed` strengths (K,).

    `independent`: float (K,), which part of a model's pairs counts as independent: G* / n over its pairs, 1 where
    pairs are taken as independent. A record that does not vary tells nothing about clusters, so a whole cluster
    counts as one pair. Only direct meetings with the bounded group are used; a model without any has no bound.
    """
    low, high = np.full(len(wins), np.nan), np.full(len(wins), np.nan)
    missing = far = 0
    for model in np.flatnonzero(unbounded_models(wins)).tolist():
        group = _bounded_group(wins, model)
        won, lost = wins[model, group].sum(), wins[group, model].sum()
        if not won + lost:
            missing += 1
            continue
        cut = math.log(2 / (1 - level)) / independent[model]
        reference = printed[group].mean()
        among = wins[np.ix_(group, group)]
        if won:
            low[model] = reference + _least_lead(among, wins[model, group], cut)
        else:
            high[model] = reference - _least_lead(among.T, wins[group, model], cut)
        far += bool(np.isnan([low[model], high[model]]).all())
    return Bounds(low, high, _left_out(missing, far))


def _left_out(missing: int, far: int) -> tuple[str, ...]:
    never = f"{missing} unbounded models never met one group of bounded models: no bound for them"
    little = f"{far} unbounded models met the others in too few independent pairs: no bound for them"
    return (never,) * (missing > 0) + (little,) * (far > 0)


def _bounded_group(wins: Array, model: int) -> Array:
    """The models of the one largest group of equals that `model` is not in; empty when there is no such one."""
    label = equals(wins)
    sizes = np.bincount(label)
    sizes[label[model]] = 0
    members: Array = np.flatnonzero(label == sizes.argmax())
    return members if (sizes == sizes.max()).sum() == 1 else members[:0]


def _least_lead(wins: Array, won: Array, cut: float) -> float:
    """The lead t at which the profiled log-likelihood lies `cut` below its supremum; NaN when t < -FARTHEST.

    `wins`: (G, G) half-win counts within the group. `won`: (G,) wins of the model over each of the group. The drop
    is convex and falls in t, so Newton's steps come to the root from below after at most one step too far, and those
    down are kept short.
    """
    strength = newton(wins) if len(wins) > 1 else np.zeros(1)
    best = log_likelihood(wins, strength)
    each = cut / float(won.sum())
    lead = max(-FARTHEST, -each - math.log(-math.expm1(-each)))  # -log(expm1(each)), which may overflow
    for _ in range(STEPS):
        strength = _others(wins, won, lead, strength)
        drop = best - _likelihood(wins, won, lead, strength)
        step = (drop - cut) / float((won * expit(strength - lead)).sum())
        if lead == -FARTHEST and step < 0:
            return math.nan
        lead = max(-FARTHEST, lead + max(-LARGEST_STEP, step))
        if abs(step) < CONVERGED:
            break
    return lead


def _others(wins: Array, won: Array, lead: float, strength: Array) -> Array:
    """(G,) likeliest strengths of mean 0 of the group once the model leads their mean by `lead`."""
    constant = np.full(wins.shape, 1 / len(wins))
    centred = np.eye(len(wins)) - constant
    reached = _likelihood(wins, won, lead, strength)
    for _ in range(STEPS):
        chance, beaten = expit(strength[:, None] - strength[None, :]), expit(strength - lead)
        gradient = (wins - (wins + wins.T) * chance).sum(axis=1) - won * beaten
        information = laplacian(wins * chance * (1 - chance)) + np.diag(won * beaten * (1 - beaten) + RIDGE)
        step = np.linalg.solve(centred @ information @ centred + constant, centred @ gradient)
        step /= max(1.0, float(np.abs(step).max()))
        while (tried := _likelihood(wins, won, lead, strength + step)) < reached and np.abs(step).max() >= CONVERGED:
            step /= 2
        strength, reached = strength + step, tried
        if np.abs(step).max() < CONVERGED:
            break
    return strength


def _likelihood(wins: Array, won: Array, lead: float, strength: Array) -> float:
    """The logarithm of it: of the group's own record, and of the model's wins over the group."""
    return log_likelihood(wins, strength) - float((won * np.logaddexp(0, strength - lead)).sum())
