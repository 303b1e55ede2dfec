"""Tests of a report: p-values by family, differences between slices, equivalence, difference of differences.

Definitions: docs/statistics.md, sections 10 and 11.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Any

import numpy as np
import numpy.typing as npt

from app.reports import numbers
from app.reports.matchups import Matchup
from app.reports.reading import Reading, tag_values
from app.reports.report import RateLine
from app.reports.report_inference import DifferenceLine, EquivalenceLine, HeterogeneityLine, SignificanceLine
from app.reports.sheet import Parameters
from app.stats.difference import Difference, difference
from app.stats.equivalence import ALPHA, equivalence
from app.stats.heterogeneity import heterogeneity
from app.stats.intervals import UNVARIED, Interval, IntervalKind
from app.stats.multiplicity import benjamini_hochberg, holm, p_value
from app.stats.win_rate import Rate

Array = npt.NDArray[Any]
CORRECTIONS = {"holm": ("Holm", holm), "bh": ("Benjamini-Hochberg", benjamini_hochberg)}
ALONE = "the headline, alone"
BY_DRAWS = "p-values invert the interval of the rule, not percentiles of draws: ask for interval robust"
FEWEST_MODELS = 3


@dataclass(frozen=True, slots=True)
class Tested:
    """The rate lines of a report, each with its test."""

    headline: RateLine | None
    axes: list[RateLine]
    slices: list[RateLine]


def tested(reading: Reading, headline: RateLine | None, axes: Sequence[RateLine], slices: Sequence[RateLine]) -> Tested:
    """Test "rate = 1/2" on every line. The headline stands alone; all other lines are one family."""
    if headline is None:
        return Tested(None, [], [])
    kind = reading.confidence.kind
    alone = replace(headline, test=_test(headline, ALONE, kind))
    lines = [*axes, *slices]
    name, adjust = CORRECTIONS[reading.parameters.correction]
    found = [_test(line, "", kind) for line in lines]
    family = [None if _is(line, headline) else test.p for line, test in zip(lines, found, strict=True)]
    told = f"{sum(p is not None for p in family)} comparisons by axis and {reading.parameters.slice_by}, {name}"
    later = chosen_afterwards(reading)
    done = [
        replace(line, test=alone.test)
        if _is(line, headline)
        else replace(line, test=replace(test, p_adjusted=p, family=told, exploratory=later and line.slice is not None))
        for line, test, p in zip(lines, found, adjust(family), strict=True)
    ]
    return Tested(alone, done[: len(axes)], done[len(axes) :])


def chosen_afterwards(reading: Reading) -> bool:
    """Whether the slices are by a tag that the job did not name at submit (metadata `slice_by`, else modality)."""
    planned: str = reading.sheet.metadata.get("slice_by", Parameters().slice_by)
    return reading.parameters.slice_by != planned


def _is(line: RateLine, headline: RateLine) -> bool:
    """Whether an axis line is the headline's own."""
    here, there = (line.model_a, line.model_b, line.axis), (headline.model_a, headline.model_b, headline.axis)
    return here == there and line.slice is None


def _test(line: RateLine, family: str, kind: IntervalKind) -> SignificanceLine:
    if not line.assessed:
        return SignificanceLine(None, None, family, exploratory=False, note="not assessed")
    if kind is IntervalKind.BOOTSTRAP and UNVARIED not in line.win_rate.warnings:
        return SignificanceLine(None, None, family, exploratory=False, note=BY_DRAWS)
    found = p_value(interval_of(line.win_rate))
    return SignificanceLine(found.value, None, family, exploratory=False, note=found.reason or "")


def interval_of(rate: Rate) -> Interval:
    """The interval behind a rate, with its effective sample size."""
    estimate, se = rate.estimate, rate.se
    varied = estimate is not None and se is not None and se > 0
    n_eff = estimate * (1 - estimate) / se**2 if varied and estimate and se else rate.effective_clusters
    return Interval(estimate, se, rate.low, rate.high, rate.n_decided, rate.n_clusters, rate.effective_clusters, n_eff)


def equivalence_line(reading: Reading, headline: RateLine | None) -> EquivalenceLine | None:
    """The headline against the margin; None without one."""
    margin = reading.parameters.margin
    if margin is None or headline is None or not headline.assessed:
        return None
    found = equivalence(interval_of(headline.win_rate), margin)
    a, b = headline.model_a, headline.model_b
    within = f"within {numbers.percent(margin)} of 50 %"
    level = 1 - 2 * ALPHA
    interval = f"{numbers.level_percent(level)} CI {numbers.interval(found.low90, found.high90)}"
    if found.equivalent:
        text = f"{a} and {b} are equivalent: the win rate lies {within} ({interval})"
    elif found.non_inferior:
        text = f"{a} is not inferior to {b} by more than {numbers.percent(margin)} ({interval})"
    else:
        why = f": {found.reason}" if found.reason else ""
        text = f"neither equivalence nor non-inferiority {within} was shown ({interval}){why}"
    return EquivalenceLine(
        margin=margin,
        equivalent=found.equivalent,
        non_inferior=found.non_inferior,
        p_equivalence=found.p_equivalence,
        p_non_inferiority=found.p_non_inferiority,
        low=found.low90,
        high=found.high90,
        level=level,
        text=text,
    )


