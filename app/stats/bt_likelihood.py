"""The Bradley-Terry likelihood of half-win counts: its maximum, information and deviance.

Sources: Bradley and Terry (1952), Biometrika 39:324-345; Maystre and Grossglauser (2015), NIPS, for the fit by
choix.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.special import expit, xlogy

Array = npt.NDArray[Any]
AGREEMENT = 1e-6
CONVERGED = 1e-11
CHOIX_STEPS = 1_000
NEWTON_STEPS = 100


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
        gradient = (wins - (wins + wins.T) * chances(strength)).sum(axis=1)
        step = inverse_information(wins, strength) @ gradient
        strength = strength + step / max(1.0, float(np.abs(step).max()))
        if np.abs(step).max() < CONVERGED:
            break
    centred: Array = strength - strength.mean()
    return centred


def chances(strength: Array) -> Array:
    """(K, K) probability that row beats column."""
    probability: Array = expit(strength[:, None] - strength[None, :])
    return probability


def laplacian(weight: Array) -> Array:
    """(K, K) sum of weight (e_row - e_column)(e_row - e_column)' over all entries of `weight`, (K, K)."""
    both = weight + weight.T
    summed: Array = np.diag(both.sum(axis=1)) - both
    return summed


def inverse_information(wins: Array, strength: Array) -> Array:
    """(K, K) inverse Fisher information on strengths of sum 0: the model-based covariance."""
    chance, constant = chances(strength), np.full(wins.shape, 1 / len(wins))
    inverse: Array = np.linalg.inv(laplacian(wins * chance * (1 - chance)) + constant) - constant
    return inverse


def log_likelihood(wins: Array, strength: Array) -> float:
    """Of half-win counts, without the constant."""
    lead = strength[:, None] - strength[None, :]
    return -float((wins * np.logaddexp(0, -lead)).sum())


def deviance(wins: Array, strength: Array) -> float:
    """Residual deviance against a free win rate for every two models that met."""
    expected = (wins + wins.T) * chances(strength)
    ratio = np.divide(wins, expected, out=np.ones_like(wins), where=expected > 0)
    return max(0.0, 2 * float(xlogy(wins, ratio).sum()))  # rounding must not make a perfect fit negative
