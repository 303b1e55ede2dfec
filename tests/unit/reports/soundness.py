"""What no report may hold, whatever its sheet: found by walking over every value of it."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from typing import Any

import numpy as np
import orjson

from app.reports.canonical import canonical, canonical_bytes
from app.reports.report import Report

ENDINGS = ("wins", "losses", "ties", "inconsistent", "undecided", "missing")
P_VALUES = ("p", "p_adjusted", "p_equivalence", "p_non_inferiority")
# Names of parts whose intervals may pass below 0, and of those that have no ends at all (log-strengths).
SIGNED = {"kappa", "alpha", "excess", "differences"}
OPEN = {"models", "order_effect"}
# A fit with a winner of everything has chances without errors, and says so.
MAY_LACK = {"win_probabilities"}
NO_WIDTH = "has no width in the digits users see"
FEWEST_FOR_P = 10
Path = tuple[str, ...]


def faults(report: Report) -> list[str]:
    """Everything that is wrong with a report, as "where: what"."""
    return [f"{'.'.join(path)}: {what}" for path, what in _walk((), report.results)]


def survives_json(report: Report) -> bool:
    """Whether what is written is what was meant: plain values, none of them lost on the way."""
    return orjson.loads(canonical_bytes(report.results)) == canonical(report.results)


def _walk(path: Path, value: Any) -> Iterator[tuple[Path, str]]:
    """Every fault in a value and in the parts of it."""
    if isinstance(value, float | np.floating):
        if not math.isfinite(value):
            yield path, f"{value} is not finite"
    elif is_dataclass(value) or isinstance(value, Mapping):
        parts = _parts(value)
        yield from ((path, what) for what in _of_record(path, parts))
        for name, part in parts.items():
            yield from _walk((*path, name), part)
    elif isinstance(value, list | tuple | np.ndarray):
        for number, part in enumerate(value):
            yield from _walk((*path, str(number)), part)


def _parts(value: Any) -> dict[str, Any]:
    if isinstance(value, Mapping):
        return {str(name): part for name, part in value.items()}
    return {field.name: getattr(value, field.name) for field in fields(value)}


def _of_record(path: Path, parts: dict[str, Any]) -> Iterator[str]:
    if {"low", "high"} <= parts.keys() and "lowest" not in parts:
        yield from _of_interval(path, parts)
    if "n_pairs" in parts:
        yield from _of_rate(parts)
    yield from (f"{name} = {parts[name]} is no p" for name in P_VALUES if not 0 <= (parts.get(name) or 0.0) <= 1)
    if parts.get("p_adjusted") is not None and not parts["p_adjusted"] >= parts["p"]:
        yield f"p adjusted {parts['p_adjusted']} below p {parts['p']}"
    test, rate = parts.get("test"), parts.get("win_rate")
    if test is not None and rate is not None:
        yield from _of_test(_parts(test), _parts(rate))


def _of_interval(path: Path, parts: dict[str, Any]) -> Iterator[str]:
    """low < high, the estimate between them, all of it where such a number can be."""
    low, high, estimate = parts["low"], parts["high"], parts.get("estimate")
    if OPEN & set(path):
        floor, ceiling, estimate = -math.inf, math.inf, parts.get("strength", estimate)
    else:
        floor, ceiling = (-1.0 if SIGNED & set(path) else 0.0), 1.0
        if estimate is not None and (low is None or high is None) and not MAY_LACK & set(path):
            yield f"estimate {estimate} has no interval"
    if low is not None and high is not None and not canonical(low) < canonical(high):
        yield f"{low} to {high} {NO_WIDTH}"
    known = [end for end in (low, estimate, high) if end is not None]
    if known != sorted(known) or not all(floor <= end <= ceiling for end in known):
        yield f"{low} <= {estimate} <= {high} does not hold in [{floor}, {ceiling}]"


def _of_rate(parts: dict[str, Any]) -> Iterator[str]:
    if sum(parts[name] for name in ENDINGS) != parts["n_pairs"]:
        yield "the endings do not sum to the pairs"
    if not parts["effective_clusters"] <= parts["n_clusters"] * (1 + 1e-9):
        yield "more effective clusters than clusters"
    if parts["effective_clusters"] == 1 and (parts["low"], parts["high"]) != (0, 1):
        yield "one cluster says something about others"
    if parts["se"] is not None and not parts["se"] > 0:
        yield f"se {parts['se']} is no error"
    bounds = parts["bounds"]
    if bounds is not None:
        within = bounds[0] - 1e-9 <= (bounds[0] if parts["estimate"] is None else parts["estimate"]) <= bounds[1] + 1e-9
        if not (within and 0 <= bounds[0] <= bounds[1] <= 1):
            yield f"bounds {bounds} do not hold {parts['estimate']}"
    elif parts["estimate"] is not None:
        yield "an estimate without bounds"


def _of_test(test: dict[str, Any], rate: dict[str, Any]) -> Iterator[str]:
    if test["p"] is not None and rate["effective_clusters"] < FEWEST_FOR_P:
        yield "a p below ten effective clusters"
    if test["p"] is None and not test["note"]:
        yield "no p and no reason"
