"""Bounds on unbounded models: exact binomial bounds, brute force, a simulation, and records without a bound."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import brentq, minimize
from scipy.special import expit, logit

from app.stats.bradley_terry import Comparisons, bradley_terry
from app.stats.intervals import Confidence, IntervalKind

MODELS = ("w", "x", "y", "z")
CORE = [("x", "y", 1.0), ("y", "x", 1.0), ("y", "z", 1.0), ("z", "x", 1.0), ("x", "z", 0.5), ("y", "z", 1.0)] * 3


def compared(models, rows, cluster=None) -> Comparisons:
    a, b = (np.array([models.index(row[side]) for row in rows], dtype=int) for side in (0, 1))
    score = np.array([row[2] for row in rows], dtype=float)
    return Comparisons(models, a, b, score, np.arange(len(rows)) if cluster is None else np.array(cluster))


@pytest.mark.parametrize("n", [1, 5, 20, 400])
def test_of_two_models_it_is_the_exact_bound_of_all_wins(n):
    data, lead = compared(("x", "y"), [("x", "y", 1.0)] * n), logit(0.025 ** (1 / n))  # Clopper and Pearson's, n in n
    found = bradley_terry(data)
    assert found.low[0] - found.strength[1] == pytest.approx(lead)
    assert found.strength[0] - found.high[1] == pytest.approx(lead)
    assert np.isnan([found.high[0], found.low[1]]).all()
    anchored = bradley_terry(data, anchor="y")
    assert anchored.low[0] == pytest.approx(lead)
    assert np.isnan([anchored.high[0], anchored.low[1], anchored.high[1]]).all()  # an anchor has no interval


def minus_log_likelihood(data, theta):
    lead = theta[data.model_a] - theta[data.model_b]
    return (data.score * np.logaddexp(0, -lead) + (1 - data.score) * np.logaddexp(0, lead)).sum()


def bound_by_brute_force(data, core, sign):
    """The lead of model 0 over the mean of the others at which the likelihood has fallen to 2.5 % of its supremum."""

    def least(lead):
        def at(free):
            theta = np.append(free, -free.sum())
            return minus_log_likelihood(data, np.concatenate([[sign * lead], theta]))

        return minimize(at, np.zeros(2), method="BFGS", options={"gtol": 1e-9}).fun

    best = minimize(lambda free: minus_log_likelihood(core, np.array([0, *free, -free.sum()])), np.zeros(2)).fun
    return brentq(lambda lead: least(lead) - best - np.log(1 / 0.025), -10, 20, xtol=1e-10)


@pytest.mark.parametrize("score", [1.0, 0.0])
def test_the_bound_by_brute_force(score):
    rows = CORE + [("w", model, score) for model in "xyyz"]
    data, found = compared(MODELS, rows), bradley_terry(compared(MODELS, rows))
    sign = 1 if score else -1
    expected = found.strength[1:].mean() + sign * bound_by_brute_force(data, compared(MODELS, CORE), sign)
    assert (found.low if score else found.high)[0] == pytest.approx(expected, abs=1e-5)
    assert np.isnan(found.high if score else found.low).all()


def test_an_anchor_moves_the_bound_with_everything_else():
    data = compared(MODELS, CORE + [("w", model, 1.0) for model in "xyz"])
    found, anchored = bradley_terry(data), bradley_terry(data, anchor="y")
    assert anchored.strength - anchored.low == pytest.approx(found.strength - found.low, nan_ok=True)


def test_a_cluster_counts_as_one_pair_unless_pairs_are_independent():
    rows = [("x", "y", 1.0)] * 20
    clustered = compared(("x", "y"), rows, np.arange(20) // 4)
    five, twenty = (bradley_terry(compared(("x", "y"), rows[:n]), anchor="y").low[0] for n in (5, 20))
    assert bradley_terry(clustered, anchor="y").low[0] == pytest.approx(five)
    by_model = bradley_terry(clustered, Confidence(kind=IntervalKind.MODEL), anchor="y")
    assert by_model.low[0] == pytest.approx(twenty)
    one = compared(("x", "y"), rows, np.zeros(20, int))
    assert np.isfinite(bradley_terry(one).low[0])


def test_more_wins_raise_the_bound_and_more_confidence_lowers_it():
    few, many = (compared(MODELS, CORE + [("w", model, 1.0) for model in "xyz" * n]) for n in (2, 6))
    low = [bradley_terry(data).low[0] for data in (few, many)]
    assert low[0] < low[1]
    assert bradley_terry(few, Confidence(level=0.99)).low[0] < low[0]


def test_two_undefeated_models_have_a_bound_each():
    rows = CORE + [(top, model, 1.0) for top in "vw" for model in "xyz"] + [("v", "w", 1.0), ("w", "v", 1.0)]
    found = bradley_terry(compared(("v", *MODELS), rows))
    assert np.isfinite(found.low).tolist() == [True, True, False, False, False]


def test_models_above_each_other_without_a_bounded_group_have_none():
    found = bradley_terry(compared(("x", "y", "z"), [("x", "y", 1.0), ("y", "z", 1.0)]))
    assert np.isnan([found.low, found.high]).all()
    assert "no bound" in found.warnings[-1]


def test_a_model_that_never_met_the_bounded_group_has_none():
    found = bradley_terry(compared(("v", *MODELS), [*CORE, ("w", "x", 1.0), ("v", "w", 1.0)]))
    assert np.isfinite(found.low).tolist() == [False, True, False, False, False]
    assert "1 unbounded model" in found.warnings[-1]


@pytest.mark.parametrize("won", [50, 5_000])
@pytest.mark.parametrize("score", [1.0, 0.0])
def test_one_cluster_of_wins_over_a_group_that_hardly_met_leaves_no_bound(won, score):
    """The likelihood can put the beaten model anywhere below its only other opponent, at almost no cost."""
    rows = [("x", "y", 1.0), ("y", "x", 1.0)] + [("w", "x", score)] * won
    data = compared(("w", "x", "y"), rows, [0, 1] + [2] * won)
    found = bradley_terry(data)
    assert np.isnan([found.low[0], found.high[0]]).all()
    assert "1 unbounded models met the others in too few independent pairs" in found.warnings[-1]
    by_model = bradley_terry(data, Confidence(kind=IntervalKind.MODEL))
    assert np.isfinite(by_model.low[0] if score else by_model.high[0])


def test_it_rarely_lies_above_the_truth():
    random, lead, above, undefeated = np.random.default_rng(3), 1.5, 0, 0
    for _ in range(300):
        wins = random.random((10, 3)) < expit(lead)
        if not wins.all():
            continue
        undefeated += 1
        rows = [("w", model, 1.0) for model in "xyz" for _ in range(10)]
        core = [(*pair, float(random.random() < 0.5)) for pair in ("xy", "yz", "zx") for _ in range(10)]
        found = bradley_terry(compared(MODELS, rows + core))
        above += found.low[0] - found.strength[1:].mean() > lead
    assert above / 300 <= 0.025
