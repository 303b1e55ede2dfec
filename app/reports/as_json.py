"""A report as canonical JSON: sorted keys, floats to 12 significant digits, byte-identical for equal results."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import Any

import orjson

from app.reports.report import Report


def render(report: Report) -> bytes:
    """{"envelope", "results"} in UTF-8, indented; null where a number is not finite."""
    content = {"envelope": canonical(report.envelope), "results": canonical(report.results)}
    return orjson.dumps(content, option=orjson.OPT_SORT_KEYS | orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)


def canonical(value: Any) -> Any:
    """Dataclasses as dicts, tuples as lists, floats rounded to 12 significant digits, None for non-finite."""
    if is_dataclass(value):
        return {field.name: canonical(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, Mapping):
        return {str(key): canonical(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [canonical(part) for part in value]
    if isinstance(value, float):
        return float(f"{value:.12g}") if math.isfinite(value) else None
    return value
