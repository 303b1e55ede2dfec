"""Whether a judge's probabilities mean what they say: Brier score and reliability curve (docs/statistics.md, 18).

Sources: Brier (1950), Monthly Weather Review 78:1-3; Murphy and Winkler (1977), Applied Statistics 26:41-47, for the
reliability curve.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from app.domain.errors import Invalid, Problem
from app.domain.verdict import HALF
from app.stats.intervals import ROBUST_95, Confidence, Interval, mean_interval

Array = npt.NDArray[Any]
BINS = 10


@dataclass(frozen=True, slots=True)
class ReliabilityBin:
    """Pairs whose probability for side A lies in [start, end) (the last bin has its end): the mean probability, and
    the share of labels for side A (ties count half), whose interval also counts the pairs.
    """

    start: float
    end: float
    mean: float
    observed: Interval


def brier_score(p: Array, label: Array, cluster: Array, confidence: Confidence = ROBUST_95) -> Interval:
    """Mean of (p - label)^2: 0 is perfect, 1/4 is what "1/2" for every decided pair gets. Half of Brier's own
    score, which sums over both outcomes.

    `p`: float (n,), probability for side A. `label`: float (n,), 1 for A, 0 for B, 1/2 for a tie. `cluster`: int (n,)
    >= 0. Raises Invalid for other numbers.
    """
    check_soft(p, label)
    return mean_interval((p - label) ** 2, cluster, confidence)


def reliability_curve(
    p: Array, label: Array, cluster: Array, confidence: Confidence = ROBUST_95
) -> tuple[ReliabilityBin, ...]:
    """The bins, of ten equally wide, that have a pair; arguments and errors as in `brier_score`."""
    check_soft(p, label)
    index = np.minimum((p * BINS).astype(np.int8), BINS - 1)
    order = np.argsort(index, kind="stable")
    p, label, cluster = p[order], label[order], cluster[order]
    ends = np.cumsum(np.bincount(index, minlength=BINS)).tolist()
    return tuple(
        ReliabilityBin(
            start=place / BINS,
            end=(place + 1) / BINS,
            mean=float(p[start:end].mean()),
            observed=mean_interval(label[start:end], cluster[start:end], confidence),
        )
        for place, (start, end) in enumerate(zip([0, *ends], ends, strict=False))
        if start < end
    )


def check_soft(p: Array, label: Array) -> None:
    """Raise Invalid unless every p is a probability and every label 0, 1/2 or 1."""
    if not ((p >= 0) & (p <= 1)).all():
        problem = Problem("give a number from 0 to 1 for every label", "p")
        raise Invalid("a probability is missing or out of range", (problem,))
    if not ((label == 0) | (label == HALF) | (label == 1)).all():
        raise Invalid("a label is of no known value", (Problem("a label is 1 (A), 0 (B) or 1/2 (tie)", "label"),))
