"""Equivalence and non-inferiority: showing that a rate is near 1/2, which "not significant" never shows.

Sources: Schuirmann (1987), Journal of Pharmacokinetics and Biopharmaceutics 15:657-680, for the two one-sided tests.
Both tests invert the one interval rule of `app.stats.intervals`, so they agree with the interval printed beside them.
Definitions: docs/statistics.md, section 11.
"""

from __future__ import annotations

from dataclasses import dataclass

from scipy.special import stdtr

from app.domain.errors import Invalid, Problem
from app.stats.intervals import HALF, Interval, t_quantile, wilson
from app.stats.multiplicity import distance, no_p

ALPHA = 0.05


@dataclass(frozen=True, slots=True)
class Equivalence:
    """Whether a rate of side A was shown to lie within `margin` of 1/2, or not below 1/2 - margin, at alpha 0.05.

    `low90`, `high90`: the 90 % interval, which decides: equivalent when all of it lies within the margins,
    non-inferior when its low end lies above 1/2 - margin. `reason`: why there is no p value; nothing is then
    claimed. False means "not shown", never "shown to differ".
    """

    margin: float
    equivalent: bool
    non_inferior: bool
    p_equivalence: float | None
    p_non_inferiority: float | None
    low90: float | None
    high90: float | None
    reason: str | None = None


def equivalence(interval: Interval, margin: float) -> Equivalence:
    """Two one-sided tests of the rate in `interval` against 1/2 - margin and 1/2 + margin, margin in (0, 1/2).

    Invalid for another margin. Nothing is claimed below 10 effective clusters.
    """
    if not 0 < margin < HALF:
        raise Invalid("the margin lies between 0 and 1/2", (Problem("give a number above 0 and below 0.5", "margin"),))
    low, high = _limits(interval)
    reason = no_p(interval)
    if reason is not None:
        return Equivalence(
            margin=margin,
            equivalent=False,
            non_inferior=False,
            p_equivalence=None,
            p_non_inferiority=None,
            low90=low,
            high90=high,
            reason=reason,
        )
    df = interval.effective_clusters - 1
    above = float(stdtr(df, -distance(interval, HALF - margin)))
    below = float(stdtr(df, distance(interval, HALF + margin)))
    both = max(above, below)
    return Equivalence(margin, both < ALPHA, above < ALPHA, both, above, low, high)


def _limits(interval: Interval) -> tuple[float | None, float | None]:
    """The rule's limits at level 1 - 2 alpha."""
    if interval.estimate is None:
        return None, None
    return wilson(interval.estimate, interval.n_eff, t_quantile(1 - 2 * ALPHA, interval.effective_clusters))
