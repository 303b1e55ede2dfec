"""The laws that hold from picks to verdicts."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.judgment import Pick, Side, unswap
from app.domain.order import Order
from app.domain.verdict import Policy, PolicyName, Stance, Verdict, settle, settle_many

BOTH = (Order.AB, Order.BA)
SWAPPED = {Pick.FIRST: Pick.SECOND, Pick.SECOND: Pick.FIRST, Pick.TIE: Pick.TIE}
MIRRORED = {Verdict.A: Verdict.B, Verdict.B: Verdict.A}


@st.composite
def some_picks(draw, most: int = 12):
    """int8 (pairs, judges, 2, repeats); 0 is no judgment."""
    shape = draw(st.integers(1, most)), draw(st.integers(1, 4)), 2, draw(st.integers(1, 3))
    cells = draw(st.lists(st.integers(0, 3), min_size=int(np.prod(shape)), max_size=int(np.prod(shape))))
    return np.array(cells, dtype=np.int8).reshape(shape)


policies = st.builds(
    Policy, name=st.sampled_from([PolicyName.HALF, PolicyName.DROP, PolicyName.AVERAGE]), quorum=st.integers(0, 4)
)


def as_words(pair: np.ndarray) -> list[list[list[Pick | None]]]:
    return [[[Pick(int(pick)) if pick else None for pick in order] for order in judge] for judge in pair]


@given(some_picks(), policies)
def test_settling_many_pairs_equals_settling_each(picks, policy):
    settled = settle_many(picks, policy)
    assert settled.verdict.tolist() == [settle(as_words(pair), policy) for pair in picks]


@given(some_picks(most=4), policies)
def test_the_table_of_all_answers_says_what_the_long_way_says(picks, policy):
    many = np.concatenate([picks] * 1200)  # more pairs than a judge of six replies has ways to answer
    few = settle_many(picks, policy)
    settled = settle_many(many, policy)
    assert np.array_equal(settled.verdict[: len(picks)], few.verdict)
    assert np.array_equal(settled.stances[-len(picks) :], few.stances)
    assert np.array_equal(settled.score[: len(picks)], few.score, equal_nan=True)


@given(st.sampled_from(Pick), st.sampled_from(Order))
def test_unswapping_is_its_own_inverse(pick, order):
    side = unswap(pick, order)
    assert unswap(Pick(int(side)), order) == Side(int(pick))


@given(st.sampled_from(Pick))
def test_the_other_order_means_the_other_side(pick):
    assert unswap(pick, Order.BA).value == unswap(SWAPPED[pick], Order.AB).value


@given(some_picks(), policies)
def test_swapping_the_sides_mirrors_the_verdict(picks, policy):
    settled = settle_many(picks, policy)
    # The traces change sides: what was shown in order AB now stands in BA, with the same picks of positions.
    mirrored = settle_many(picks[:, :, ::-1], policy)
    assert [MIRRORED.get(Verdict(v), Verdict(v)) for v in settled.verdict] == mirrored.verdict.tolist()
    assert np.allclose(1 - settled.score, mirrored.score, equal_nan=True)


@given(some_picks(), policies, st.randoms(use_true_random=False))
def test_shuffling_judges_and_repeats_changes_nothing(picks, policy, random):
    judges, repeats = (random.sample(range(n), n) for n in (picks.shape[1], picks.shape[3]))
    shuffled = settle_many(picks[:, judges][..., repeats], policy)
    settled = settle_many(picks, policy)
    assert np.array_equal(settled.verdict, shuffled.verdict)
    assert np.allclose(settled.score, shuffled.score, equal_nan=True)


@pytest.mark.parametrize(
    "first, second, stance",
    [
        (Pick.FIRST, Pick.SECOND, Stance.A),
        (Pick.SECOND, Pick.FIRST, Stance.B),
        (Pick.TIE, Pick.TIE, Stance.TIE),
        (Pick.FIRST, Pick.FIRST, Stance.FLIP),
        (Pick.SECOND, Pick.SECOND, Stance.FLIP),
        (Pick.FIRST, Pick.TIE, Stance.PARTIAL),
        (Pick.TIE, Pick.FIRST, Stance.PARTIAL),
        (Pick.FIRST, 0, Stance.MISSING),
        (0, Pick.TIE, Stance.MISSING),
    ],
)
def test_two_orders_give_a_stance(first, second, stance):
    picks = np.array([first, second], dtype=np.int8).reshape(1, 1, 2, 1)
    assert settle_many(picks).stances.item() == stance


def panel(*stances: str) -> np.ndarray:
    shown = {"A": (1, 2), "B": (2, 1), "T": (3, 3), "F": (1, 1), "-": (0, 0)}
    return np.array([shown[stance] for stance in stances], dtype=np.int8).reshape(1, len(stances), 2, 1)


@pytest.mark.parametrize(
    "stances, quorum, verdict",
    [
        ("AAB", 1, Verdict.A),
        ("AB", 1, Verdict.UNDECIDED),
        ("ABT", 1, Verdict.UNDECIDED),
        ("AF", 1, Verdict.A),
        ("AF", 2, Verdict.UNDECIDED),
        ("FF", 1, Verdict.UNDECIDED),
        ("F-", 1, Verdict.UNDECIDED),
        ("--", 1, Verdict.MISSING),
        ("TTB", 3, Verdict.TIE),
        ("F", 1, Verdict.INCONSISTENT),
        ("-", 1, Verdict.MISSING),
    ],
)
def test_a_panel_votes(stances, quorum, verdict):
    assert settle_many(panel(*stances), Policy(quorum=quorum)).verdict.item() == verdict


def test_the_policy_values_the_pairs():
    picks = np.concatenate([panel(letter) for letter in "ABTF-"])
    partial = np.array([1, 3], dtype=np.int8).reshape(1, 1, 2, 1)
    picks = np.concatenate([picks, partial])
    nan = np.nan
    expected = {
        PolicyName.HALF: [1, 0, 0.5, 0.5, nan, 0.5],
        PolicyName.DROP: [1, 0, 0.5, nan, nan, nan],
        PolicyName.AVERAGE: [1, 0, 0.5, 0.5, nan, 0.75],
    }
    for name, scores in expected.items():
        assert np.array_equal(settle_many(picks, Policy(name)).score, scores, equal_nan=True), name


def test_one_order_per_pair_counts_under_single():
    picks = np.concatenate([panel("F")] * 2)
    settled = settle_many(picks, Policy(PolicyName.SINGLE), coin=np.array([True, False]))
    assert settled.verdict.tolist() == [Verdict.A, Verdict.B]


def log_odds_of(truth: float, pull: float) -> np.ndarray:
    """What a judge of constant position pull reports: AB reads truth + pull, BA reads -truth + pull."""
    return np.array([truth + pull, -truth + pull]).reshape(1, 1, 2, 1)


@given(st.floats(-5, 5), st.floats(-20, 20))
def test_a_constant_pull_to_one_position_cancels(truth, pull):
    picks = np.ones((1, 1, 2, 1), dtype=np.int8)
    settled = settle_many(picks, Policy(PolicyName.DEBIAS_SOFT), log_odds=log_odds_of(truth, pull))
    assert settled.score.item() == pytest.approx(1 / (1 + np.exp(-truth)), abs=1e-9)


@pytest.mark.parametrize("truth, verdict", [(0.3, Verdict.A), (-0.3, Verdict.B), (0.1, Verdict.TIE)])
def test_debias_ties_within_epsilon(truth, verdict):
    policy = Policy(PolicyName.DEBIAS, epsilon=0.2)
    picks = np.ones((1, 1, 2, 1), dtype=np.int8)
    assert settle_many(picks, policy, log_odds=log_odds_of(truth, 3.0)).verdict.item() == verdict


def test_a_missing_order_cannot_be_debiased():
    odds = log_odds_of(1.0, 0.0)
    odds[0, 0, 1] = np.nan
    settled = settle_many(np.ones((1, 1, 2, 1), dtype=np.int8), Policy(PolicyName.DEBIAS), log_odds=odds)
    assert settled.verdict.item() == Verdict.MISSING
    assert np.isnan(settled.score.item())


@pytest.mark.parametrize("name", [PolicyName.DEBIAS, PolicyName.DEBIAS_SOFT, PolicyName.SINGLE])
def test_a_policy_without_its_material_is_an_error(name):
    with pytest.raises(ValueError, match="needs"):
        settle_many(panel("A"), Policy(name))


def test_every_answer_of_one_judge_settles_alike_both_ways():
    every = np.array(list(itertools.product(range(4), repeat=4)), dtype=np.int8).reshape(-1, 1, 2, 2)
    settled = settle_many(every)
    assert settled.verdict.tolist() == [settle(as_words(pair)) for pair in every]
