"""A plan as users ask for it: what is given, else what a pilot says, else a default; and what follows, in words."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from app.domain.errors import Invalid, Problem
from app.reports.numbers import level_percent, percent
from app.reports.pilot import Pilot
from app.stats.intervals import HALF
from app.stats.plan_inputs import Detect, Equivalent, Goal, HalfWidth, Sample, Work
from app.stats.planning import PlanResult, plan

GIVEN, FROM_PILOT, DEFAULT = "given", "pilot", "default"
# What the statistic calls a parameter, by what users call it.
WORDS = {
    "tie_share": "ties", "lost_share": "lost", "tokens_in": "tokens_per_call", "tokens_out": "tokens_per_call",
    "calls": "axes_per_call", "variance": "pilot", "cluster_sizes": "pilot",
}  # fmt: skip
HOUR = 3_600


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a user gives; None = as the pilot says, else a default. Shares are fractions.

    Goals, one plan each: `half_width` of the interval, an `effect` (distance from 1/2) to be found with `power`,
    equivalence within a `margin`. `axes_per_call` None = all in one. `tokens_per_call`: (prompt, reply).
    """

    half_width: float | None = None
    effect: float | None = None
    margin: float | None = None
    power: float = 0.8
    level: float = 0.95
    rate: float | None = None
    ties: float | None = None
    cluster_size: float | None = None
    largest_cluster: int | None = None
    icc: float | None = None
    lost: float | None = None
    judges: int | None = None
    orders: int | None = None
    repeats: int | None = None
    axes: int | None = None
    axes_per_call: int | None = None
    tokens_per_call: tuple[float, float] | None = None
    tokens_per_second: float | None = None
    gpus: int = 1


@dataclass(frozen=True, slots=True)
class Assumption:
    """One thing the plan stands on: its words, and where it comes from (given, pilot or default)."""

    name: str
    value: str
    source: str


@dataclass(frozen=True, slots=True)
class Planned:
    """One goal reached: fields as in `app.stats.planning.PlanResult`. `goal` in words; `rate`: the true one assumed;
    `hours`: by the clock, on all GPUs.
    """

    goal: str
    rate: float
    pairs: int
    clusters: int
    effective_clusters: float
    design_effect: float
    half_width: float
    power: float | None
    units: int
    tokens_in: float | None
    tokens_out: float | None
    gpu_seconds: float | None
    hours: float | None
    warnings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Plans:
    """A plan for each goal, and what all of them assume."""

    plans: list[Planned]
    assumptions: list[Assumption]
    warnings: list[str]


def planned(asked: Asked, pilot: Pilot | None = None) -> Plans:
    """Raises Invalid, naming the parameters as users know them, where no job can be planned."""
    goals = list(_goals(asked))
    if not goals:
        reason = "say what for: half_width, effect or margin"
        raise Invalid("a plan needs a goal", (Problem(reason, "half_width"),))
    if asked.gpus < 1:
        raise Invalid("no job can be planned from this", (Problem("must be at least 1", "gpus"),))
    sample, work = _sample(asked, pilot), _work(asked, pilot)
    done = [_line(goal, _for_goal(goal, asked, sample, pilot), work, asked) for goal in goals]
    warnings = [*(pilot.warnings if pilot else ()), *_warnings(sample, asked, pilot)]
    return Plans(done, list(_assumptions(asked, sample, work, pilot)), warnings)


def _goals(asked: Asked) -> Iterator[Goal]:
    if asked.half_width is not None:
        yield HalfWidth(asked.half_width, asked.level)
    if asked.effect is not None:
        if not 0 < abs(asked.effect) < HALF:
            raise Invalid("no job can be planned from this", (Problem("must lie between 0 and 1/2", "effect"),))
        yield Detect(asked.power, asked.level)
    if asked.margin is not None:
        yield Equivalent(asked.margin, asked.power)


