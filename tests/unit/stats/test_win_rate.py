"""Win rate, preference rate, bounds and the identity."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.verdict import Verdict
from app.stats.intervals import Confidence, IntervalKind
from app.stats.tally import counts
from app.stats.win_rate import preference_rate, win_rate

PUBLISHED = Path(__file__).parents[2] / "data" / "win_rates"
HALF = np.array([np.nan, 1.0, 0.0, 0.5, 0.5, np.nan])
MIRROR = np.array([0, 2, 1, 3, 4, 5], dtype=np.int8)
verdicts = st.lists(st.sampled_from(Verdict), max_size=40).map(lambda found: np.array(found, dtype=np.int8))


def rate_of(verdict: np.ndarray, **confidence):
    return win_rate(verdict, HALF[verdict], np.arange(len(verdict)), Confidence(**confidence))


def test_a_published_win_rate_to_every_digit():
    with (PUBLISHED / "cohere_vs_gpt4_turbo.csv").open() as file:
        won = np.array([row["preference"] == "2" for row in csv.DictReader(file)])
    expected = json.loads((PUBLISHED / "expected.json").read_text())
    found = rate_of(np.where(won, Verdict.A, Verdict.B).astype(np.int8))
    assert 100 * found.estimate == pytest.approx(expected["win_rate"], abs=1e-12)
    assert 100 * found.se == pytest.approx(expected["standard_error"], abs=1e-12)
    assert (found.wins, found.losses, found.ties, found.n_pairs) == (139, 666, 0, 805)
    assert found.low < found.estimate < found.high


@given(verdicts)
def test_every_pair_ends_one_way(verdict):
    found = rate_of(verdict)
    ends = found.wins + found.losses + found.ties + found.inconsistent + found.undecided + found.missing
    assert ends == found.n_pairs == len(verdict)


@given(verdicts)
def test_half_is_its_formula(verdict):
    tally, found = counts(verdict), rate_of(verdict)
    decided = tally.wins + tally.losses + tally.ties + tally.inconsistent
    if not decided:
        assert found.estimate is None
        return
    assert found.estimate == pytest.approx((tally.wins + (tally.ties + tally.inconsistent) / 2) / decided)
    assert found.n_clusters == decided


@given(verdicts)
def test_the_rates_of_both_sides_add_to_one(verdict):
    a, b = rate_of(verdict), rate_of(MIRROR[verdict])
    if a.estimate is None:
        assert b.estimate is None
        return
    assert a.estimate + b.estimate == pytest.approx(1)
    assert (a.low, a.high) == pytest.approx((1 - b.high, 1 - b.low), abs=1e-12)
    assert a.bounds == pytest.approx((1 - b.bounds[1], 1 - b.bounds[0]))


@given(verdicts, st.data())
def test_the_bounds_hold_whatever_the_missing_pairs_say(verdict, data):
    bounds = rate_of(verdict).bounds
    missing = np.flatnonzero(verdict == Verdict.MISSING)
    found = data.draw(st.lists(st.sampled_from([1, 2, 3, 4]), min_size=len(missing), max_size=len(missing)))
    whole = verdict.copy()
    whole[missing] = found
    estimate = rate_of(whole).estimate
    if estimate is None:
        assert bounds is None
    else:
        assert bounds[0] - 1e-12 <= estimate <= bounds[1] + 1e-12


def test_bounds_by_hand():
    verdict = np.array([1, 1, 2, 3, 0, 0], dtype=np.int8)
    assert rate_of(verdict).bounds == pytest.approx((2.5 / 6, 4.5 / 6))
    assert preference_rate(verdict, np.arange(6)).bounds == pytest.approx((2 / 5, 4 / 5))


@given(verdicts)
def test_preference_rate_is_wins_among_won_and_lost(verdict):
    tally, found = counts(verdict), preference_rate(verdict, np.arange(len(verdict)))
    if tally.wins + tally.losses:
        assert found.estimate == pytest.approx(tally.wins / (tally.wins + tally.losses))
        assert found.low < found.high
    else:
        assert found.estimate is None
        assert found.warnings == ("nothing was decided",)
    assert (found.ties, found.n_pairs) == (tally.ties, tally.n_pairs)


def test_soft_scores_are_averaged():
    score = np.array([0.9, 0.2, np.nan, 0.4])
    found = win_rate(np.array([1, 2, 0, 2], dtype=np.int8), score, np.arange(4))
    assert found.estimate == pytest.approx(0.5)
    assert found.missing == 1


def test_the_method_says_how_the_interval_was_made():
    verdict = np.array([1, 2] * 20, dtype=np.int8)
    assert rate_of(verdict).method == "cluster-robust"
    assert rate_of(verdict, kind=IntervalKind.MODEL).method == "pairs taken as independent"
    assert rate_of(verdict, kind=IntervalKind.BOOTSTRAP).method == "cluster bootstrap"
