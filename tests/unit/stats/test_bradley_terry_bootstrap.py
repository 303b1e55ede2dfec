"""Bootstrapped strengths: refits of the same draws, the sandwich, and draws that say nothing."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import expit

from app.stats import bt_bootstrap
from app.stats.bradley_terry import Comparisons, bradley_terry, win_matrix
from app.stats.bt_likelihood import newton
from app.stats.intervals import Confidence, IntervalKind

BOOTSTRAP = Confidence(kind=IntervalKind.BOOTSTRAP)
MODELS = ("w", "x", "y", "z")


def drawn(n, per_cluster, seed=0) -> Comparisons:
    random = np.random.default_rng(seed)
    a = random.integers(0, 4, n)
    b = (a + random.integers(1, 4, n)) % 4
    cluster = np.arange(n) // per_cluster
    pull = random.normal(size=n)[cluster]
    theta = np.array([0.9, 0.3, -0.3, -0.9])
    score = (random.random(n) < expit(theta[a] - theta[b] + pull)).astype(float)
    score[random.random(n) < 0.15] = 0.5
    return Comparisons(MODELS, a, b, score, cluster)


@pytest.mark.parametrize(("n", "per_cluster"), [(600, 1), (1200, 4)])
def test_one_step_comes_close_to_refits(n, per_cluster):
    data = drawn(n, per_cluster)
    found = bradley_terry(data, BOOTSTRAP)
    random, refits = np.random.default_rng(2), []
    clusters = n // per_cluster
    for _ in range(1000):
        rows = (random.integers(0, clusters, clusters)[:, None] * per_cluster + np.arange(per_cluster)).ravel()
        part = Comparisons(MODELS, data.model_a[rows], data.model_b[rows], data.score[rows], data.cluster[rows])
        refits.append(newton(win_matrix(part), found.strength))
    spread = np.std(refits, axis=0)
    assert found.se == pytest.approx(spread, rel=0.12)
    low, high = np.quantile(refits, [0.025, 0.975], axis=0)
    assert found.low == pytest.approx(low, abs=0.35 * spread.max())
    assert found.high == pytest.approx(high, abs=0.35 * spread.max())


def test_a_step_is_nearly_the_refit_of_the_same_draw():
    data = drawn(900, 3)
    strength = newton(win_matrix(data))
    kept = np.random.default_rng(2).integers(0, 300, 300)
    rows = (kept[:, None] * 3 + np.arange(3)).ravel()
    wins = win_matrix(Comparisons(MODELS, data.model_a[rows], data.model_b[rows], data.score[rows], rows))
    chance = expit(strength[:, None] - strength[None, :])
    low, high = np.triu_indices(4, 1)
    gradient = (wins - (wins + wins.T) * chance).sum(axis=1)
    weight = ((wins + wins.T) * chance * (1 - chance))[low, high]
    step = bt_bootstrap._steps(gradient[None], weight[None], low, high)[0]
    whole = newton(wins, strength) - strength
    assert np.abs(step - whole).max() < 0.05 * np.abs(whole).max()


@pytest.mark.parametrize("per_cluster", [1, 4])
def test_kinds_groups_and_single_clusters_agree_with_the_sandwich(per_cluster):
    """1,000 clusters are drawn one by one; single pairs by kind; 3,000 different clusters in groups."""
    for n in (900 * per_cluster, 3000 * per_cluster):
        data = drawn(n, per_cluster, seed=3)
        robust, found = bradley_terry(data), bradley_terry(data, BOOTSTRAP)
        assert found.se == pytest.approx(robust.se, rel=0.12)
        assert found.low == pytest.approx(robust.low, abs=0.4 * robust.se.max())
        assert "bootstrap" in found.method


def test_equal_clusters_are_drawn_together(monkeypatch):
    data = drawn(3000, 1)
    label, number = bt_bootstrap._drawn_together(bt_bootstrap._meetings(data)[2], data, np.random.default_rng(0))
    assert number.sum() == 3000
    assert len(number) == (label >= 0).sum() <= 6 * 3
    turned = Comparisons(MODELS, data.model_b, data.model_a, 1 - data.score, data.cluster)
    mixed = Comparisons(MODELS, *(np.concatenate([getattr(data, name), getattr(turned, name)])
                                  for name in ("model_a", "model_b", "score")), np.arange(6000))  # fmt: skip
    again = bt_bootstrap._drawn_together(bt_bootstrap._meetings(mixed)[2], mixed, np.random.default_rng(0))[1]
    assert sorted(again) == sorted(2 * number)


def test_the_seed_decides_and_an_anchor_is_never_unsure():
    data = drawn(400, 2)
    one, same, other = (bradley_terry(data, Confidence(kind=IntervalKind.BOOTSTRAP, seed=s)) for s in (1, 1, 2))
    assert np.array_equal(one.low, same.low)
    assert not np.array_equal(one.low, other.low)
    anchored = bradley_terry(data, BOOTSTRAP, anchor="x")
    assert anchored.strength[1] == 0
    assert np.isnan([anchored.low[1], anchored.high[1], anchored.se[1]]).all()


def test_draws_that_do_not_vary_leave_the_other_errors():
    pairs = np.array([(a, b) for a in range(4) for b in range(4) if a < b] * 8)
    data = Comparisons(MODELS, *pairs.T, np.full(48, 0.5), np.arange(48))
    found = bradley_terry(data, BOOTSTRAP)
    assert found.low == pytest.approx(bradley_terry(data).low)
    assert (found.low < found.high).all()
    assert "do not vary" in found.warnings[-1]


def test_draws_in_which_models_never_met_are_counted():
    rows = drawn(120, 1)
    few = rows.model_a * rows.model_b == 0  # model w, with six of its pairs only
    kept = ~few | (np.cumsum(few) <= 6)
    score = np.where(few, np.arange(120) % 2, rows.score).astype(float)
    data = Comparisons(MODELS, rows.model_a[kept], rows.model_b[kept], score[kept], rows.cluster[kept])
    assert not bradley_terry(data).unbounded.any()
    found = bradley_terry(data, BOOTSTRAP)
    assert "never met: left out" in found.warnings[-1]
    assert np.isfinite([found.low, found.high]).all()


def test_one_cluster_has_no_draws():
    data = drawn(100, 100)
    found = bradley_terry(data, BOOTSTRAP)
    assert found.covariance is None
    assert "one cluster" in found.method
