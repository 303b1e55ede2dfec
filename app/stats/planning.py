"""How many pairs a job needs for a half-width, a power or an equivalence margin, and what judging them will cost.

Sources: Kish (1965), Survey Sampling, for the design effect 1 + (m - 1) ICC; Donner and Klar (2000), Design and
Analysis of Cluster Randomization Trials, for unequal clusters; Schuirmann (1987), Journal of Pharmacokinetics and
Biopharmaceutics 15:657-680, for equivalence. The interval planned for is the one of `app.stats.intervals`.
Definitions: docs/statistics.md, sections 7, 11 and 22.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.special import nctdtr

from app.domain.errors import Invalid, Problem
from app.stats.equivalence import ALPHA
from app.stats.intervals import FEW_CLUSTERS, HALF, t_quantile, wilson
from app.stats.multiplicity import FEWEST_CLUSTERS
from app.stats.plan_inputs import Detect, Equivalent, Goal, HalfWidth, Sample, Work, problems

MOST_CLUSTERS = 10**12
FEWEST_FOR_AN_INTERVAL = 2
ROUNDING = 1e-9


@dataclass(frozen=True, slots=True)
class PlanResult:
    """The job that reaches the goal, and all that was assumed.

    `pairs`, `clusters`: to submit, losses included. `effective_clusters`: G* of the pairs that will be decided.
    `half_width`: expected of their interval (at 90 % for equivalence). `power` is None for the goal of a half-width.
    Costs are None where what they follow from was not given.
    """

    goal: Goal
    sample: Sample
    work: Work
    pairs: int
    clusters: int
    effective_clusters: float
    design_effect: float
    score_variance: float
    half_width: float
    power: float | None
    units: int
    tokens_in: float | None
    tokens_out: float | None
    gpu_seconds: float | None
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Design:
    """What clusters are worth: mean size, sum n_c^2 / sum n_c, and variance of a score."""

    sample: Sample
    mean_size: float
    weighted_size: float
    variance: float

    @property
    def effect(self) -> float:
        return 1 + (self.weighted_size - 1) * self.sample.icc

    def decided(self, clusters: int) -> float:
        return clusters * self.mean_size * (1 - self.sample.lost_share)

    def g_star(self, clusters: int) -> float:
        return self.decided(clusters) / self.weighted_size

    def n_eff(self, clusters: int) -> float:
        return self.sample.rate * (1 - self.sample.rate) * self.decided(clusters) / (self.variance * self.effect)


def plan(goal: Goal, sample: Sample | None = None, work: Work | None = None) -> PlanResult:
    """The fewest clusters that reach `goal`, their pairs and their cost.

    Power uses the noncentral t on G* - 1 degrees of freedom with the interval rule's own criterion. Raises Invalid,
    naming every parameter that is out of range, and when a goal is out of reach.
    """
    sample, work = sample or Sample(), work or Work()
    found = problems(goal, sample, work)
    if found:
        raise Invalid("no job can be planned from this", found)
    design = _design(sample)
    clusters = _fewest(goal, design)
    g_star = design.g_star(clusters)
    level = 1 - 2 * ALPHA if isinstance(goal, Equivalent) else goal.level
    pairs = math.ceil(clusters * design.mean_size - ROUNDING)
    units = pairs * work.judges * work.orders * work.repeats * work.calls
    few = f"only {g_star:.1f} effective clusters: the interval is rough below {FEW_CLUSTERS}"
    return PlanResult(
        goal=goal,
        sample=sample,
        work=work,
        pairs=pairs,
        clusters=clusters,
        effective_clusters=g_star,
        design_effect=design.effect,
        score_variance=design.variance,
        half_width=_half_width(design, clusters, level),
        power=None if isinstance(goal, HalfWidth) else _power(goal, design, clusters),
        units=units,
        tokens_in=None if work.tokens_in is None else units * work.tokens_in,
        tokens_out=None if work.tokens_out is None else units * work.tokens_out,
        gpu_seconds=_gpu_seconds(units, work),
        warnings=(few,) if g_star < FEW_CLUSTERS else (),
    )


def _design(sample: Sample) -> _Design:
    mean = weighted = sample.cluster_size
    if sample.cluster_sizes is not None:
        sizes = np.array(sample.cluster_sizes, dtype=float)
        mean, weighted = float(sizes.mean()), float((sizes**2).sum() / sizes.sum())
    elif sample.largest_cluster is not None:  # n^2 <= (1 + largest) n - largest for n from 1 to largest
        weighted = 1 + sample.largest_cluster - sample.largest_cluster / mean
    by_rate = sample.rate * (1 - sample.rate) - sample.tie_share / 4
    return _Design(sample, mean, weighted, by_rate if sample.variance is None else sample.variance)


def _fewest(goal: Goal, design: _Design) -> int:
    """Doubling, then halving the gap: the goal, once reached, stays reached."""
    reached = _criterion(goal, design)
    high = 1
    while not reached(high):
        high *= 2
        if high > MOST_CLUSTERS:
            name = {HalfWidth: "half_width", Detect: "rate", Equivalent: "margin"}[type(goal)]
            raise Invalid("no job is large enough", (Problem("asks for more than 10^12 clusters", name),))
    low = high // 2
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if reached(middle) else (middle, high)
    return high


def _criterion(goal: Goal, design: _Design) -> Callable[[int], bool]:
    if isinstance(goal, HalfWidth):
        return lambda clusters: (
            design.g_star(clusters) >= FEWEST_FOR_AN_INTERVAL
            and _half_width(design, clusters, goal.level) <= goal.half_width
        )
    return lambda clusters: design.g_star(clusters) >= FEWEST_CLUSTERS and _power(goal, design, clusters) >= goal.power


def _half_width(design: _Design, clusters: int, level: float) -> float:
    low, high = wilson(design.sample.rate, design.n_eff(clusters), t_quantile(level, design.g_star(clusters)))
    return (high - low) / 2


def _power(goal: Detect | Equivalent, design: _Design, clusters: int) -> float:
    if isinstance(goal, Detect):
        return _chance_to_pass(HALF, goal.level, design, clusters)
    level, ends = 1 - 2 * ALPHA, (HALF - goal.margin, HALF + goal.margin)
    return max(0.0, sum(_chance_to_pass(null, level, design, clusters) for null in ends) - 1)


def _chance_to_pass(null: float, level: float, design: _Design, clusters: int) -> float:
    """Probability that Wilson's limit with the t quantile lies beyond `null` on the side of the true rate.

    That is |T| > quantile sqrt(null (1 - null) / (rate (1 - rate))), T being noncentral t.
    """
    rate, g_star = design.sample.rate, design.g_star(clusters)
    se = math.sqrt(rate * (1 - rate) / design.n_eff(clusters))
    bar = t_quantile(level, g_star) * math.sqrt(null * (1 - null) / (rate * (1 - rate)))
    return 1 - float(nctdtr(g_star - 1, abs(rate - null) / se, bar))


def _gpu_seconds(units: int, work: Work) -> float | None:
    if work.units_per_second is not None:
        return units / work.units_per_second
    if work.tokens_per_second is None:
        return None
    return units * ((work.tokens_in or 0) + (work.tokens_out or 0)) / work.tokens_per_second
