"""How much more often a judge changes its mind when the order is swapped than when it is just asked again.

Definition: docs/statistics.md, section 14. Source: Hoeffding (1948), Annals of Mathematical Statistics 19:293-325,
for the U-statistics that estimate, without bias, how often two independent picks disagree.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from app.domain.judgment import Pick
from app.domain.order import Order
from app.stats.intervals import NOTHING, ROBUST_95, Confidence, Interval, mean_interval

Array = npt.NDArray[Any]
ORDERS = 2
REPEATS = 2


@dataclass(frozen=True, slots=True)
class FlipExcess:
    """Over the n pairs with two decided picks in either order: `swap`, how often picks from the two orders name
    different sides; `repeat`, how often two picks of one order do; `excess` = swap - repeat with its interval.

    With chances p and q of naming side A in the two orders the excess of a pair is (p - q)^2 on average: 0 exactly
    when order does not matter, however noisy the judge. None, with the reason in `warnings`, where n is 0.
    """

    n: int
    swap: Interval
    repeat: Interval
    excess: float | None
    low: float | None
    high: float | None
    warnings: tuple[str, ...] = ()


def flip_excess(
    picks: Array,
    cluster: Array,
    confidence: Confidence = ROBUST_95,
    *,
    orders: Sequence[Order] = (Order.AB, Order.BA),
) -> FlipExcess:
    """Noise floor of one judge's `picks`, int8 (n, orders, repeats), a `Pick` or 0 for none; ties are not decided.

    `cluster`: int (n,) >= 0. The excess lies in [-1, 1]; its interval is the one rule's, whose variance is the
    leave-one-cluster-out jackknife, on (1 + excess)/2.
    """
    if picks.shape[1] < ORDERS or picks.shape[2] < REPEATS:
        return _unknown("the noise floor needs both orders and two repeats or more")
    (a_one, n_one), (a_two, n_two) = (_named(picks[:, place], order) for place, order in enumerate(orders))
    enough = (n_one >= REPEATS) & (n_two >= REPEATS)
    if not enough.any():
        return _unknown("no pair has two decided picks in either order")
    if not enough.all():
        a_one, n_one, a_two, n_two, cluster = (part[enough] for part in (a_one, n_one, a_two, n_two, cluster))
    swap = (a_one * (n_two - a_two) + a_two * (n_one - a_one)) / (n_one * n_two)
    repeat = _disagreeing(a_one, n_one) / 2 + _disagreeing(a_two, n_two) / 2
    half = mean_interval((1 + swap - repeat) / 2, cluster, confidence)
    excess, low, high = (None if value is None else 2 * value - 1 for value in (half.estimate, half.low, half.high))
    return FlipExcess(
        n=half.n,
        swap=mean_interval(swap, cluster, confidence),
        repeat=mean_interval(repeat, cluster, confidence),
        excess=excess,
        low=low,
        high=high,
        warnings=half.warnings,
    )


def _unknown(reason: str) -> FlipExcess:
    return FlipExcess(0, NOTHING, NOTHING, None, None, None, (reason,))


def _named(picks: Array, order: Order) -> tuple[Array, Array]:
    """How many of (n, repeats) picks name side A, and how many are decided, float (n,) each."""
    a = Pick.FIRST if order is Order.AB else Pick.SECOND  # the array form of unswap()
    named, decided = np.zeros(len(picks)), np.zeros(len(picks))
    for repeat in range(picks.shape[1]):
        pick = picks[:, repeat]
        named += pick == a
        decided += (pick == Pick.FIRST) | (pick == Pick.SECOND)
    return named, decided


def _disagreeing(a: Array, n: Array) -> Array:
    """Share of the couples of n picks that disagree, a of them naming side A."""
    share: Array = 2 * a * (n - a) / (n * (n - 1))
    return share
