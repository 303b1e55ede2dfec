"""Strata of answer correctness."""

from __future__ import annotations

import numpy as np

from app.stats.strata import STRATA, strata


def test_every_combination_of_two_answers():
    known = {
        (1, 1): "both_right",
        (1, 0): "only_a_right",
        (0, 1): "only_b_right",
        (0, 0): "both_wrong",
        (-1, 1): "unknown",
        (1, -1): "unknown",
        (0, -1): "unknown",
        (-1, -1): "unknown",
    }
    a, b = np.array(list(known), dtype=np.int8).T
    assert [STRATA[index] for index in strata(a, b)] == list(known.values())
