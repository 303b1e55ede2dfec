"""The known-answer gate: published exact bounds, binomial sums, gold pairs made by hand."""

from __future__ import annotations

from math import comb

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.errors import Invalid
from app.stats.known_answer import GateNote, exact_lower_bound, known_answer


@pytest.mark.parametrize("correct, n, low, high", [(81, 263, 0.2527, 0.3676), (15, 148, 0.0578, 0.1617)])
def test_published_exact_bounds(correct, n, low, high):
    """Newcombe (1998), Statistics in Medicine 17:857-872, Table I, the exact method at 95 %."""
    assert round(exact_lower_bound(correct, n, 0.975), 4) == low
    assert round(1 - exact_lower_bound(n - correct, n, 0.975), 4) == high


@given(st.integers(1, 60).flatmap(lambda n: st.tuples(st.integers(1, n), st.just(n))), st.sampled_from([0.9, 0.95]))
def test_at_the_bound_so_many_right_answers_have_the_stated_chance(answers, level):
    correct, n = answers
    low = exact_lower_bound(correct, n, level)
    chance = sum(comb(n, k) * low**k * (1 - low) ** (n - k) for k in range(correct, n + 1))
    assert chance == pytest.approx(1 - level)


def judged(*cells: tuple[int, int, int]):
    """Votes and gold from (gold, vote, how often)."""
    gold, vote, times = np.array(cells).T
    return np.repeat(vote, times).astype(np.int8), np.repeat(gold, times).astype(np.int8)


def test_a_judge_that_knows_passes():
    found = known_answer(*judged((1, 1, 20), (2, 2, 20), (3, 3, 5), (3, 1, 2)), threshold=0.9)
    assert (found.passed, found.correct, found.n) == (True, 40, 40)
    assert found.low == pytest.approx(0.05 ** (1 / 40))
    assert (found.true_ties, found.ties_found, found.notes) == (7, 5, ())


def test_the_bound_must_be_above_the_threshold_not_the_rate():
    votes = judged((1, 1, 19), (1, 2, 1), (2, 2, 18), (2, 3, 2), (3, 3, 3))
    assert exact_lower_bound(37, 40) == pytest.approx(0.8174, abs=1e-4)
    assert [known_answer(*votes, threshold=threshold).passed for threshold in (0.8, 0.85)] == [True, False]


def test_unanswered_pairs_are_wrong_and_pairs_without_gold_do_not_count():
    found = known_answer(*judged((1, 1, 16), (2, 2, 12), (2, 0, 4), (0, 1, 9)), threshold=0.5)
    assert (found.correct, found.n, found.unanswered) == (28, 32, 4)
    assert found.notes == (GateNote.NO_TRUE_TIES, GateNote.UNANSWERED)


@pytest.mark.parametrize(
    "cells, note",
    [
        ([(1, 1, 15), (2, 2, 14), (3, 3, 9)], GateNote.TOO_FEW),
        ([(1, 1, 41), (2, 2, 19), (3, 3, 9)], GateNote.UNBALANCED),
        ([(3, 3, 40)], GateNote.TOO_FEW),
    ],
)
def test_pairs_that_cannot_tell_neither_pass_nor_fail(cells, note):
    found = known_answer(*judged(*cells), threshold=0.5)
    assert found.passed is None
    assert found.notes == (note,)


def test_thirty_pairs_a_third_on_one_side_are_enough():
    assert known_answer(*judged((1, 1, 10), (2, 2, 20), (3, 3, 1)), threshold=0.9).passed is True


def test_no_gold_at_all():
    found = known_answer(np.zeros(0, np.int8), np.zeros(0, np.int8), threshold=0.8)
    assert (found.passed, found.n, found.low) == (None, 0, None)
    assert found.notes == (GateNote.TOO_FEW, GateNote.NO_TRUE_TIES)


@pytest.mark.parametrize("threshold, level", [(0, 0.95), (1, 0.95), (float("nan"), 0.95), (0.8, 1)])
def test_thresholds_and_levels_must_be_shares(threshold, level):
    with pytest.raises(Invalid):
        known_answer(*judged((1, 1, 20), (2, 2, 20)), threshold, level)


def test_a_judge_at_the_threshold_passes_as_seldom_as_the_level_says():
    random = np.random.default_rng(9)
    correct = random.binomial(60, 0.8, 4_000)
    assert np.mean([exact_lower_bound(int(each), 60) > 0.8 for each in correct]) <= 0.055
