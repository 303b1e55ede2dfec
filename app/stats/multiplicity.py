"""P values of the null "rate = 1/2" that agree with the printed interval, and their adjustment for a family of tests.

Sources: Holm (1979), Scandinavian Journal of Statistics 6:65-70; Benjamini and Hochberg (1995), JRSS B 57:289-300;
the interval inverted here is that of `app.stats.intervals`. Definitions: docs/statistics.md, section 10.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.special import stdtr

from app.domain.errors import Invalid, Problem
from app.stats.intervals import HALF, Interval

Array = npt.NDArray[Any]
FEWEST_CLUSTERS = 10  # effective clusters below which no p value is given


@dataclass(frozen=True, slots=True)
class PValue:
    """A p value, or None with the reason why there is none."""

    value: float | None
    reason: str | None = None


def p_value(interval: Interval) -> PValue:
    """Two-sided p of "rate = 1/2": below 1 - level exactly when the interval at that level leaves 1/2 out.

    The interval is the rule's: bootstrap limits have no p value of this kind. None below 10 effective clusters.
    """
    reason = no_p(interval)
    if reason is not None:
        return PValue(None, reason)
    return PValue(2 * float(stdtr(interval.effective_clusters - 1, -abs(distance(interval, HALF)))))


def no_p(interval: Interval) -> str | None:
    """Why no p value may be given for this interval; None when one may."""
    if interval.estimate is None:
        return "nothing was decided"
    return too_few_clusters(interval.effective_clusters)


def too_few_clusters(g_star: float) -> str | None:
    """Why `g_star` effective clusters carry no p value; None when they do."""
    if g_star >= FEWEST_CLUSTERS:
        return None
    return f"no p value below {FEWEST_CLUSTERS} effective clusters: there are {g_star:.1f}"


def distance(interval: Interval, null: float) -> float:
    """Signed quantile at which the interval's limit touches `null`, in (0, 1).

    Wilson's limits solve |p - null| = q sqrt(null (1 - null) / n_eff), so q needs no search.
    """
    if interval.estimate is None:
        raise Invalid("nothing was decided", (Problem("an interval without an estimate has no distance", "interval"),))
    return (interval.estimate - null) * math.sqrt(interval.n_eff / (null * (1 - null)))


def holm(p: Sequence[float | None] | Array) -> tuple[float | None, ...]:
    """Holm's step-down adjusted p values, in the order of `p` (m,): the family-wise error is held under any dependence.

    None and NaN are no tests: they stay None and do not count into the family. Invalid for a p outside [0, 1].
    """
    return _adjusted(p, _step_down)


def benjamini_hochberg(p: Sequence[float | None] | Array) -> tuple[float | None, ...]:
    """Benjamini and Hochberg's step-up adjusted p values, in the order of `p` (m,).

    The false discovery rate is held for independent or positively dependent tests. None, NaN, errors: as `holm`.
    """
    return _adjusted(p, _step_up)


def _adjusted(p: Sequence[float | None] | Array, step: Callable[[Array], Array]) -> tuple[float | None, ...]:
    values = np.asarray(p, dtype=float)  # None becomes NaN
    tested = np.flatnonzero(~np.isnan(values))
    family = values[tested]
    if ((family < 0) | (family > 1)).any():
        raise Invalid("a p value lies in [0, 1]", (Problem("give p values between 0 and 1", "p"),))
    order = np.argsort(family, kind="stable")
    adjusted: list[float | None] = [None] * len(values)
    for place, value in zip(tested[order].tolist(), np.minimum(step(family[order]), 1).tolist(), strict=True):
        adjusted[place] = value
    return tuple(adjusted)


def _step_down(ascending: Array) -> Array:
    """Each p times the number of tests not yet rejected, never below the one before."""
    down: Array = np.maximum.accumulate(ascending * np.arange(len(ascending), 0, -1))
    return down


def _step_up(ascending: Array) -> Array:
    """Each p times m/rank, never above the one after."""
    scaled = ascending * (len(ascending) / np.arange(1, len(ascending) + 1))  # a factor of 1 or more: never below p
    up: Array = np.minimum.accumulate(scaled[::-1])[::-1]
    return up
