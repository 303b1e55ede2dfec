"""Confidence sequences: the product against plain capital, any-time error by simulation, losses, and what they say."""

from __future__ import annotations

import math
import re
import time
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.errors import Invalid
from app.stats.sequence import (
    STEPS,
    ClusterValues,
    ConfidenceSequence,
    Target,
    cluster_values,
    new_items_sequence,
    on_rate_scale,
    thinned,
    this_job_sequence,
)

values = st.lists(st.sampled_from([0.0, 0.25, 0.5, 0.8, 1.0]), min_size=1, max_size=60).map(np.array)


def known(x) -> ClusterValues:
    return ClusterValues(np.asarray(x, dtype=float), np.asarray(x, dtype=float))


def drawn(count: int, chances: tuple[float, float, float], seed: int) -> np.ndarray:
    """Jobs of scores B, tie, A."""
    return np.random.default_rng(seed).choice([0.0, 0.5, 1.0], p=chances, size=count)


def capital(x: list[float], mean: float, total: int | None, level: float = 0.95) -> float:
    """The richest that one who bets on values above `mean` ever gets: the paper's formulas, one value at a time."""
    richest = wealth = 1.0
    estimate, squares, variance, read = 0.5, 0.25, 0.25, 0.0
    for t, value in enumerate(x, start=1):
        expected = mean if total is None else (total * mean - read) / (total - t + 1)
        if expected < -1e-9:
            return math.inf
        bet = math.sqrt(2 * math.log(2 / (1 - level)) / (variance * t * math.log(t + 1)))
        bet = min(bet, 0.5 / expected) if expected > 1e-9 else bet
        wealth *= 1 + bet * (value - min(expected, 1.0))
        richest = max(richest, wealth)
        estimate = (0.5 + sum(x[:t])) / (t + 1)
        squares += (value - estimate) ** 2
        variance = squares / (t + 1)
        read += value
    return math.inf if total is not None and total * mean < read - 1e-9 else richest


def plainly_above(x: list[float], total: int | None) -> float:
    """The largest mean tried that betting refutes from below; 0 when there is none."""
    refuted = [m / STEPS for m in range(STEPS + 1) if capital(x, m / STEPS, total) >= 2 / 0.05]
    return max(refuted, default=0.0)


@pytest.mark.parametrize("total", [None, 25, 60])
@pytest.mark.parametrize("seed", range(2))
def test_bounds_are_those_of_plain_betting(total, seed):
    x = drawn(25, (0.1, 0.2, 0.7), seed)
    found = new_items_sequence(known(x)) if total is None else this_job_sequence(known(x), total)
    assert found.low[-1] == pytest.approx(plainly_above(x.tolist(), total), abs=1e-12)
    assert found.high[-1] == pytest.approx(1 - plainly_above((1 - x).tolist(), total), abs=1e-12)


@given(values)
def test_swapping_sides_mirrors_the_bounds(x):
    there, back = new_items_sequence(known(x)), new_items_sequence(known(1 - x))
    assert np.allclose(there.low, 1 - back.high)
    assert there.decided_at == back.decided_at
    assert {there.decided_for, back.decided_for} in ({None}, {"A", "B"})


@given(values, st.integers(0, 40))
def test_bounds_only_close_in_and_look_at_nothing_later(x, more):
    for found, sooner in (
        (new_items_sequence(known(x)), new_items_sequence(known(x[:-1]))),
        (this_job_sequence(known(x), len(x) + more), this_job_sequence(known(x[:-1]), len(x) + more)),
    ):
        assert (found.low < found.high).all()
        assert (np.diff(found.low) >= 0).all()
        assert (np.diff(found.high) <= 0).all()
        assert (found.low[0], found.high[0]) == (0, 1)
        assert np.array_equal(found.low[:-1], sooner.low)
        assert np.array_equal(found.high[:-1], sooner.high)


def ever_wrong(jobs: int, clusters: int, truth: float, chances: tuple[float, float, float], total: int | None) -> float:
    wrong = 0
    for seed in range(jobs):
        x = drawn(total or clusters, chances, seed)
        found = this_job_sequence(known(x[:clusters]), total) if total else new_items_sequence(known(x))
        target = x.mean() if total else truth
        wrong += (found.low > target).any() or (found.high < target).any()
    return wrong / jobs


def test_any_time_error_is_held():
    """200 jobs: a true 5 % would pass 10 % once in a thousand or so."""
    assert ever_wrong(200, 100, 0.5, (0.35, 0.3, 0.35), None) <= 0.1
    assert ever_wrong(200, 100, 0.85, (0.0, 0.3, 0.7), None) <= 0.1
    assert ever_wrong(200, 100, math.nan, (0.35, 0.3, 0.35), 100) <= 0.1


def test_stopping_by_a_fixed_n_interval_would_not_hold_it():
    """The simulation can fail: 1.96 standard errors at each look leave out 1/2 in far more than 5 % of jobs."""
    stopped = 0
    for seed in range(200):
        x, t = drawn(150, (0.35, 0.3, 0.35), seed), np.arange(1, 151)
        mean = np.cumsum(x) / t
        error = np.sqrt((np.cumsum(x**2) / t - mean**2) / t)
        stopped += (np.abs(mean - 0.5) > 1.96 * error)[20:].any()
    assert stopped / 200 > 0.15


