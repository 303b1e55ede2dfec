"""A report seen from one of its axes: the same numbers, without those of other axes."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

from app.domain.errors import Invalid, Problem
from app.reports.report import Report, Results

# What is about the primary axis only, without naming it.
OF_THE_PRIMARY = ("policies", "models", "sequences")
# The axes side by side stay, to compare with.
KEPT = "axes"


def on_axis(report: Report, axis: str) -> Report:
    """The report with the headline of that axis. Invalid when the report has no such axis."""
    results = report.results
    known = list(dict.fromkeys(line.axis for line in results.axes))
    if axis not in known:
        told = Problem(f"must be one of {', '.join(known)}" if known else "no axis has a result yet", "axis")
        raise Invalid("the report has no such axis", (told,))
    first = results.headline
    if first is None or first.axis == axis:
        return replace(report, results=replace(results, **_mine(results, axis)))
    models = (first.model_a, first.model_b)
    headline = next(line for line in results.axes if line.axis == axis and (line.model_a, line.model_b) == models)
    others: dict[str, Any] = {name: [] for name in OF_THE_PRIMARY} | {"fit": None, "equivalence": None}
    return replace(report, results=replace(results, **(_mine(results, axis) | others | {"headline": headline})))


def _mine(results: Results, axis: str) -> dict[str, Any]:
    """Every list of lines that name their axis, without those of other axes."""
    lists = {each.name: getattr(results, each.name) for each in fields(results) if each.name != KEPT}
    return {
        name: [line for line in lines if getattr(line, "axis", axis) == axis]
        for name, lines in lists.items()
        if isinstance(lines, list) and all(hasattr(line, "axis") for line in lines)
    }