def _sample(asked: Asked, pilot: Pilot | None) -> Sample:
    """What is assumed of the pairs for an interval."""
    given = {
        "tie_share": asked.ties,
        "cluster_size": asked.cluster_size,
        "largest_cluster": asked.largest_cluster,
        "icc": asked.icc,
        "lost_share": asked.lost,
    }
    by_pilot: dict[str, Any] = {}
    if pilot is not None:
        by_pilot = {"tie_share": pilot.tie_share, "icc": pilot.icc, "lost_share": pilot.lost_share}
        if asked.cluster_size is None and asked.largest_cluster is None:
            by_pilot["cluster_sizes"] = pilot.cluster_sizes
    return Sample(**_given({**by_pilot, **_given(given)}))


def _for_goal(goal: Goal, asked: Asked, sample: Sample, pilot: Pilot | None) -> Sample:
    """With the rate that this goal assumes, and what the pilot tells of variance at that rate."""
    rate = HALF if asked.rate is None else asked.rate
    if isinstance(goal, Detect) and asked.effect is not None:
        rate = HALF + asked.effect
    elif isinstance(goal, HalfWidth) and asked.rate is None and pilot is not None and 0 < pilot.rate < 1:
        rate = pilot.rate
    return replace(sample, rate=rate, variance=_variance_at(rate, asked, pilot))


def _variance_at(rate: float, asked: Asked, pilot: Pilot | None) -> float | None:
    """Scores vary by the same share as in the pilot; None where it cannot tell."""
    share = _variance_share(asked, pilot)
    if pilot is None or share is None:
        return None
    most = rate * (1 - rate) - pilot.tie_share / 4
    return share * most if most > 0 else None


def _variance_share(asked: Asked, pilot: Pilot | None) -> float | None:
    """What the pilot's scores vary by, of what wins, ties and losses would: less than 1 for scores between them."""
    if pilot is None or pilot.variance is None or asked.ties is not None:
        return None
    most = pilot.rate * (1 - pilot.rate) - pilot.tie_share / 4
    return min(1.0, pilot.variance / most) if most > 0 else None


def _work(asked: Asked, pilot: Pilot | None) -> Work:
    by_pilot: dict[str, Any] = {}
    if pilot is not None:
        by_pilot = {"judges": pilot.judges, "orders": pilot.orders, "repeats": pilot.repeats, "calls": pilot.calls}
        by_pilot |= {"tokens_in": pilot.tokens_in, "tokens_out": pilot.tokens_out}
    tokens_in, tokens_out = asked.tokens_per_call or (None, None)
    given = {
        "judges": asked.judges,
        "orders": asked.orders,
        "repeats": asked.repeats,
        "calls": _calls(asked),
        "tokens_in": tokens_in,
        "tokens_out": tokens_out,
        "tokens_per_second": asked.tokens_per_second,
    }
    return Work(**_given({**by_pilot, **_given(given)}))


def _calls(asked: Asked) -> int | None:
    if asked.axes is None and asked.axes_per_call is None:
        return None
    axes = 1 if asked.axes is None else asked.axes
    per_call = axes if asked.axes_per_call is None else asked.axes_per_call
    wrong = [name for name, value in (("axes", axes), ("axes_per_call", per_call)) if value < 1]
    if wrong:
        problems = tuple(Problem("must be at least 1", name) for name in wrong)
        raise Invalid("no job can be planned from this", problems)
    return math.ceil(axes / per_call)


def _line(goal: Goal, sample: Sample, work: Work, asked: Asked) -> Planned:
    try:
        found = plan(goal, sample, work)
    except Invalid as error:
        words = WORDS | ({"rate": "effect"} if isinstance(goal, Detect) else {})
        renamed = tuple(replace(problem, field=words.get(problem.field, problem.field)) for problem in error.problems)
        raise Invalid(error.detail, renamed, error.problem_count) from None
    return Planned(
        goal=_goal_in_words(goal, sample),
        rate=sample.rate,
        pairs=found.pairs,
        clusters=found.clusters,
        effective_clusters=found.effective_clusters,
        design_effect=found.design_effect,
        half_width=found.half_width,
        power=found.power,
        units=found.units,
        tokens_in=found.tokens_in,
        tokens_out=found.tokens_out,
        gpu_seconds=found.gpu_seconds,
        hours=_hours(found, asked),
        warnings=found.warnings,
    )


