"""The leaderboard: Bradley-Terry strengths of all models over the pooled pairs of several jobs."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from app.domain.errors import Invalid
from app.domain.verdict import PolicyName, Verdict
from app.reports import numbers
from app.reports.comparable import Entrant
from app.reports.pooling import Pool, pool
from app.reports.reading import Reading, policy_of
from app.reports.report import ModelLine
from app.reports.sheet import AxisPicks, Parameters
from app.reports.units import units
from app.stats.bradley_terry import Comparisons, Strengths, bradley_terry
from app.stats.davidson import TieParameter, Units, unit_level
from app.stats.intervals import Confidence, IntervalKind
from app.stats.judge_strata import Interaction, stratified
from app.stats.tied_groups import tied_groups
from app.stats.win_probabilities import win_probabilities

Array = npt.NDArray[Any]
DAVIDSON = "davidson"
MOST_NAMED = 5
SOFT = (PolicyName.AVERAGE, PolicyName.DEBIAS_SOFT)


@dataclass(frozen=True, slots=True)
class Asked:
    """What a leaderboard is made with. `axis` None = the jobs' primary one; `tag` = only pairs with that value."""

    axis: str | None = None
    tag: tuple[str, str] | None = None
    level: float = 0.95
    interval: str = "robust"
    anchor: str | None = None
    ties: str = "half_win"
    allow_mixed: bool = False
    seed: int = 0


@dataclass(frozen=True, slots=True)
class Matrix:
    """K models, strongest first. `estimate[i][j]`: chance that model i beats model j, a tie being half a win each (with
    a tie parameter: among picks that are no tie), with intervals, None where there is none. `met[i][j]`: decided pairs
    of the two; 0 = known by way of others only.
    """

    models: list[str]
    estimate: list[list[float]]
    low: list[list[float]] | None
    high: list[list[float]] | None
    met: list[list[int]]


@dataclass(frozen=True, slots=True)
class Fit:
    """How the strengths were fitted, on how much. `pairs` decided ones, or `picks` where single picks were fitted."""

    ties: str
    tie_parameter: float | None
    deviance: float | None
    df: int | None
    errors: str
    pairs: int
    picks: int | None
    clusters: int
    effective_clusters: float


@dataclass(frozen=True, slots=True)
class Strata:
    """Jobs that differ, fitted with common strengths. `groups`: the jobs of each stratum. `differ`: what in, and the
    values. The test: whether the strata share the strengths; None where it cannot be made.
    """

    groups: list[str]
    differ: dict[str, list[str]]
    statistic: float | None
    df: int | None
    p: float | None


@dataclass(frozen=True, slots=True)
class Leaderboard:
    """`results` of the leaderboard's JSON; `models` strongest first. `jobs`: what each brought, in the order asked."""

    parameters: dict[str, Any]
    text: str
    models: list[ModelLine]
    tied_groups: list[list[str]]
    win_probabilities: Matrix
    fit: Fit
    strata: Strata | None
    jobs: list[dict[str, Any]]
    warnings: list[str]


def leaderboard(entrants: Sequence[Entrant], asked: Asked) -> Leaderboard:
    """Pool and fit. Raises Conflict where jobs may not be pooled, NotComparable, naming the groups, where models never
    met, and Invalid for a parameter that does not fit.
    """
    pooled = pool(entrants, axis=asked.axis, tag=asked.tag, allow_mixed=asked.allow_mixed)
    decided = ~np.isnan(pooled.score)
    if not decided.any():
        raise Invalid("no pair of two models is decided in these jobs" + " with this tag" * (asked.tag is not None))
    confidence = Confidence(asked.level, IntervalKind(asked.interval), asked.seed)
    fitted = _fit(entrants, pooled, decided, confidence, asked)
    strengths = fitted.strengths
    order = np.lexsort((np.array(strengths.models), -strengths.strength))
    lines = _lines(pooled, strengths, order)
    fit = Fit(
        ties=asked.ties,
        tie_parameter=fitted.tie.nu if fitted.tie else None,
        deviance=strengths.deviance,
        df=strengths.df,
        errors=strengths.method,
        pairs=int(decided.sum()),
        picks=fitted.picks,
        clusters=len(np.unique(pooled.cluster[decided])),
        effective_clusters=strengths.effective_clusters,
    )
    return Leaderboard(
        parameters=asdict(asked) | {"axis": pooled.axis, "tag": ":".join(asked.tag) if asked.tag else None},
        text=_text(pooled, fit, lines, asked, ranked=strengths.covariance is not None),
        models=lines,
        tied_groups=tied_groups(strengths, confidence),
        win_probabilities=_matrix(pooled, decided, strengths, order, confidence),
        fit=fit,
        strata=_strata(pooled, fitted.interaction),
        jobs=[asdict(part) | {"stratum": pooled.strata[part.stratum]} for part in pooled.parts],
        warnings=[*strengths.warnings, *fitted.warnings, *_warnings(entrants, pooled, decided)],
    )


