"""Position bias on picks made by hand."""

from __future__ import annotations

import numpy as np
import pytest

from app.domain.verdict import settle_many
from app.stats.position_bias import position_bias


def found_for(*pairs: tuple[int, int]):
    picks = np.array(pairs, dtype=np.int8).reshape(-1, 1, 2, 1)
    return position_bias(picks[:, 0], settle_many(picks).stances[:, 0], np.arange(len(pairs)))


def test_a_judge_that_always_picks_first():
    found = found_for(*[(1, 1)] * 16)
    assert (found.first_share.estimate, found.first_share.n, found.bias) == (1, 32, 0.5)
    assert found.first_share.low < 1
    assert found.first_share.n_clusters == 16
    assert (found.consistency.estimate, found.consistency.n, found.flips, found.partials) == (0, 16, 16, 0)


def test_ties_and_lost_orders_are_counted_where_they_belong():
    found = found_for((1, 2), (2, 1), (1, 3), (3, 3), (2, 2), (1, 0))
    # Picks of a place: 1 2 | 2 1 | 1 | | 2 2 | 1.
    assert found.first_share.n == 8
    assert found.first_share.estimate == pytest.approx(4 / 8)
    # Both orders: all but the last; agreeing: the first two and the tie.
    assert found.consistency.n == 5
    assert found.consistency.estimate == pytest.approx(3 / 5)
    assert (found.flips, found.partials) == (1, 1)


def test_one_order_cannot_tell_place_from_side():
    picks = np.array([1, 1, 2], dtype=np.int8).reshape(3, 1, 1)
    found = position_bias(picks, np.array([1, 1, 2], dtype=np.int8), np.arange(3))
    assert (found.consistency, found.bias) == (None, None)
    assert found.first_share.estimate == pytest.approx(2 / 3)


def test_nothing_judged_is_no_bias():
    found = found_for((0, 0), (3, 3))
    assert (found.first_share.estimate, found.bias) == (None, None)
    assert (found.consistency.estimate, found.consistency.n) == (1, 1)
