"""Fits to single picks: published scores, brute force, a simulation, and picks that say too little."""

from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize

from app.domain.errors import Invalid, NotComparable
from app.stats.bradley_terry import Comparisons, bradley_terry
from app.stats.davidson import Units, unit_level
from app.stats.intervals import Confidence, IntervalKind

PUBLISHED = Path(__file__).parents[2] / "data" / "bradley_terry"
MODELS = ("x", "y", "z")
A, B, TIE = 1, 2, 3


def units(models, rows, cluster=None) -> Units:
    """From rows of (model a, model b, outcome, first)."""
    a, b = (np.array([models.index(row[side]) for row in rows], dtype=int) for side in (0, 1))
    outcome, first = (np.array([row[place] for row in rows], dtype=np.int8) for place in (2, 3))
    return Units(models, a, b, outcome, first, np.arange(len(rows)) if cluster is None else np.array(cluster))


def chances_of(eta, nu):
    parts = np.stack([np.exp(eta / 2), np.exp(-eta / 2), np.broadcast_to(nu, np.shape(eta))])
    return parts / parts.sum(axis=0)


def drawn(random, n, *, nu=0.8, gamma=0.6, strength=(0.7, 0.0, -0.7), per_cluster=1) -> Units:
    theta = np.array(strength)
    a = random.integers(0, 3, n)
    b = (a + random.integers(1, 3, n)) % 3
    first = random.choice([-1, 1], n)
    p = chances_of(theta[a] - theta[b] + gamma * first, nu)
    outcome = 1 + (random.random(n) > p.cumsum(axis=0)[:2]).sum(axis=0)
    return Units(MODELS, a, b, outcome.astype(np.int8), first.astype(np.int8), np.arange(n) // per_cluster)


@pytest.mark.parametrize("name", ["evalica_food", "evalica_simple"])
def test_published_scores_with_ties_of_their_own(name):
    value = {"left": A, "right": B, "tie": TIE}
    with (PUBLISHED / f"{name}.csv").open() as file:
        rows = [(row["left"], row["right"], value[row["winner"]], 0) for row in csv.DictReader(file)]
    with (PUBLISHED / f"{name}-golden.csv").open() as file:
        golden = {row["item"]: float(row["score"]) for row in csv.DictReader(file) if row["algorithm"] == "newman"}
    models = sorted({model for row in rows for model in row[:2]})
    found = unit_level(units(models, rows), davidson=True, order_effect=False)
    log = np.log([golden[model] for model in models])
    assert found.strengths.strength == pytest.approx(log - log.mean(), abs=1e-4)
    assert found.tie_parameter.nu > 0


def minus_log_likelihood(data, free):
    theta = np.append(free[:2], 0)
    eta = theta[data.model_a] - theta[data.model_b] + free[2] * data.first
    return -np.log(chances_of(eta, np.exp(free[3]))[data.outcome - 1, np.arange(len(eta))]).sum()


@given(st.integers(0, 10**6))
@settings(max_examples=25)
def test_no_parameters_are_likelier_and_errors_are_the_sandwich(seed):
    data = drawn(np.random.default_rng(seed), 120, per_cluster=3)
    found = unit_level(data, davidson=True, order_effect=True, anchor="z")
    assume(found.order_effect is not None and found.tie_parameter is not None)
    assume(found.strengths.method == "cluster sandwich")
    ours = np.array([*found.strengths.strength[:2], found.order_effect.estimate, np.log(found.tie_parameter.nu)])
    brute = minimize(lambda free: minus_log_likelihood(data, free), np.zeros(4), method="BFGS", options={"gtol": 1e-7})
    assert minus_log_likelihood(data, ours) <= brute.fun + 1e-9
    expected = np.sqrt(sandwich_by_differences(data, ours).diagonal())
    se = [*found.strengths.se[:2], found.order_effect.se, found.tie_parameter.se / found.tie_parameter.nu]
    assert se == pytest.approx(expected, rel=1e-4)


def sandwich_by_differences(data, at, step=1e-4):
    """Scores of clusters and the Hessian by central differences."""
    axes = np.eye(4) * step

    def gradient(rows, where):
        part = replace(data, **{name: getattr(data, name)[rows] for name in ("model_a", "model_b", "outcome", "first")})
        return np.array(
            [
                (minus_log_likelihood(part, where + axis) - minus_log_likelihood(part, where - axis)) / (2 * step)
                for axis in axes
            ]
        )

    everything = np.ones(len(data.outcome), dtype=bool)
    hessian = np.array([gradient(everything, at + axis) - gradient(everything, at - axis) for axis in axes])
    scores = np.array([gradient(data.cluster == cluster, at) for cluster in np.unique(data.cluster)])
    meat = scores.T @ scores * len(scores) / (len(scores) - 1)
    inverse = np.linalg.inv(hessian / (2 * step))
    return inverse @ meat @ inverse


def test_a_single_pick_per_cluster_needs_no_rows_of_scores():
    data = drawn(np.random.default_rng(4), 500)
    single = unit_level(data, davidson=True, order_effect=True)
    paired = unit_level(
        Units(MODELS, *(np.append(x, x[:1]) for x in (data.model_a, data.model_b, data.outcome, data.first)),
              np.append(data.cluster, 0)),
        davidson=True, order_effect=True)  # fmt: skip
    assert single.strengths.se == pytest.approx(paired.strengths.se, rel=0.02)
    assert single.order_effect.se == pytest.approx(paired.order_effect.se, rel=0.02)


def test_intervals_cover_what_generated_the_picks():
    random = np.random.default_rng(11)
    held, lead = np.zeros(3), []
    for _ in range(200):
        found = unit_level(drawn(random, 600, per_cluster=3), davidson=True, order_effect=True, anchor="y")
        nu, order = found.tie_parameter, found.order_effect
        held += [found.strengths.low[0] < 0.7 < found.strengths.high[0], order.low < 0.6 < order.high,
                 abs(nu.nu - 0.8) < 1.96 * nu.se]  # fmt: skip
        lead.append([found.strengths.strength[0], order.estimate, nu.nu])
    assert (held >= 182).all()
    assert (held <= 199).all()
    assert np.mean(lead, axis=0) == pytest.approx([0.7, 0.6, 0.8], abs=0.03)


def test_without_ties_or_order_the_half_win_fit():
    data = drawn(np.random.default_rng(5), 400, per_cluster=2)
    score = np.array([np.nan, 1.0, 0.0, 0.5])[data.outcome]
    for kind in (IntervalKind.ROBUST, IntervalKind.MODEL):
        half = bradley_terry(
            Comparisons(MODELS, data.model_a, data.model_b, score, data.cluster), Confidence(kind=kind)
        )
        found = unit_level(data, Confidence(kind=kind), davidson=False, order_effect=False)
        assert found.strengths.strength == pytest.approx(half.strength, abs=1e-9)
        assert found.strengths.se == pytest.approx(half.se, abs=1e-9)
        assert (found.tie_parameter, found.order_effect) == (None, None)


def test_swapping_sides_changes_nothing_and_swapping_places_turns_the_order_effect():
    data = drawn(np.random.default_rng(6), 300)
    swapped = Units(MODELS, data.model_b, data.model_a, np.array([0, B, A, TIE])[data.outcome], -data.first,
                    data.cluster)  # fmt: skip
    turned = replace(data, first=-data.first)
    one, other, back = (unit_level(x, davidson=True, order_effect=True) for x in (data, swapped, turned))
    assert other.strengths.strength == pytest.approx(one.strengths.strength, abs=1e-9)
    assert other.order_effect.estimate == pytest.approx(one.order_effect.estimate, abs=1e-9)
    assert back.order_effect.estimate == pytest.approx(-one.order_effect.estimate, abs=1e-9)
    assert back.strengths.strength == pytest.approx(one.strengths.strength, abs=1e-9)


def test_no_ties_give_the_strengths_without_them():
    data = drawn(np.random.default_rng(7), 300, nu=0.0)
    found = unit_level(data, davidson=True, order_effect=True)
    plain = unit_level(data, davidson=False, order_effect=True)
    assert (found.tie_parameter.nu, found.tie_parameter.se) == (0, None)
    assert np.array_equal(found.strengths.strength, plain.strengths.strength)
    assert "no pick is a tie" in found.strengths.warnings[0]


def test_nothing_but_ties():
    found = unit_level(units(MODELS[:2], [("x", "y", TIE, 1), ("y", "x", TIE, 1)] * 30), davidson=True,
                       order_effect=True)  # fmt: skip
    assert found.tie_parameter is None
    assert found.strengths.strength == pytest.approx([0, 0])
    assert "every pick is a tie" in found.strengths.warnings[0]
    assert np.isfinite(found.strengths.se).all()


@pytest.mark.parametrize(("outcomes", "said"), [((A, A), "first place"), ((B, B), "second place")])
def test_a_place_that_always_wins_has_no_finite_effect(outcomes, said):
    rows = [("x", "y", outcomes[0], 1), ("y", "x", outcomes[1], 1)] * 20
    found = unit_level(units(MODELS[:2], rows), davidson=False, order_effect=True)
    assert found.order_effect is None
    assert said in found.strengths.warnings[0]
    assert found.strengths.strength == pytest.approx([0, 0])


def test_one_order_leaves_place_and_strength_in_one():
    rows = [("x", "y", A, 1), ("x", "y", B, 1), ("y", "z", A, 1), ("y", "z", B, 1)] * 10
    found = unit_level(units(MODELS, rows), davidson=False, order_effect=True)
    assert found.order_effect is None
    assert "cannot be told" in found.strengths.warnings[0]
    unknown = unit_level(units(MODELS, [(*row[:3], 0) for row in rows]), davidson=False, order_effect=True)
    assert "no place is known" in unknown.strengths.warnings[0]


def test_a_circle_of_one_order_still_tells_place_from_strength():
    rows = [(a, b, outcome, 1) for a, b in ("xy", "yz", "zx") for outcome in (A, A, B)] * 10
    found = unit_level(units(MODELS, rows), davidson=False, order_effect=True)
    assert found.order_effect.estimate == pytest.approx(np.log(2))
    assert found.strengths.strength == pytest.approx([0, 0, 0], abs=1e-9)


def test_ties_between_neighbours_only_have_no_finite_tie_parameter():
    rows = [("x", "y", TIE, 1), ("y", "z", TIE, 1), ("x", "z", A, 1)] * 20
    found = unit_level(units(MODELS, rows), davidson=True, order_effect=False)
    assert found.tie_parameter is None
    assert "no finite maximum with the tie parameter" in found.strengths.warnings[0]
    assert np.isfinite(found.strengths.strength).all()


def test_an_unbeaten_model_gets_a_penalised_estimate():
    data = units(MODELS, [("x", "y", A, 1), ("x", "z", A, -1), ("y", "z", A, 1), ("y", "z", B, 1), ("y", "z", TIE, -1)])
    found = unit_level(data, davidson=True, order_effect=True)
    assert found.strengths.unbounded.tolist() == [True, False, False]
    assert found.strengths.covariance is None
    assert np.isfinite(found.strengths.strength).all()
    assert found.tie_parameter.se is None
    assert found.order_effect is None or found.order_effect.se is None


@pytest.mark.parametrize("lost", [0, 1])
def test_millions_of_picks_on_one_side_have_a_fit(lost):
    """Rounding keeps Newton's steps above any fixed length there."""
    won = 9_000_000
    outcome = np.full(won + lost, A, np.int8)
    outcome[won:] = B
    apart = np.zeros(won + lost, np.int8)
    data = Units(("x", "y"), apart, apart + 1, outcome, apart, np.arange(won + lost))
    found = unit_level(data, Confidence(kind=IntervalKind.MODEL), davidson=True, order_effect=True)
    odds = won / lost if lost else (won + 0.5) / 0.5
    assert found.strengths.strength == pytest.approx([np.log(odds) / 2, -np.log(odds) / 2], abs=1e-7)


def test_groups_that_never_met_are_named():
    with pytest.raises(NotComparable, match="x, y; z"):
        unit_level(units(MODELS, [("x", "y", TIE, 1)]), davidson=True, order_effect=True)
    with pytest.raises(NotComparable, match="x; y; z"):
        unit_level(units(MODELS, []), davidson=True, order_effect=True)


@pytest.mark.parametrize(("outcome", "first", "said"), [(4, 1, "outcome"), (0, 1, "outcome"), (A, 2, "place")])
def test_values_out_of_range_are_refused(outcome, first, said):
    with pytest.raises(Invalid, match=said):
        unit_level(units(MODELS, [("x", "y", outcome, first)]), davidson=True, order_effect=True)


def test_one_cluster_and_the_bootstrap_say_what_there_is():
    data = replace(drawn(np.random.default_rng(8), 90), cluster=np.zeros(90, int))
    found = unit_level(data, Confidence(kind=IntervalKind.BOOTSTRAP), davidson=True, order_effect=True)
    assert (found.order_effect.se, found.tie_parameter.se, found.strengths.covariance) == (None, None, None)
    assert any("not bootstrapped" in warning for warning in found.strengths.warnings)
    by_model = unit_level(data, Confidence(kind=IntervalKind.MODEL), davidson=True, order_effect=True)
    assert by_model.order_effect.low < by_model.order_effect.high