@dataclass(frozen=True, slots=True)
class _Fitted:
    strengths: Strengths
    interaction: Interaction | None = None
    tie: TieParameter | None = None
    picks: int | None = None
    warnings: tuple[str, ...] = ()


def _fit(entrants: Sequence[Entrant], pooled: Pool, decided: Array, confidence: Confidence, asked: Asked) -> _Fitted:
    mixed = len(pooled.strata) > 1
    if asked.ties == DAVIDSON:
        picks = _units(entrants, pooled, confidence)
        found = unit_level(picks, confidence, asked.anchor, davidson=True, order_effect=False)
        untested = ("with Davidson ties there is no test of strength x stratum",) * mixed
        return _Fitted(found.strengths, tie=found.tie_parameter, picks=len(picks.outcome), warnings=untested)
    data = Comparisons(
        models=pooled.models,
        model_a=pooled.model_a[decided],
        model_b=pooled.model_b[decided],
        score=pooled.score[decided],
        cluster=pooled.cluster[decided],
    )
    if not mixed:
        return _Fitted(bradley_terry(data, confidence, asked.anchor))
    both = stratified(data, pooled.stratum[decided], pooled.strata, confidence, asked.anchor)
    return _Fitted(both.strengths, both.interaction, warnings=both.warnings)


def _units(entrants: Sequence[Entrant], pooled: Pool, confidence: Confidence) -> Units:
    """The picks behind the pooled pairs, decided or not; each in the cluster of its pair."""
    parts, start = [], 0
    for entrant, rows in zip(entrants, pooled.kept, strict=True):
        at, start = slice(start, start + len(rows)), start + len(rows)
        of = entrant.sheet.picks[pooled.axis]
        part = replace(
            entrant.sheet,
            models=pooled.models,
            model_a=pooled.model_a[at],
            model_b=pooled.model_b[at],
            cluster=pooled.cluster[at],
            primary_axis=pooled.axis,
            picks={
                pooled.axis: AxisPicks(
                    of.picks[rows],
                    final=None if of.final is None else of.final[rows],
                    votes=None if of.votes is None else of.votes[rows],
                )
            },
        )
        parts.append(units(Reading(part, Parameters(), policy_of(part, None), confidence, [], {})))
    columns = {
        name: np.concatenate([getattr(part, name) for part in parts])
        for name in ("model_a", "model_b", "outcome", "first", "cluster")
    }
    return Units(models=pooled.models, **columns)


def _lines(pooled: Pool, strengths: Strengths, order: Array) -> list[ModelLine]:
    size = len(pooled.models)

    def record(of_a: Verdict, of_b: Verdict) -> list[int]:
        a, b = pooled.model_a[pooled.verdict == of_a], pooled.model_b[pooled.verdict == of_b]
        counts: list[int] = (np.bincount(a, minlength=size) + np.bincount(b, minlength=size)).tolist()
        return counts

    wins, losses = record(Verdict.A, Verdict.B), record(Verdict.B, Verdict.A)
    ties = record(Verdict.TIE, Verdict.TIE)
    return [
        ModelLine(
            model=strengths.models[i],
            strength=float(strengths.strength[i]),
            se=_finite(strengths.se[i]),
            low=_finite(strengths.low[i]),
            high=_finite(strengths.high[i]),
            elo=float(strengths.elo[i]),
            rank_low=int(strengths.rank_low[i]),
            rank_high=int(strengths.rank_high[i]),
            wins=wins[i],
            losses=losses[i],
            ties=ties[i],
            unbounded=bool(strengths.unbounded[i]),
        )
        for i in order.tolist()
    ]