def heterogeneity_lines(reading: Reading) -> list[HeterogeneityLine]:
    """Whether the slices differ, on every axis for every two models; empty without slices."""
    tag = reading.parameters.slice_by
    values, code = tag_values(reading.sheet, tag)
    if not values:
        return []
    lines = [
        _heterogeneity(reading, matchup, axis, code, len(values))
        for axis in reading.sheet.axes
        if reading.assessed(axis)
        for matchup in reading.matchups
    ]
    _, adjust = CORRECTIONS[reading.parameters.correction]
    adjusted = adjust([line.p for line in lines])
    return [replace(line, p_adjusted=p) for line, p in zip(lines, adjusted, strict=True)]


def _heterogeneity(reading: Reading, matchup: Matchup, axis: str, code: Array, values: int) -> HeterogeneityLine:
    tagged = np.flatnonzero(code[matchup.rows] >= 0)
    part = matchup.part(tagged)
    found = heterogeneity(part.score(reading.settled[axis]), reading.sheet.cluster[part.rows], code[part.rows], values)
    return HeterogeneityLine(
        model_a=matchup.model_a,
        model_b=matchup.model_b,
        axis=axis,
        tag=reading.parameters.slice_by,
        slices=values - len(found.left_out),
        statistic=found.statistic,
        df=found.df,
        df_denominator=found.df_denominator,
        p=found.p,
        note="; ".join(filter(None, (found.reason, *found.warnings))),
    )


def difference_lines(reading: Reading) -> list[DifferenceLine]:
    """Every two models against the base both met, on the primary axis.

    The base is the anchor, or else the model that met most others (the first of several); it is the one the others
    are compared through, so models that met only elsewhere have no line.
    """
    against = _against_base(reading)
    return [_difference(reading, x, y, against) for x, y in combinations(against.rates, 2)]


@dataclass(frozen=True, slots=True)
class _Base:
    """A base and, by model, scores against it and their clusters."""

    name: str
    rates: dict[str, tuple[Array, Array]]


def _against_base(reading: Reading) -> _Base:
    met: dict[str, dict[str, Matchup]] = {}
    for matchup in reading.matchups:
        if matchup.model_a != matchup.model_b:
            met.setdefault(matchup.model_a, {})[matchup.model_b] = matchup
            met.setdefault(matchup.model_b, {})[matchup.model_a] = matchup
    base = reading.parameters.anchor or max(met, key=lambda model: len(met[model]), default="")
    settled = reading.settled[reading.sheet.primary_axis]
    rates = {}
    for model in reading.sheet.models if len(met) >= FEWEST_MODELS and base in met else ():
        if model in met[base]:
            matchup = met[base][model]
            score = matchup.score(settled)
            turned = matchup.model_a == base
            rates[model] = (1 - score if turned else score, reading.sheet.cluster[matchup.rows])
    return _Base(base, rates)


def _difference(reading: Reading, x: str, y: str, base: _Base) -> DifferenceLine:
    found = difference(*base.rates[x], *base.rates[y], level=reading.confidence.level)
    return DifferenceLine(
        model_x=x,
        model_y=y,
        base=base.name,
        axis=reading.sheet.primary_axis,
        estimate=found.estimate,
        low=found.low,
        high=found.high,
        n_clusters=found.n_clusters,
        text=_difference_text(found, x, y, base.name),
        note="; ".join(found.warnings),
    )


def _difference_text(found: Difference, x: str, y: str, base: str) -> str:
    if found.estimate is None or found.low is None or found.high is None:
        return f"{x} against {y} through {base}: nothing decided on one side"
    points = f"{numbers.signed(100 * found.estimate, 1)} points"
    interval = numbers.signed_interval(100 * found.low, 100 * found.high, 1)
    shared = f"{numbers.whole(found.n_clusters)} clusters, {numbers.whole(found.n_shared)} shared"
    rates = f"{numbers.percent(found.rate_x.estimate)} and {numbers.percent(found.rate_y.estimate)}"
    return (
        f"{x} minus {y}, win rates against {base}: {points} "
        f"({numbers.level_percent(found.level)} CI {interval}; {rates}; {shared})"
    )
