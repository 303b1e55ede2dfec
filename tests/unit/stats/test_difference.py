"""The difference of two rates against a shared base: by hand, by two textbook tests, by law, by simulation."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import ttest_ind, ttest_rel

from app.stats.difference import difference
from app.stats.intervals import mean_interval

ARM = st.lists(st.tuples(st.sampled_from([0.0, 0.5, 1.0, np.nan]), st.integers(0, 8)), max_size=25)


def arrays(rows):
    return np.array([r[0] for r in rows], dtype=float), np.array([r[1] for r in rows], dtype=int)


def scores(seed: int, n: int, p: float = 0.6) -> np.ndarray:
    return np.random.default_rng(seed).choice([1.0, 0.5, 0.0], n, p=[0.8 * p, 0.2, 0.8 * (1 - p)])


def test_one_pair_of_each_per_item_is_the_paired_t_interval():
    x, y, item = scores(1, 60), scores(2, 60), np.arange(60)
    found, textbook = difference(x, item, y, item), ttest_rel(x, y).confidence_interval(0.95)
    assert (found.low, found.high) == pytest.approx((textbook.low, textbook.high), abs=1e-12)
    assert (found.n_clusters, found.n_shared, found.effective_clusters) == (60, 60, pytest.approx(60))


def test_items_apart_are_the_two_sample_interval():
    x, y = scores(1, 40), scores(2, 40, 0.4)
    found = difference(x, np.arange(40), y, 40 + np.arange(40))
    welch = ttest_ind(x, y, equal_var=False)
    assert found.estimate / found.se == pytest.approx(welch.statistic, rel=0.02)  # 79/80 against two times 39/40
    assert found.effective_clusters - 1 == pytest.approx(welch.df, rel=0.03)
    assert found.warnings == ("the two share no cluster: their difference is not paired",)


def test_by_brute_force():
    random = np.random.default_rng(7)
    x, y = scores(3, 50), scores(4, 70)
    of_x, of_y = random.integers(0, 12, 50), random.integers(3, 15, 70)
    found, names = difference(x, of_x, y, of_y), range(15)
    left_out = [x[of_x != name].mean() - y[of_y != name].mean() for name in names]
    variance = 14 / 15 * sum((d - found.estimate) ** 2 for d in left_out)
    assert found.se == pytest.approx(np.sqrt(variance), rel=1e-12)
    assert (found.n_clusters, found.n_shared) == (15, 9)


@given(ARM, ARM)
def test_a_difference_is_finite_never_of_zero_width_and_mirrored(rows_x, rows_y):
    x, y = arrays(rows_x), arrays(rows_y)
    found, mirrored = difference(*x, *y), difference(*y, *x)
    if np.isnan(x[0]).all() or np.isnan(y[0]).all():
        assert (found.estimate, found.low, found.high) == (None, None, None)
        assert found.warnings == ("nothing was decided on one side",)
        return
    assert -1 <= found.low <= found.estimate <= found.high <= 1
    assert found.low < found.high
    assert (found.low, found.high) == pytest.approx((-mirrored.high, -mirrored.low), abs=1e-9)


@given(ARM, ARM, st.integers(1, 1_000_003))
def test_renumbering_clusters_changes_nothing(rows_x, rows_y, step):
    x, y = arrays(rows_x), arrays(rows_y)
    found, again = difference(*x, *y), difference(x[0], step * x[1], y[0], step * y[1])
    assert (found.estimate, found.low, found.high) == pytest.approx((again.estimate, again.low, again.high), abs=1e-12)


def test_the_same_verdicts_leave_what_was_not_seen_open():
    x, item = scores(1, 36), np.arange(36)
    found = difference(x, item, x, item)
    assert (found.estimate, found.se) == (0, None)
    never = mean_interval(np.zeros(36), item).high
    assert (found.low, found.high) == pytest.approx((-never, never), abs=1e-12)
    assert "never seen" in found.warnings[0]


def test_rounding_is_no_variation():
    random = np.random.default_rng(1)
    of_x, of_y = random.integers(0, 30, 97), random.integers(0, 30, 71)
    found = difference(np.full(97, 0.7), of_x, np.full(71, 0.1), of_y)
    assert found.se is None
    assert found.high - found.low > 0.2


def test_one_cluster_says_nothing():
    one = difference(scores(1, 9), np.zeros(9, dtype=int), scores(2, 30), np.arange(30))
    assert (one.low, one.high, one.se) == (-1, 1, None)
    assert "single cluster" in one.warnings[-1]


@pytest.mark.parametrize("pull, p_y", [(0.0, 0.6), (0.5, 0.7), (0.8, 0.8)])
def test_the_interval_covers_the_truth(pull, p_y):
    """Seeded; 60 items with 1 to 3 pairs for each model; a share `pull` of items takes the same luck for both."""
    random, rounds, held = np.random.default_rng(5), 500, 0
    for _ in range(rounds):
        luck, common = random.random((2, 60)), random.random(60) < pull
        luck[1, common] = luck[0, common]
        of_x, of_y = (np.repeat(np.arange(60), random.integers(1, 4, 60)) for _ in range(2))
        x, y = (luck[0, of_x] < 0.8).astype(float), (luck[1, of_y] < p_y).astype(float)
        found = difference(x, of_x, y, of_y)
        held += found.low <= 0.8 - p_y <= found.high
    assert 0.925 <= held / rounds <= 0.985
