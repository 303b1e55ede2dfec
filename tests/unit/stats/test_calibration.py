"""Brier score, reliability curve and temperature: decompositions, a second optimiser, judges of known sureness."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import minimize_scalar
from scipy.special import expit, logit

from app.domain.errors import Invalid
from app.stats.calibration import brier_score, reliability_curve
from app.stats.intervals import mean_interval
from app.stats.temperature import FEWEST, fit_temperature

LABELS = st.sampled_from([0.0, 0.5, 1.0])
SOFT = st.lists(st.tuples(st.floats(0, 1), LABELS, st.integers(0, 9)), min_size=1, max_size=40)


def soft(random, n, temperature):
    """A judge whose log-odds are `temperature` times too large, in clusters of about 3."""
    odds = random.normal(0, 1.5, n)
    label = (random.random(n) < expit(odds)).astype(float)
    return expit(odds * temperature), label, random.integers(0, n // 3, n)


def log_loss(temperature, p, label) -> float:
    q = expit(logit(p) / temperature)
    return float(-(label * np.log(q) + (1 - label) * np.log(1 - q)).mean())


def best(p, label) -> float:
    found = minimize_scalar(log_loss, bounds=(0.02, 50), args=(p, label), method="bounded", options={"xatol": 1e-10})
    return float(found.x)


def test_brier_by_hand():
    p, label = np.array([1, 0.8, 0.5, 0.1]), np.array([1, 0, 0.5, 0])
    found = brier_score(p, label, np.arange(4))
    assert found.estimate == pytest.approx((0 + 0.64 + 0 + 0.01) / 4)
    assert brier_score(np.full(60, 0.5), label[[0, 1] * 30], np.arange(60)).estimate == 0.25


def test_the_score_is_reliability_minus_resolution_plus_uncertainty():
    """Murphy (1973), Journal of Applied Meteorology 12:595-600: exact with one probability a bin."""
    random = np.random.default_rng(3)
    p = random.choice([0.05, 0.35, 0.65, 0.95], 500)
    label = (random.random(500) < p * 0.8).astype(float)
    cluster, base = np.arange(500), label.mean()
    curve = reliability_curve(p, label, cluster)
    parts = [
        each.observed.n * ((each.mean - each.observed.estimate) ** 2 - (each.observed.estimate - base) ** 2)
        for each in curve
    ]
    expected = sum(parts) / 500 + base * (1 - base)
    assert brier_score(p, label, cluster).estimate == pytest.approx(expected)


@given(SOFT)
def test_every_label_is_in_the_bin_of_its_probability(rows):
    p, label, cluster = np.array(rows).T
    cluster = cluster.astype(int)
    curve = reliability_curve(p, label, cluster)
    assert sum(each.observed.n for each in curve) == len(p)
    for each in curve:
        inside = (p * 10 >= each.start * 10) & ((p * 10 < each.end * 10) | (each.end == 1))
        expected = mean_interval(label[inside], cluster[inside])
        assert each.mean == pytest.approx(p[inside].mean())
        assert (each.observed.n, each.observed.low, each.observed.high) == pytest.approx(
            (expected.n, expected.low, expected.high), abs=1e-9
        )


def test_the_curve_of_a_calibrated_judge_holds_the_diagonal():
    p, label, cluster = soft(np.random.default_rng(1), 4_000, 1.0)
    curve = reliability_curve(p, label, cluster)
    assert len(curve) == 10
    assert sum(each.observed.low <= each.mean <= each.observed.high for each in curve) >= 8


def test_the_ends_belong_to_the_outer_bins():
    curve = reliability_curve(np.array([0.0, 0.1, 1.0]), np.array([0.0, 0.0, 1.0]), np.arange(3))
    assert [(each.start, each.end, each.observed.n) for each in curve] == [(0, 0.1, 1), (0.1, 0.2, 1), (0.9, 1, 1)]
    assert reliability_curve(np.zeros(0), np.zeros(0), np.zeros(0, int)) == ()


@pytest.mark.parametrize("p, label", [(np.nan, 1), (1.01, 1), (-0.1, 0), (0.5, np.nan), (0.5, 2)])
def test_numbers_that_are_no_probability_or_label_are_refused(p, label):
    for function in (brier_score, reliability_curve, fit_temperature):
        with pytest.raises(Invalid):
            function(np.full(60, p), np.full(60, label), np.arange(60))


@pytest.mark.parametrize("true", [0.5, 1.0, 3.0])
def test_the_temperature_is_that_of_a_second_optimiser_and_near_the_truth(true):
    p, label, cluster = soft(np.random.default_rng(7), 3_000, true)
    p = p.clip(1e-6, 1 - 1e-6)
    label[:300] = 0.5
    found = fit_temperature(p, label, cluster)
    assert found.temperature == pytest.approx(best(p, label), rel=5e-4)  # the grid: far below the error of T
    assert len(found.by_fold) == 5
    assert fit_temperature(p[300:], label[300:], cluster[300:]).temperature == pytest.approx(true, rel=0.1)


def test_a_judge_that_is_too_sure_loses_less_once_calibrated():
    p, label, cluster = soft(np.random.default_rng(2), 2_000, 3.0)
    found = fit_temperature(p, label, cluster)
    assert found.before.brier == pytest.approx(brier_score(p, label, cluster).estimate)
    assert found.after.brier < found.before.brier - 0.02
    assert found.after.log_loss < found.before.log_loss - 0.2
    assert found.warnings == ()


def test_labels_of_a_cluster_are_judged_by_the_other_clusters():
    """Two clusters: each is scored with the temperature of the other alone."""
    random = np.random.default_rng(4)
    p, label, _ = soft(random, 200, 2.0)
    cluster = np.repeat([3, 11], [120, 80])
    found = fit_temperature(p, label, cluster)
    temperatures = [best(p[cluster == other], label[cluster == other]) for other in (11, 3)]
    assert sorted(found.by_fold) == pytest.approx(sorted(temperatures), rel=1e-3)
    losses = [log_loss(t, p[cluster == c], label[cluster == c]) for t, c in zip(temperatures, (3, 11), strict=True)]
    assert found.after.log_loss == pytest.approx((120 * losses[0] + 80 * losses[1]) / 200, abs=1e-5)
    assert "effective clusters" in found.warnings[0]


def test_the_seed_decides_the_folds_only():
    p, label, cluster = soft(np.random.default_rng(5), 300, 2.0)
    one, same, other = (fit_temperature(p, label, cluster, seed) for seed in (1, 1, 2))
    assert one == same
    assert one.temperature == other.temperature
    assert one.by_fold != other.by_fold


@pytest.mark.parametrize("right", [True, False])
def test_a_judge_always_or_never_right_has_a_temperature_at_the_edge(right):
    label = np.tile([0.0, 1.0], 50)
    p = np.where(label == right, 0.6, 0.4)
    found = fit_temperature(p, label, np.arange(100))
    assert found.temperature == pytest.approx(0.02 if right else 50, rel=1e-3)
    assert np.isfinite([found.after.log_loss, found.after.brier]).all()
    assert "outside the range" in found.warnings[0]


def test_certainty_that_is_wrong_costs_much_but_not_everything():
    p, label = np.tile([0.0, 1.0], 50), np.tile([0.0, 1.0, 1.0, 1.0], 25)
    found = fit_temperature(p, label, np.arange(100))
    assert found.before.log_loss == pytest.approx(0.25 * -np.log(1e-6), rel=1e-3)
    assert found.after.log_loss < 0.8


def test_a_judge_that_knows_nothing_is_not_improved():
    found = fit_temperature(np.full(60, 0.5), np.tile([0.0, 1.0], 30), np.arange(60))
    assert "does not improve" in found.warnings[-1]


@pytest.mark.parametrize(
    "n, label, clusters, reason",
    [
        (FEWEST - 1, [0.0, 1.0], 49, "at least 50"),
        (60, [1.0, 1.0], 60, "side A and for side B"),
        (60, [0.0, 1.0], 1, "two clusters"),
        (0, [0.0], 0, "at least 50"),
    ],
)
def test_too_few_labels_are_refused(n, label, clusters, reason):
    with pytest.raises(Invalid) as refused:
        fit_temperature(np.full(n, 0.7), np.resize(label, n), np.arange(n) % max(clusters, 1))
    assert reason in refused.value.problems[0].reason
