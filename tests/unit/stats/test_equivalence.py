"""Equivalence agrees with the printed interval, and claims nothing it has not shown."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import t

from app.domain.errors import Invalid
from app.stats.equivalence import equivalence
from app.stats.intervals import NOTHING, Confidence, mean_interval
from app.stats.multiplicity import p_value


def scores(wins: int, losses: int) -> tuple[np.ndarray, np.ndarray]:
    return np.repeat([1.0, 0.0], [wins, losses]), np.arange(wins + losses)


@given(st.integers(5, 300), st.integers(5, 300), st.floats(0.01, 0.49))
def test_the_90_percent_interval_decides(wins, losses, margin):
    data = scores(wins, losses)
    found, interval = equivalence(mean_interval(*data), margin), mean_interval(*data, Confidence(0.9))
    assert (found.low90, found.high90) == (interval.low, interval.high)
    assert found.equivalent == (interval.low > 0.5 - margin and interval.high < 0.5 + margin)
    assert found.non_inferior == (interval.low > 0.5 - margin)
    assert found.equivalent == (found.p_equivalence < 0.05)
    assert found.non_inferior == (found.p_non_inferiority < 0.05)


def test_by_hand():
    found = equivalence(mean_interval(*scores(200, 200)), 0.1)
    # n_eff is n - 1 for wins and losses; the null variance at 0.4 is 0.24.
    by_hand = t.sf(0.1 / np.sqrt(0.24 / 399), 399)
    assert (found.p_equivalence, found.p_non_inferiority) == pytest.approx((by_hand, by_hand), rel=1e-12)
    assert found.equivalent
    ahead = equivalence(mean_interval(*scores(220, 180)), 0.1)
    n_eff = 399
    assert ahead.p_equivalence == pytest.approx(t.cdf((0.55 - 0.6) / np.sqrt(0.24 / n_eff), 399), rel=1e-12)
    assert ahead.p_non_inferiority == pytest.approx(t.sf((0.55 - 0.4) / np.sqrt(0.24 / n_eff), 399), rel=1e-12)


def test_not_significant_is_not_equivalent():
    interval = mean_interval(*scores(11, 9))
    assert p_value(interval).value > 0.5
    found = equivalence(interval, 0.1)
    assert (found.equivalent, found.non_inferior, found.reason) == (False, False, None)


def test_a_better_model_is_non_inferior_and_not_equivalent():
    found = equivalence(mean_interval(*scores(80, 20)), 0.1)
    assert (found.non_inferior, found.equivalent) == (True, False)


def test_few_clusters_claim_nothing():
    found = equivalence(mean_interval(np.tile([0.0, 1.0], 900), np.repeat(np.arange(9), 200)), 0.2)
    assert (found.equivalent, found.non_inferior, found.p_equivalence, found.p_non_inferiority) == (
        False, False, None, None,
    )  # fmt: skip
    assert found.low90 < 0.5 < found.high90
    assert "10 effective clusters" in found.reason


def test_nothing_decided():
    found = equivalence(NOTHING, 0.1)
    assert (found.equivalent, found.low90, found.high90, found.reason) == (False, None, None, "nothing was decided")


@pytest.mark.parametrize("margin", [0, 0.5, -0.1, float("nan"), 1])
def test_a_margin_that_means_nothing(margin):
    with pytest.raises(Invalid, match="between 0 and 1/2"):
        equivalence(mean_interval(*scores(20, 20)), margin)
