"""Flips beyond noise: loops over couples of picks, the exact expectation, coverage."""

from __future__ import annotations

from itertools import combinations, product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.judgment import Pick, Side, unswap
from app.domain.order import Order
from app.stats.intervals import Confidence, IntervalKind
from app.stats.noise_floor import flip_excess

ORDERS = (Order.AB, Order.BA)


@st.composite
def picked(draw):
    n, repeats = draw(st.integers(1, 15)), draw(st.integers(2, 4))
    flat = draw(st.lists(st.integers(0, 3), min_size=n * 2 * repeats, max_size=n * 2 * repeats))
    cluster = draw(st.lists(st.integers(0, 6), min_size=n, max_size=n))
    return np.array(flat, dtype=np.int8).reshape(n, 2, repeats), np.array(cluster)


def sides(picks, order) -> list[Side]:
    return [unswap(Pick(pick), order) for pick in picks if pick not in (0, Pick.TIE)]


def by_couples(picks) -> list[tuple[float, float]]:
    """Swap and repeat rate of every pair that has them, couple by couple."""
    found = []
    for pair in picks.tolist():
        one, two = (sides(row, order) for row, order in zip(pair, ORDERS, strict=True))
        if min(len(one), len(two)) > 1:
            swap = np.mean([a != b for a, b in product(one, two)])
            found.append((swap, np.mean([np.mean([a != b for a, b in combinations(row, 2)]) for row in (one, two)])))
    return found


@given(picked())
def test_rates_are_those_of_all_couples(data):
    picks, cluster = data
    found, expected = flip_excess(picks, cluster), by_couples(picks)
    assert found.n == len(expected)
    if expected:
        swap, repeat = np.mean(expected, axis=0)
        assert (found.swap.estimate, found.repeat.estimate) == pytest.approx((swap, repeat))
        assert found.excess == pytest.approx(swap - repeat)


@given(picked(), st.sampled_from(IntervalKind))
def test_an_interval_is_finite_and_never_of_zero_width(data, kind):
    found = flip_excess(*data, Confidence(kind=kind))
    if found.n:
        assert -1 <= found.low <= found.excess <= found.high <= 1
        assert found.low < found.high
    else:
        assert (found.excess, found.low, found.high) == (None, None, None)
        assert found.warnings == ("no pair has two decided picks in either order",)


@given(picked())
def test_naming_the_orders_the_other_way_round_changes_nothing(data):
    picks, cluster = data
    turned = flip_excess(picks[:, ::-1], cluster, orders=ORDERS[::-1])
    found = flip_excess(picks, cluster)
    assert (turned.n, turned.excess) == (found.n, pytest.approx(found.excess))


@pytest.mark.parametrize("p, q", [(0.5, 0.5), (0.9, 0.9), (0.9, 0.2), (1, 0)])
def test_the_expected_excess_is_the_squared_difference_of_the_orders(p, q):
    """All sixteen ways to pick twice in two orders, each with its chance: (p - q)^2, exactly."""
    total = 0.0
    for a in product([True, False], repeat=4):  # whether each pick names side A
        chance = np.prod([side if named else 1 - side for named, side in zip(a, (p, p, q, q), strict=True)])
        shown = [[1 if named else 2 for named in a[:2]], [2 if named else 1 for named in a[2:]]]
        total += chance * flip_excess(np.array([shown], dtype=np.int8), np.zeros(1, int)).excess
    assert total == pytest.approx((p - q) ** 2, abs=1e-12)


def test_a_judge_that_always_picks_first_flips_and_never_wavers():
    found = flip_excess(np.ones((40, 2, 2), np.int8), np.arange(40))
    assert (found.swap.estimate, found.repeat.estimate, found.excess, found.high) == (1, 0, 1, 1)
    assert 0.5 < found.low < 1


@pytest.mark.parametrize("shape", [(5, 2, 1), (5, 1, 3), (0, 2, 1)])
def test_without_repeats_or_orders_there_is_no_floor(shape):
    found = flip_excess(np.ones(shape, np.int8), np.arange(shape[0]))
    assert (found.excess, found.low, found.high, found.n) == (None, None, None, 0)
    assert "two repeats" in found.warnings[0]


def test_the_interval_covers_the_truth():
    """Seeded; 70 clusters of 1 to 4 pairs; a cluster's pairs share their chances of naming A in the two orders."""
    random = np.random.default_rng(12)
    rounds, held, nothing = 500, 0, 0
    for _ in range(rounds):
        cluster = np.repeat(np.arange(70), random.integers(1, 5, 70))
        p = random.random(70)
        q = np.clip(p - 0.5 * (random.random(70) < 0.4), 0, 1)
        for second in (q, p):
            chance = np.stack([p, 1 - second], axis=1)[cluster][:, :, None]  # of picking the first position
            picks = np.where(random.random((len(cluster), 2, 3)) < chance, 1, 2).astype(np.int8)
            found = flip_excess(picks, cluster)
            if second is q:
                held += found.low <= _mean_square(0.5, 0.4) <= found.high
            else:
                nothing += found.low <= 0 <= found.high
    assert 0.93 <= held / rounds <= 0.975
    assert 0.93 <= nothing / rounds <= 0.975


def _mean_square(pull: float, share: float) -> float:
    """Mean of min(p, pull)^2 over p uniform in [0, 1], for a `share` of clusters."""
    return share * (pull**3 / 3 + pull**2 * (1 - pull))
