"""Slices at a glance: a matrix of axes and tag values for every two models, for HTML and Markdown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from app.reports import numbers, phrases
from app.reports.report import RateLine, Results
from app.reports.report_inference import SignificanceLine

HALF = 0.5
# Distance of a rate from 1/2 at which its cell is shaded by one step more.
STEPS = (0.0, 0.1, 0.2)
LEGEND = (
    "▲ the interval lies above 50 %, ▼ below it, and the shade deepens with the distance; "
    "p is of a rate of 50 %, adjusted where it says so, and * marks one below "
)


@dataclass(frozen=True, slots=True)
class Cell:
    """One axis on one slice. `rate` and `details` are text; `shade` is up1 to up3, down1 to down3, or empty."""

    rate: str
    details: tuple[str, ...] = ()
    shade: str = ""


@dataclass(frozen=True, slots=True)
class Matrix:
    """`rows`: (axis, a cell per column); the first column is all pairs."""

    caption: str
    columns: tuple[str, ...]
    rows: list[tuple[str, list[Cell]]]


def matrices(results: Results) -> list[Matrix]:
    """A matrix for every two models and tag; none without slices."""
    found: dict[tuple[str, str], dict[tuple[str, str], RateLine]] = {}
    for line in results.slices:
        if line.slice:
            key = (phrases.matchup(line), line.slice["tag"])
            found.setdefault(key, {})[line.axis, line.slice["value"]] = line
    whole = {(phrases.matchup(line), line.axis): line for line in results.axes}
    return [_matrix(models, tag, lines, whole) for (models, tag), lines in found.items()]


def legend(level: float) -> str:
    """What the marks and shades of a matrix mean."""
    return f"{LEGEND}{1 - level:.6g}. Cells: win rate ({numbers.level_percent(level)} CI) of the first-named model."


def _matrix(
    models: str, tag: str, lines: dict[tuple[str, str], RateLine], whole: dict[tuple[str, str], RateLine]
) -> Matrix:
    axes = list(dict.fromkeys(axis for axis, _ in lines))
    values = list(dict.fromkeys(value for _, value in lines))
    rows = [
        (axis, [_cell(whole.get((models, axis))), *(_cell(lines.get((axis, value))) for value in values)])
        for axis in axes
    ]
    return Matrix(f"{models}, by {tag}", ("all pairs", *values), rows)


def _cell(line: RateLine | None) -> Cell:
    if line is None:
        return Cell(numbers.NOTHING)
    rate = line.win_rate
    pairs = numbers.over(rate)
    if not line.assessed:
        return Cell("not assessed", (pairs,))
    endings = f"{numbers.whole(rate.ties)} tied, {numbers.whole(rate.inconsistent)} inconsistent"
    mark, shade = _side(rate.estimate, rate.low, rate.high)
    details = [pairs, endings, *_tested(line.test, rate.level)]
    return Cell(f"{mark} {numbers.rate(rate)}".strip(), tuple(details), shade)


def _side(estimate: float | None, low: float | None, high: float | None) -> tuple[str, str]:
    """The mark and the shade; neither where the interval holds 1/2."""
    if estimate is None or low is None or high is None or low <= HALF <= high:
        return "", ""
    step = sum(abs(estimate - HALF) >= distance for distance in STEPS)
    return ("▲", f"up{step}") if low > HALF else ("▼", f"down{step}")


def _tested(test: SignificanceLine | None, level: float) -> Sequence[str]:
    if test is None or test.p is None:
        return ()
    p, word = (test.p, "p") if test.p_adjusted is None else (test.p_adjusted, "adjusted p")
    return (f"{word} {numbers.p_value(p)}{' *' * (p < 1 - level)}{', exploratory' * test.exploratory}",)
