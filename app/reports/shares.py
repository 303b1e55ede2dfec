"""A share as reports carry it: {estimate, low, high, n}."""

from __future__ import annotations

from app.stats.intervals import Interval

Share = dict[str, float | int | None]


def share(found: Interval | None) -> Share:
    """With None throughout where there was nothing to measure."""
    if found is None:
        return {"estimate": None, "low": None, "high": None, "n": 0}
    return {"estimate": found.estimate, "low": found.low, "high": found.high, "n": found.n}
