"""Bradley-Terry strengths of all models of a reading, on its primary axis."""

from __future__ import annotations

import math
from dataclasses import asdict
from itertools import combinations
from typing import Any

import numpy as np
import numpy.typing as npt

from app.domain.errors import NotComparable
from app.domain.verdict import PolicyName, Verdict
from app.reports.reading import Reading
from app.reports.report import FitLine, ModelLine
from app.reports.units import units
from app.stats.bradley_terry import Comparisons, Strengths, bradley_terry, groups_that_met, win_matrix
from app.stats.davidson import UnitStrengths, unit_level
from app.stats.tied_groups import tied_groups
from app.stats.win_probabilities import win_probabilities

Array = npt.NDArray[Any]
CONDITIONAL = "fitted to single picks, whatever the policy: conditional, and not comparable with half-win strengths"
# The value of a verdict for side A in half-win counts; inconsistent pairs are left out under `drop`.
HALF_WINS = np.array([np.nan, 1.0, 0.0, 0.5, 0.5, np.nan])
DROPPED = np.array([np.nan, 1.0, 0.0, 0.5, np.nan, np.nan])


def strengths(reading: Reading) -> tuple[list[ModelLine], FitLine | None]:
    """One line per model, strongest first, and how they were fitted.

    No lines when the models fall into groups that never met: the fit then names the groups. No fit for fewer
    than two models.
    """
    if len(reading.sheet.models) <= 1:
        return [], None
    components = groups_that_met(win_matrix(_met(reading)), reading.sheet.models)
    try:
        fitted = _fitted(reading)
    except NotComparable as error:
        return [], _fit_line(reading, None, components, [error.detail])
    return _model_lines(reading, fitted.strengths), _fit_line(reading, fitted, components, _notes(reading))


def by_pick(reading: Reading) -> bool:
    """Whether strengths are fitted to single picks, whatever the policy."""
    return reading.parameters.ties == "davidson" or reading.parameters.order_effect


def _fitted(reading: Reading) -> UnitStrengths:
    asked = reading.parameters
    if not by_pick(reading):
        return UnitStrengths(bradley_terry(_comparisons(reading), reading.confidence, asked.anchor), None, None)
    return unit_level(
        units(reading),
        reading.confidence,
        asked.anchor,
        davidson=asked.ties == "davidson",
        order_effect=asked.order_effect,
    )


def _met(reading: Reading) -> Comparisons:
    """What the fit is made from, as single comparisons."""
    if not by_pick(reading):
        return _comparisons(reading)
    picks = units(reading)
    return Comparisons(picks.models, picks.model_a, picks.model_b, HALF_WINS[picks.outcome], picks.cluster)


def _comparisons(reading: Reading) -> Comparisons:
    sheet = reading.sheet
    values = DROPPED if reading.policy.name is PolicyName.DROP else HALF_WINS
    score = values[reading.settled[sheet.primary_axis].verdict]
    decided = ~np.isnan(score) & (sheet.model_a != sheet.model_b)
    return Comparisons(
        models=sheet.models,
        model_a=sheet.model_a[decided],
        model_b=sheet.model_b[decided],
        score=score[decided],
        cluster=sheet.cluster[decided],
    )


def _notes(reading: Reading) -> list[str]:
    if by_pick(reading):
        return [CONDITIONAL]
    soft = reading.sheet.primary_axis in reading.soft or reading.policy.name in (
        PolicyName.AVERAGE,
        PolicyName.DEBIAS_SOFT,
    )
    return ["strengths count verdicts, not scores"] * soft


def _fit_line(reading: Reading, fitted: UnitStrengths | None, components: list[list[str]], notes: list[str]) -> FitLine:
    ties, order = (fitted.tie_parameter, fitted.order_effect) if fitted else (None, None)
    strengths = fitted.strengths if fitted else None
    return FitLine(
        ties=reading.parameters.ties,
        tie_parameter=ties.nu if ties else None,
        order_effect=asdict(order) if order else None,
        deviance=strengths.deviance if strengths else None,
        df=strengths.df if strengths else None,
        components=components,
        warnings=[*(strengths.warnings if strengths else ()), *notes],
        errors=strengths.method if strengths else "",
        tied_groups=tied_groups(strengths, reading.confidence) if strengths else [],
        win_probabilities=_win_probabilities(strengths, reading) if strengths else [],
        tie_parameter_se=ties.se if ties else None,
    )


def _win_probabilities(fitted: Strengths, reading: Reading) -> list[dict[str, Any]]:
    """Of every model against every other that is not stronger."""
    found = win_probabilities(fitted, reading.confidence)
    order = np.lexsort((np.array(fitted.models), -fitted.strength)).tolist()
    return [
        {
            "model": fitted.models[i],
            "against": fitted.models[j],
            "estimate": float(found.estimate[i, j]),
            "low": None if found.low is None else float(found.low[i, j]),
            "high": None if found.high is None else float(found.high[i, j]),
        }
        for i, j in combinations(order, 2)
    ]


def _model_lines(reading: Reading, fitted: Strengths) -> list[ModelLine]:
    wins, losses, ties = _records(reading)
    lines = [
        ModelLine(
            model=model,
            strength=float(fitted.strength[i]),
            se=_finite(fitted.se[i]),
            low=_finite(fitted.low[i]),
            high=_finite(fitted.high[i]),
            elo=float(fitted.elo[i]),
            rank_low=int(fitted.rank_low[i]),
            rank_high=int(fitted.rank_high[i]),
            wins=wins[i],
            losses=losses[i],
            ties=ties[i],
            unbounded=bool(fitted.unbounded[i]),
        )
        for i, model in enumerate(fitted.models)
    ]
    return sorted(lines, key=lambda line: (-line.strength, line.model))


def _records(reading: Reading) -> tuple[list[int], list[int], list[int]]:
    """Wins, losses and ties of every model against others; inconsistent pairs are in none of them."""
    sheet = reading.sheet
    verdict = np.where(sheet.model_a == sheet.model_b, Verdict.MISSING, reading.settled[sheet.primary_axis].verdict)

    def count(models: Array, ending: Verdict) -> Array:
        return np.bincount(models[verdict == ending], minlength=len(sheet.models))

    a, b = sheet.model_a, sheet.model_b
    wins = count(a, Verdict.A) + count(b, Verdict.B)
    losses = count(a, Verdict.B) + count(b, Verdict.A)
    ties = count(a, Verdict.TIE) + count(b, Verdict.TIE)
    return wins.tolist(), losses.tolist(), ties.tolist()


def _finite(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None