def _hours(found: PlanResult, asked: Asked) -> float | None:
    return None if found.gpu_seconds is None else found.gpu_seconds / asked.gpus / HOUR


def _goal_in_words(goal: Goal, sample: Sample) -> str:
    if isinstance(goal, HalfWidth):
        return f"{level_percent(goal.level)} interval of ± {percent(goal.half_width)} around {percent(sample.rate)}"
    chance = f"with probability {percent(goal.power)}"
    if isinstance(goal, Detect):
        return (
            f"{level_percent(goal.level)} interval that leaves out 1/2 {chance} if the rate is {percent(sample.rate)}"
        )
    return f"equivalence within ± {percent(goal.margin)} shown {chance} if the rate is {percent(sample.rate)}"


def _warnings(sample: Sample, asked: Asked, pilot: Pilot | None) -> Iterator[str]:
    clustered = sample.cluster_size > 1 or max(sample.cluster_sizes or (1,)) > 1
    if clustered and asked.icc is None and (pilot is None or pilot.icc is None):
        yield "no correlation within clusters is known: their pairs are taken as independent"
    if pilot is not None and pilot.rate in (0, 1) and asked.rate is None:
        yield f"the pilot's rate is {percent(pilot.rate)}: a rate of 1/2 is assumed"


def _assumptions(asked: Asked, sample: Sample, work: Work, pilot: Pilot | None) -> Iterator[Assumption]:
    def told(name: str, value: str, *given: object, pilot_knows: bool = True) -> Assumption:
        known = pilot is not None and pilot_knows
        source = GIVEN if any(one is not None for one in given) else FROM_PILOT if known else DEFAULT
        return Assumption(name, value, source)

    yield told("ties among decided pairs", percent(sample.tie_share), asked.ties)
    if (share := _variance_share(asked, pilot)) is not None:
        yield Assumption("variance of scores, of that of wins, ties and losses", percent(share), FROM_PILOT)
    yield told("pairs of a cluster", _sizes(sample), asked.cluster_size, asked.largest_cluster)
    of_pilot = pilot is not None and pilot.icc is not None
    yield told("correlation within a cluster", f"{sample.icc:.3g}", asked.icc, pilot_knows=of_pilot)
    yield told("pairs lost", percent(sample.lost_share), asked.lost)
    yield told("judges", str(work.judges), asked.judges)
    yield told("orders", str(work.orders), asked.orders)
    yield told("repeats", str(work.repeats), asked.repeats)
    yield told("calls for the axes of a pair", str(work.calls), asked.axes, asked.axes_per_call)
    tokens = [f"{value:,.0f}" for value in (work.tokens_in, work.tokens_out) if value is not None]
    known = pilot is not None and pilot.tokens_in is not None
    yield told(
        "tokens of a call, prompt / reply", " / ".join(tokens) or "unknown", asked.tokens_per_call, pilot_knows=known
    )
    speed = "unknown" if work.tokens_per_second is None else f"{work.tokens_per_second:,.0f}"
    yield told("tokens a second of one GPU", speed, asked.tokens_per_second, pilot_knows=False)


def _sizes(sample: Sample) -> str:
    if sample.cluster_sizes is None:
        largest = f", at most {sample.largest_cluster:,}" if sample.largest_cluster is not None else ", all alike"
        return f"{sample.cluster_size:g}" + largest * (sample.cluster_size > 1)
    sizes = sample.cluster_sizes
    return f"{sum(sizes) / len(sizes):.3g} on average, {min(sizes):,} to {max(sizes):,}"


def _given(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}
