"""Bradley-Terry strengths of all models of a reading, on its primary axis."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from app.domain.errors import NotComparable
from app.domain.verdict import PolicyName, Verdict
from app.reports.reading import Reading
from app.reports.report import FitLine, ModelLine
from app.stats.bradley_terry import Comparisons, Strengths, bradley_terry, groups_that_met, win_matrix

Array = npt.NDArray[Any]
# The value of a verdict for side A in half-win counts; inconsistent pairs are left out under `drop`.
_HALF_WINS = np.array([np.nan, 1.0, 0.0, 0.5, 0.5, np.nan])
_DROPPED = np.array([np.nan, 1.0, 0.0, 0.5, np.nan, np.nan])


def strengths(reading: Reading) -> tuple[list[ModelLine], FitLine | None]:
    """One line per model, strongest first, and how they were fitted.

    No lines when the models fall into groups that never met: the fit then names the groups. No fit for fewer
    than two models.
    """
    if len(reading.sheet.models) < 2:  # noqa: PLR2004 - two is what a comparison needs
        return [], None
    data = _comparisons(reading)
    components = groups_that_met(win_matrix(data), data.models)
    try:
        fitted = bradley_terry(data, reading.confidence, reading.parameters.anchor)
    except NotComparable as error:
        return [], _fit_line(None, components, [error.detail])
    notes = [*fitted.warnings, *_notes(reading)]
    return _model_lines(reading, fitted), _fit_line(fitted, components, notes)


def _comparisons(reading: Reading) -> Comparisons:
    sheet = reading.sheet
    values = _DROPPED if reading.policy.name is PolicyName.DROP else _HALF_WINS
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
    soft = reading.policy.name in (PolicyName.AVERAGE, PolicyName.DEBIAS_SOFT)
    return ["strengths count verdicts, not scores"] * soft


def _fit_line(fitted: Strengths | None, components: list[list[str]], warnings: list[str]) -> FitLine:
    return FitLine(
        ties="half_win",
        tie_parameter=None,
        order_effect=None,
        deviance=fitted.deviance if fitted else None,
        df=fitted.df if fitted else None,
        components=components,
        warnings=warnings,
        errors=fitted.method if fitted else "",
    )


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
