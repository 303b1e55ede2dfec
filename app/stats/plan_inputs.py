"""What a plan starts from: the goal, what is assumed of the pairs, and what judging one takes (app/stats/planning)."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from app.domain.errors import Problem
from app.stats.intervals import HALF


@dataclass(frozen=True, slots=True)
class HalfWidth:
    """An interval of half-width at most `half_width`."""

    half_width: float
    level: float = 0.95


@dataclass(frozen=True, slots=True)
class Detect:
    """An interval that leaves out 1/2 with probability `power`, if the true rate is `Sample.rate`."""

    power: float = 0.8
    level: float = 0.95


@dataclass(frozen=True, slots=True)
class Equivalent:
    """Equivalence within `margin` of 1/2 shown at alpha 0.05 with probability `power`, if the rate is `Sample.rate`."""

    margin: float
    power: float = 0.8


Goal = HalfWidth | Detect | Equivalent


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """What is assumed of the pairs.

    `rate`: the win rate, ties counted half. `tie_share`: of the decided pairs. `variance`: of the pair scores, from a
    pilot; without it rate (1 - rate) - tie_share/4. Clusters: `cluster_sizes`, pairs of each cluster (a pilot's will
    do), or their mean `cluster_size`; with `largest_cluster` beside the mean the least favourable sizes between 1 and
    it are assumed, else equal ones. `icc`: correlation of two scores of one cluster. `lost_share`: pairs that will
    not be decided; for a preference rate, the ties as well.
    """

    rate: float = HALF
    tie_share: float = 0.0
    variance: float | None = None
    cluster_size: float = 1.0
    largest_cluster: int | None = None
    cluster_sizes: tuple[int, ...] | None = None
    icc: float = 0.0
    lost_share: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """What judging a pair takes: units = judges x orders x repeats x calls (one for each axis group).

    Tokens are per unit. Throughput of one GPU: `tokens_per_second`, prompt and reply together, or `units_per_second`.
    """

    judges: int = 1
    orders: int = 2
    repeats: int = 1
    calls: int = 1
    tokens_in: float | None = None
    tokens_out: float | None = None
    tokens_per_second: float | None = None
    units_per_second: float | None = None


def problems(goal: Goal, sample: Sample, work: Work) -> tuple[Problem, ...]:
    """Every parameter that is out of range, by its name."""
    return (*_goal_problems(goal, sample), *_sample_problems(sample), *_work_problems(work))


@dataclass(slots=True)
class _Wrong:
    """Collects what is out of range; NaN always is."""

    found: list[Problem] = field(default_factory=list)

    def unless(self, right: bool, name: str, reason: str) -> None:
        if not right:
            self.found.append(Problem(reason, name))


def _goal_problems(goal: Goal, sample: Sample) -> list[Problem]:
    wrong = _Wrong()
    if isinstance(goal, HalfWidth):
        wrong.unless(0 < goal.half_width < HALF, "half_width", "must lie between 0 and 1/2")
    else:
        wrong.unless(0 < goal.power < 1, "power", "must lie between 0 and 1")
    if isinstance(goal, Detect):
        wrong.unless(sample.rate != HALF, "rate", "must differ from 1/2: that is what is to be detected")
    if isinstance(goal, Equivalent):
        wrong.unless(0 < goal.margin < HALF, "margin", "must lie between 0 and 1/2")
        wrong.unless(not abs(sample.rate - HALF) >= goal.margin, "rate", "must lie within the margin of 1/2")
    else:
        wrong.unless(0 < goal.level < 1, "level", "must lie between 0 and 1")
    return wrong.found


def _sample_problems(sample: Sample) -> list[Problem]:
    wrong = _Wrong()
    wrong.unless(0 < sample.rate < 1, "rate", "must lie between 0 and 1")
    most_ties = 2 * min(sample.rate, 1 - sample.rate)
    wrong.unless(0 <= sample.tie_share < 1, "tie_share", "must be at least 0 and below 1")
    by_rate = sample.variance is None and sample.tie_share < 1
    wrong.unless(not (by_rate and sample.tie_share > most_ties), "tie_share", "more ties than this rate allows")
    wrong.unless(0 <= sample.icc <= 1, "icc", "must lie between 0 and 1")
    wrong.unless(0 <= sample.lost_share < 1, "lost_share", "must be at least 0 and below 1")
    wrong.unless(1 <= sample.cluster_size < math.inf, "cluster_size", "must be at least 1")
    largest, sizes = sample.largest_cluster, sample.cluster_sizes
    wrong.unless(largest is None or largest >= sample.cluster_size, "largest_cluster", "must not be below the mean")
    wrong.unless(sizes is None or (len(sizes) > 0 and min(sizes) >= 1), "cluster_sizes", "must each be at least 1")
    most = sample.rate * (1 - sample.rate)  # no score in [0, 1] of this mean varies more
    wrong.unless(sample.variance is None or 0 < sample.variance <= most, "variance", "must be in (0, rate (1 - rate)]")
    return wrong.found


def _work_problems(work: Work) -> list[Problem]:
    wrong = _Wrong()
    for name in ("judges", "orders", "repeats", "calls"):
        wrong.unless(getattr(work, name) >= 1, name, "must be at least 1")
    for name in ("tokens_in", "tokens_out"):
        wrong.unless(getattr(work, name) is None or 0 <= getattr(work, name) < math.inf, name, "must not be negative")
    for name in ("tokens_per_second", "units_per_second"):
        wrong.unless(getattr(work, name) is None or 0 < getattr(work, name) < math.inf, name, "must be positive")
    nothing = work.tokens_per_second is not None and work.tokens_in is None and work.tokens_out is None
    wrong.unless(not nothing, "tokens_in", "tokens a second cost nothing without the tokens of a unit")
    both = work.tokens_per_second is not None and work.units_per_second is not None
    wrong.unless(not both, "units_per_second", "give one throughput, not both")
    return wrong.found