def test_the_jobs_own_number_is_reached_and_decides_nothing():
    x = drawn(203, (0.4, 0.1, 0.5), 1)
    found = this_job_sequence(known(x), 203)
    assert found.low[-1] <= x.mean() <= found.high[-1]
    assert found.high[-1] - found.low[-1] <= 2 / STEPS + 1e-12
    assert found.low[-1] > 0.5
    assert (found.decided_at, found.decided_for, found.target) == (None, None, Target.THIS_JOB)
    assert not re.search("is better|decided|wins", found.target.words.replace("nor which model is better", ""))


def test_decided_when_one_half_is_left_out():
    found = new_items_sequence(known(np.ones(40)))
    assert (found.decided_at, found.decided_for) == (10, "A")  # 1.5^9 < 2/0.05 <= 1.5^10
    assert found.low[9] < 0.5 <= found.low[10]
    assert new_items_sequence(known(np.zeros(40))).decided_for == "B"
    assert new_items_sequence(known(np.full(40, 0.5))).decided_at is None


def test_a_lost_pair_is_worst_for_each_bound():
    score = np.array([1.0, 1.0, np.nan, 0.5, 0.0, np.nan])
    lost = np.array([False, False, True, False, False, False])
    found = cluster_values(score, lost, np.array([0, 0, 0, 1, 2, 2]), 4, largest=4)
    assert found.low == pytest.approx([0.5 + 0.5 / 4, 0.5, 0.5 - 0.5 / 4, 0.5])
    assert found.high == pytest.approx([0.5 + 1.5 / 4, 0.5, 0.5 - 0.5 / 4, 0.5])


@given(st.data())
def test_bounds_hold_those_of_whatever_the_lost_pairs_say(data):
    x = data.draw(values)
    lost = np.array(data.draw(st.lists(st.booleans(), min_size=len(x), max_size=len(x))))
    place = np.arange(len(x))
    found = new_items_sequence(cluster_values(x, lost, place, len(x), 1))
    assert found.low[-1] <= new_items_sequence(known(np.where(lost, 0, x))).low[-1]
    assert found.high[-1] >= new_items_sequence(known(np.where(lost, 1, x))).high[-1]
    assert found.low[-1] < found.high[-1]


def test_values_stand_on_the_side_of_the_pair_weighted_rate():
    sizes = np.array([1, 5, 2])
    place, score = np.repeat(np.arange(3), sizes), np.array([0.0, 1, 1, 1, 0, 0.5, 0, 0])
    found = cluster_values(score, np.zeros(8, dtype=bool), place, 3, largest=5)
    assert 0.5 + (found.low.mean() - 0.5) * 5 / sizes.mean() == pytest.approx(score.mean())
    job = on_rate_scale(this_job_sequence(found, 3), 5, float(sizes.mean()))
    assert job.low[-1] < score.mean() < job.high[-1]
    assert (job.low[0], job.high[0]) == (0, 1)


def test_a_contradiction_is_told_and_the_last_bounds_stay():
    x = np.concatenate([np.tile([0.5, 0.9], 200), np.tile([0.1, 0.5], 400)])
    found = new_items_sequence(known(x))
    assert "no mean is left" in found.warnings[0]
    assert (found.low < found.high).all()
    assert len(found.t) == len(found.low) == len(found.high) == 1_201


def test_nothing_finished_says_nothing():
    found = new_items_sequence(known([]))
    assert (found.t.tolist(), found.low.tolist(), found.high.tolist()) == ([0], [0], [1])


@pytest.mark.parametrize("points", [200, 20])
def test_a_chart_keeps_what_matters(points):
    whole = new_items_sequence(known(drawn(3_000, (0.2, 0.2, 0.6), 3)))
    found = thinned(whole, points)
    assert len(found.t) <= points + 1
    assert {0, 3_000, whole.decided_at} <= set(found.t.tolist())
    assert np.array_equal(found.low, whole.low[found.t])
    assert isinstance(found, ConfidenceSequence)
    assert thinned(replace(whole, decided_at=None), points).t[-1] == 3_000


def test_a_long_job_is_quick():
    x, began = drawn(100_000, (0.3, 0.3, 0.4), 0), time.process_time()
    found = new_items_sequence(known(x))
    assert found.high[-1] - found.low[-1] < 0.02
    assert time.process_time() - began < 5


@pytest.mark.parametrize(
    "make, field",
    [
        (lambda: new_items_sequence(known([0.2, 1.2])), "values.low"),
        (lambda: new_items_sequence(known([0.2, math.nan])), "values.low"),
        (lambda: new_items_sequence(ClusterValues(np.array([0.7]), np.array([0.2]))), "values.low"),
        (lambda: new_items_sequence(ClusterValues(np.array([0.2]), np.array([0.2, 0.3]))), "values.low"),
        (lambda: new_items_sequence(known([0.2]), level=1.0), "level"),
        (lambda: this_job_sequence(known([0.2, 0.3]), 1), "total"),
        (lambda: cluster_values(np.ones(3), np.zeros(3, dtype=bool), np.zeros(3, dtype=int), 1, 2), "largest"),
        (lambda: cluster_values(np.ones(1), np.zeros(1, dtype=bool), np.ones(1, dtype=int), 1, 2), "n_clusters"),
    ],
)
def test_wrong_input_is_named(make, field):
    with pytest.raises(Invalid) as caught:
        make()
    assert field in [problem.field for problem in caught.value.problems]
