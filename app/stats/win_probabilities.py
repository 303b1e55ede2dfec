"""How likely each model is to beat each other, from fitted strengths with all of their covariance.

Source: Bradley and Terry (1952), Biometrika 39:324-345: P(i beats j) = 1 / (1 + exp(strength_j - strength_i)).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.special import expit

from app.stats.intervals import ROBUST_95, Confidence, t_quantile
from app.stats.ranks import spread_of_differences
from app.stats.strengths import Strengths

Array = npt.NDArray[Any]


@dataclass(frozen=True, slots=True)
class WinProbabilities:
    """(K, K) probability that row beats column, a tie being half a win each; 1/2 on the diagonal.

    `low`, `high`: (K, K), each pair of models on its own; None where the strengths have no covariance.
    """

    models: tuple[str, ...]
    estimate: Array
    low: Array | None
    high: Array | None


def win_probabilities(strengths: Strengths, confidence: Confidence = ROBUST_95) -> WinProbabilities:
    """Win probabilities of every model against every other; t intervals of the difference of two strengths.

    With picks fitted with Davidson ties these are odds among decided picks, exp(difference) : 1.
    """
    lead = strengths.strength[:, None] - strengths.strength[None, :]
    quantile = t_quantile(confidence.level, strengths.effective_clusters)
    if strengths.covariance is None or not np.isfinite(quantile):
        return WinProbabilities(strengths.models, expit(lead), None, None)
    margin = quantile * spread_of_differences(strengths.covariance)
    np.fill_diagonal(margin, 0)
    return WinProbabilities(strengths.models, expit(lead), expit(lead - margin), expit(lead + margin))
