"""Length control: against closed forms, another optimiser, a cluster bootstrap of refits, laws, and bad input."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import minimize
from scipy.special import expit, logit
from scipy.stats import t

from app.domain.errors import Invalid
from app.stats.intervals import Confidence, IntervalKind
from app.stats.length_control import length_control


def made(seed: int, clusters: int = 60, slope: float = 0.8, level: float = 0.3):
    """Scores, lengths and clusters of 1 to 4 pairs; a quarter of the pairs tie; clusters differ in their log-odds."""
    random = np.random.default_rng(seed)
    cluster = np.repeat(np.arange(clusters), random.integers(1, 5, clusters))
    n = len(cluster)
    a, b = (np.round(np.exp(random.normal(middle, 0.5, n))) for middle in (6.2, 6.0))
    odds = level + slope * np.log(a / b) + random.normal(0, 0.7, clusters)[cluster]
    score = (random.random(n) < expit(odds)).astype(float)
    score[random.random(n) < 0.25] = 0.5
    return score, a, b, cluster


def by_minimising(score: np.ndarray, design: np.ndarray) -> np.ndarray:
    def loss(beta: np.ndarray) -> float:
        odds = design @ beta
        return float(np.logaddexp(0, odds).sum() - score @ odds)

    return minimize(loss, np.zeros(design.shape[1]), method="BFGS", options={"gtol": 1e-8}).x


def test_two_lengths_have_a_closed_form():
    # Twice as long wins 30 of 40, half as long wins 18 of 40: the log-odds lie on a line, equal length in its middle.
    score = np.repeat([1.0, 0.0, 1.0, 0.0], [30, 10, 18, 22])
    a, b = np.repeat([200, 100], 40), np.repeat([100, 200], 40)
    found = length_control(score, a, b, np.arange(80))
    ends = logit(0.75), logit(0.45)
    assert logit(found.rate) == pytest.approx(sum(ends) / 2, abs=1e-9)
    assert found.slope == pytest.approx((ends[0] - ends[1]) / 2, abs=1e-9)
    # Each end is a mean of its own: squared errors 1/(n p q) on the logit scale, times n/(n - 2).
    error = np.sqrt((1 / (40 * 0.75 * 0.25) + 1 / (40 * 0.45 * 0.55)) / 4 * 80 / 78)
    assert (logit(found.high) - logit(found.low)) / 2 == pytest.approx(1.9904502 * error, rel=1e-6)
    assert (found.longer_share.estimate, found.longer_share.n) == (pytest.approx((30 + 22) / 80), 80)
    assert (found.a_longer, found.b_longer, found.extrapolated) == (0.5, 0.5, False)


def test_with_covariates_against_another_optimiser():
    score, a, b, cluster = made(1)
    covariates = np.random.default_rng(2).normal(1, 3, (len(score), 2))
    found = length_control(score, a, b, cluster, covariates=covariates)
    x = np.log(a / b)
    beta = by_minimising(score, np.column_stack([np.ones(len(x)), x / x.std(), covariates]))
    assert logit(found.rate) == pytest.approx(beta[0], abs=1e-5)
    assert found.slope == pytest.approx(beta[1], abs=1e-5)


@pytest.mark.parametrize("clustered", [True, False])
def test_the_sandwich_by_hand(clustered):
    score, a, b, cluster = made(11)
    cluster = cluster if clustered else np.arange(len(score))
    found = length_control(score, a, b, cluster)
    x = np.log(a / b)
    design = np.column_stack([np.ones(len(x)), x / x.std()])
    chance = expit(design @ [logit(found.rate), found.slope])
    bread = np.linalg.inv((design.T * chance * (1 - chance)) @ design)
    names, n = sorted(set(cluster.tolist())), len(score)
    scores = [((score - chance)[cluster == name, None] * design[cluster == name]).sum(axis=0) for name in names]
    meat = sum(np.outer(one, one) for one in scores) * len(names) / (len(names) - 1) * (n - 1) / (n - 2)
    error = np.sqrt((bread @ meat @ bread)[0, 0])
    g_star = found.raw.effective_clusters
    assert (logit(found.high) - logit(found.low)) / 2 == pytest.approx(t.ppf(0.975, g_star - 1) * error, rel=1e-6)


def test_the_error_is_that_of_a_cluster_bootstrap_of_refits():
    score, a, b, cluster = made(3, clusters=150)
    members = [np.flatnonzero(cluster == name) for name in range(150)]
    random, refits = np.random.default_rng(4), []
    for _ in range(300):
        drawn = np.concatenate([members[name] for name in random.integers(0, 150, 150)])
        refits.append(logit(length_control(score[drawn], a[drawn], b[drawn], cluster[drawn]).rate))
    found = length_control(score, a, b, cluster)
    assert (logit(found.high) - logit(found.low)) / 2 / 1.976 == pytest.approx(np.std(refits), rel=0.1)


def test_the_interval_covers_the_rate_at_equal_length():
    """Seeded. The truth averages the clusters' log-odds at equal length, which no logit of a mean does exactly."""
    truth = expit(0.3 + np.random.default_rng(0).normal(0, 0.7, 100_000)).mean() * 0.75 + 0.125
    found = [length_control(*made(seed)) for seed in range(400)]
    assert 0.92 <= np.mean([one.low <= truth <= one.high for one in found]) <= 0.98
    assert np.mean([one.raw.estimate for one in found]) > truth + 0.02


