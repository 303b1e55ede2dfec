"""Position bias of one judge on one axis: how often it picks the first place, and whether its orders agree.

Definitions: docs/statistics.md, section 14; first share and consistency follow Zheng et al. (2023),
Judging LLM-as-a-Judge with MT-Bench and Chatbot Arena, section 3.3.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from app.domain.judgment import Pick
from app.domain.verdict import Stance
from app.stats.intervals import HALF, ROBUST_95, Confidence, Interval, share_interval

Array = npt.NDArray[Any]


@dataclass(frozen=True, slots=True)
class PositionBias:
    """`first_share`: picks for the first position among picks that are no tie; n counts picks.

    `consistency`: pairs whose two orders agree among pairs judged in both; n counts pairs. None when the plan has
    one order. Where no pair was judged in both, place and side cannot be told apart, nor orders compared.
    """

    first_share: Interval
    consistency: Interval | None
    flips: int
    partials: int

    @property
    def bias(self) -> float | None:
        """Signed P(first) - 1/2; None when nothing was picked, or no pair was judged in both orders."""
        if self.consistency is None or self.consistency.estimate is None or self.first_share.estimate is None:
            return None
        return self.first_share.estimate - HALF


def position_bias(picks: Array, stances: Array, cluster: Array, confidence: Confidence = ROBUST_95) -> PositionBias:
    """Position bias from one judge's `picks`, int8 (n, orders, repeats), a `Pick` or 0 for none.

    `stances`: int8 (n,), the judge's `Stance` by its picks. `cluster`: int (n,) >= 0, the clusters of both
    intervals.
    """
    first, second = (_picked(picks, pick) for pick in (Pick.FIRST, Pick.SECOND))
    return PositionBias(
        first_share=share_interval(first, first + second, cluster, confidence),
        consistency=_consistency(stances, cluster, confidence) if picks.shape[1] > 1 else None,
        flips=int((stances == Stance.FLIP).sum()),
        partials=int((stances == Stance.PARTIAL).sum()),
    )


def _picked(picks: Array, pick: Pick) -> Array:
    """(n,) how often a pair got this pick."""
    number = np.zeros(len(picks), np.int16)
    for order in range(picks.shape[1]):
        for repeat in range(picks.shape[2]):
            number += picks[:, order, repeat] == pick
    return number


def _consistency(stances: Array, cluster: Array, confidence: Confidence) -> Interval:
    both = stances != Stance.MISSING
    agree = both & (stances != Stance.FLIP) & (stances != Stance.PARTIAL)
    return share_interval(agree, both, cluster, confidence)
