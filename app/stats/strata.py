"""Strata of answer correctness: a preference must not be mere correctness (docs/statistics.md, section 9)."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]

STRATA = ("both_right", "only_a_right", "only_b_right", "both_wrong", "unknown")


def strata(right_a: Array, right_b: Array) -> Array:
    """Index into STRATA of every pair, int8 (n,), from `right_*` int8 (n,): 1 right, 0 wrong, -1 unknown."""
    known = (right_a >= 0) & (right_b >= 0)
    index = 2 * (right_a <= 0).astype(np.int8) + (right_b <= 0)
    return np.where(known, _STRATUM[index], STRATA.index("unknown")).astype(np.int8)


# By 2 * (A wrong) + (B wrong).
_STRATUM = np.array([STRATA.index(name) for name in ("both_right", "only_a_right", "only_b_right", "both_wrong")])