@given(st.integers(0, 500), st.floats(0.01, 100))
def test_the_other_side_mirrors_and_the_unit_of_length_does_not_matter(seed, unit):
    score, a, b, cluster = made(seed, clusters=30)
    found = length_control(score, 100 * a, 100 * b, cluster)
    mirrored = length_control(1 - score, 100 * unit * b, 100 * unit * a, 1_000_003 * cluster)
    assert (found.rate, found.low, found.high) == pytest.approx(
        (1 - mirrored.rate, 1 - mirrored.high, 1 - mirrored.low), abs=1e-7
    )
    assert found.longer_share.estimate == pytest.approx(mirrored.longer_share.estimate)
    assert 0 <= found.low < found.rate < found.high <= 1


def test_lengths_mostly_on_one_side_are_an_extrapolation():
    score, a, b, cluster = made(5)
    one_sided = length_control(score, a + 400, b, cluster)
    assert one_sided.extrapolated
    assert one_sided.rate is not None
    assert not length_control(score, a, b, cluster).extrapolated


def test_far_lengths_are_no_separation():
    score, a, b, cluster = made(6)
    far = length_control(score, a / b * 10_000, np.full(len(a), 1.0), cluster)
    near = length_control(score, a / b * 1e6, np.full(len(a), 1e6), cluster)
    assert far.slope == pytest.approx(near.slope, abs=1e-6)
    assert (far.reason, far.extrapolated) == (None, True)


def test_undecided_pairs_are_left_out_and_need_no_length():
    score, a, b, cluster = made(7)
    gone = np.arange(len(score)) % 5 == 0
    whole = length_control(score[~gone], a[~gone], b[~gone], cluster[~gone])
    part = length_control(np.where(gone, np.nan, score), np.where(gone, np.nan, a), b, cluster)
    assert part == whole


@pytest.mark.parametrize(
    ("score", "a", "b", "reason"),
    [
        ([], [], [], "nothing was decided"),
        ([np.nan], [5], [6], "nothing was decided"),
        ([1, 0, 1], [6, 6, 6], [3, 3, 3], "does not vary"),
        ([1, 0, 1], [0, 1, 1], [1, 0, 1], "does not vary"),
        ([0.5] * 4, [1, 2, 3, 4], [2, 2, 2, 2], "scores do not vary"),
        ([1, 1, 1, 1], [1, 2, 3, 4], [2, 2, 2, 2], "scores do not vary"),
        ([1, 0], [1, 2], [2, 2], "too few pairs"),
        ([0, 0, 0, 1, 1, 1], [1, 2, 3, 4, 5, 6], [3] * 6, "separation"),
        ([0, 0, 1, 0, 1, 1], [1, 2, 3, 3, 5, 6], [3] * 6, "separation"),
        (expit(np.array([-1, 0, 1, 2.0])), np.exp([1.0, 2, 3, 4]), np.exp([2.0] * 4), "lie on the curve"),
    ],
)
def test_no_rate_says_why(score, a, b, reason):
    found = length_control(np.array(score, dtype=float), np.array(a, dtype=float), np.array(b), np.arange(len(score)))
    assert (found.rate, found.low, found.high, found.slope) == (None, None, None, None)
    assert reason in found.reason


def test_covariates_that_do_not_vary_or_repeat_each_other():
    score, a, b, cluster = made(8)
    noise = np.random.default_rng(1).normal(size=len(score))
    with_constant = length_control(score, a, b, cluster, covariates=np.column_stack([np.full(len(a), 3), noise]))
    assert with_constant.warnings[0] == "covariate 0 does not vary: left out"
    assert with_constant.rate == length_control(score, a, b, cluster, covariates=noise[:, None]).rate
    twice = length_control(score, a, b, cluster, covariates=np.column_stack([noise, 2 * noise]))
    assert "linearly dependent" in twice.reason


def test_one_cluster_and_independent_pairs():
    score, a, b, cluster = made(9)
    one = length_control(score, a, b, np.zeros(len(a), dtype=int))
    assert (one.low, one.high) == (0, 1)
    model = length_control(score, a, b, cluster, Confidence(kind=IntervalKind.MODEL))
    assert model == length_control(score, a, b, np.arange(len(a)))


@pytest.mark.parametrize("bad", [-1, np.nan, np.inf])
def test_a_length_that_is_none(bad):
    score, a, b, cluster = made(10)
    a[3] = bad
    with pytest.raises(Invalid, match="length"):
        length_control(score, a, b, cluster)
    with pytest.raises(Invalid, match="covariate"):
        length_control(score, b, b, cluster, covariates=np.full((len(b), 1), np.nan))