def _matrix(pooled: Pool, decided: Array, strengths: Strengths, order: Array, confidence: Confidence) -> Matrix:
    found, size = win_probabilities(strengths, confidence), len(strengths.models)
    meeting = pooled.model_a[decided] * size + pooled.model_b[decided]
    met = np.bincount(meeting, minlength=size * size).reshape(size, size)
    place = np.ix_(order, order)
    return Matrix(
        models=[strengths.models[i] for i in order.tolist()],
        estimate=found.estimate[place].tolist(),
        low=None if found.low is None else found.low[place].tolist(),
        high=None if found.high is None else found.high[place].tolist(),
        met=(met + met.T)[place].tolist(),
    )


def _strata(pooled: Pool, test: Interaction | None) -> Strata | None:
    if len(pooled.strata) == 1:
        return None
    names = [part.name for part in pooled.parts]
    differ = {
        one.what: [f"{value}: {', '.join(names[i] for i in of)}" for value, of in one.values.items()]
        for one in pooled.differences
    }
    statistic, df, p = (test.statistic, test.df, test.p) if test else (None, None, None)
    return Strata(list(pooled.strata), differ, statistic, df, p)


def _text(pooled: Pool, fit: Fit, lines: Sequence[ModelLine], asked: Asked, *, ranked: bool) -> str:
    """One sentence that may be cited: who leads, and on how much that stands. `ranked`: there are errors to rank by."""
    first = [line.model for line in lines if line.rank_low == 1]
    named = ", ".join(first) if len(first) <= MOST_NAMED else f"any of {len(first)}"
    of = f"first of {len(lines)} models on {pooled.axis}" + (f", only {':'.join(asked.tag)}," if asked.tag else "")
    lead = f"{named} is {of}" if len(first) == 1 else f"{of} may be: {named}"
    jobs = f"{len(pooled.parts)} job" + "s" * (len(pooled.parts) > 1)
    level = numbers.level_percent(asked.level)
    ranks = f"{level} ranks by simultaneous differences" if ranked else "ranks not assessed"
    over = f"{fit.pairs:,} decided pairs of {jobs} in {fit.clusters:,} clusters"
    return f"{lead} (Bradley-Terry, {_counted(pooled, asked)}; {ranks}) over {over}"


def _counted(pooled: Pool, asked: Asked) -> str:
    """How ties and inconsistent pairs entered the fit."""
    if asked.ties == DAVIDSON:
        return "single picks, ties by Davidson's model"
    dropped = np.isnan(pooled.score[pooled.verdict == Verdict.INCONSISTENT])
    if not dropped.any():
        return "ties and inconsistent pairs count half"
    return "ties count half, inconsistent pairs " + ("not at all" if dropped.all() else "as each job's policy says")


def _warnings(entrants: Sequence[Entrant], pooled: Pool, decided: Array) -> Iterator[str]:
    for part in pooled.parts:
        if part.pending:
            yield f"preliminary: {part.pending:,} units of {part.name} are still pending"
    twice = sum(part.duplicates for part in pooled.parts)
    if twice:
        yield f"{twice:,} pairs were judged in several jobs and count once, in the first of them"
    undecided = int((~decided).sum())
    if undecided:
        yield f"{undecided:,} of {len(decided):,} pairs are not decided and are left out"
    if any(policy_of(entrant.sheet, None).name in SOFT for entrant in entrants):
        yield "strengths count verdicts, not scores"
    if len(pooled.strata) > 1:
        yield "the jobs do not measure the same: strengths are an average over strata, see `strata`"


def _finite(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None
