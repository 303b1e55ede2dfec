"""The canonical form of results: equal results are equal bytes, whatever happened on the way."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import Any

import numpy as np
import orjson

from app.reports.report import Results

SIGNIFICANT_DIGITS = 12


def canonical(value: Any) -> Any:
    """Plain JSON values: floats at 12 significant digits, what is not finite as None, no negative zero."""
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float):
        return float(f"{value:.{SIGNIFICANT_DIGITS}g}") + 0.0 if math.isfinite(value) else None
    if is_dataclass(value):
        return {field.name: canonical(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, Mapping):
        return {str(key): canonical(part) for key, part in value.items()}
    if isinstance(value, list | tuple | np.ndarray):
        return [canonical(part) for part in value]
    return value


def canonical_bytes(results: Results) -> bytes:
    """The canonical form of results as JSON with sorted keys."""
    return orjson.dumps(canonical(results), option=orjson.OPT_SORT_KEYS)
