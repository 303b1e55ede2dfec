"""A report as rows of plain values, one per rate: what the tables for machines (CSV, Parquet) are written from."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields
from typing import Any

from app.reports.report import RateLine, Results
from app.reports.report_inference import SignificanceLine
from app.stats.win_rate import Rate

NAMES = ("scope", "rate", "model_a", "model_b", "axis", "policy", "tag", "value", "stratum", "judge", "assessed")
SCALARS = tuple(field.name for field in fields(Rate) if field.name not in ("bounds", "warnings"))
TESTED = tuple(field.name for field in fields(SignificanceLine) if field.name != "note")
COLUMNS = (*NAMES, *SCALARS, "bound_low", "bound_high", "warnings", *TESTED)
Row = dict[str, Any]


def rate_rows(results: Results) -> Iterator[Row]:
    """Rows whose keys are among COLUMNS, an absent one being None; `warnings` is a tuple of words.

    `scope` is headline, axis, slice, stratum, policy or judge; `rate` is win_rate or preference_rate.
    """
    scopes = {"axis": results.axes, "slice": results.slices, "stratum": results.strata}
    scopes = {"headline": [results.headline] if results.headline else []} | scopes
    for scope, lines in scopes.items():
        for line in lines:
            yield from _line_rows(scope, line)
    yield from _policy_rows(results)
    for judge in results.judges:
        yield _named(results, "judge") | {"judge": judge.judge, "assessed": True} | _rate("win_rate", judge.win_rate)


def _line_rows(scope: str, line: RateLine) -> Iterator[Row]:
    names = {
        "scope": scope,
        "model_a": line.model_a,
        "model_b": line.model_b,
        "axis": line.axis,
        "stratum": line.stratum,
        "assessed": line.assessed,
        **(line.slice or {}),
    }
    tested = {name: getattr(line.test, name) for name in TESTED} if line.test else {}
    for name, value, about in (("win_rate", line.win_rate, tested), ("preference_rate", line.preference_rate, {})):
        yield names | about | (_rate(name, value) if line.assessed else _without_estimate(name, value))


def _policy_rows(results: Results) -> Iterator[Row]:
    for line in results.policies:
        names = _named(results, "policy") | {"policy": line.policy, "assessed": line.available}
        for name, value in (("win_rate", line.win_rate), ("preference_rate", line.preference_rate)):
            yield names | (_rate(name, value) if value is not None else {"rate": name})


def _named(results: Results, scope: str) -> Row:
    """Rates of the headline comparison carry its names."""
    line = results.headline
    names = {"model_a": line.model_a, "model_b": line.model_b, "axis": line.axis} if line else {}
    return {"scope": scope, **names}


def _rate(name: str, value: Rate) -> Row:
    low, high = value.bounds or (None, None)
    scalars = {scalar: getattr(value, scalar) for scalar in SCALARS}
    return {"rate": name, **scalars, "bound_low": low, "bound_high": high, "warnings": value.warnings}


def _without_estimate(name: str, value: Rate) -> Row:
    """An axis that was not assessed shows its pairs, and no number that could be taken for a result."""
    unknown = dict.fromkeys(("estimate", "se", "low", "high", "bound_low", "bound_high"))
    return _rate(name, value) | unknown
