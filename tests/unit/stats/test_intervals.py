"""The one interval rule: by hand, by brute force, by law, by simulation."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import t

from app.stats.intervals import Confidence, IntervalKind, cluster_totals, mean_interval, share_interval

SCORES = st.sampled_from([0.0, 0.5, 1.0])


@st.composite
def clustered(draw, scores=SCORES):
    n = draw(st.integers(1, 40))
    score = np.array(draw(st.lists(scores, min_size=n, max_size=n)))
    return score, np.array(draw(st.lists(st.integers(0, 12), min_size=n, max_size=n)))


def by_hand(score: np.ndarray, cluster: np.ndarray, level: float) -> tuple[float, float]:
    """Section 7 of the statistics, word by word, with loops; more than one cluster, scores that vary."""
    n, names = len(score), sorted(set(cluster.tolist()))
    p = score.mean()
    left_out = [score[cluster != name].mean() for name in names]
    jackknife = (len(names) - 1) / len(names) * sum((mean - p) ** 2 for mean in left_out)
    independent = score.var(ddof=1) / n
    n_eff = p * (1 - p) / (max(1, jackknife / independent) * independent)
    g_star = n**2 / sum((cluster == name).sum() ** 2 for name in names)
    z = t.ppf((1 + level) / 2, g_star - 1)
    centre = (p + z * z / (2 * n_eff)) / (1 + z * z / n_eff)
    half = z / (1 + z * z / n_eff) * math.sqrt(p * (1 - p) / n_eff + z * z / (4 * n_eff**2))
    return centre - half, centre + half


@given(clustered(), st.sampled_from([0.8, 0.95, 0.99]))
def test_the_rule_is_what_the_statistics_say(data, level):
    score, cluster = data
    sizes = np.unique(cluster, return_counts=True)[1]
    if score.std() == 0 or len(score) ** 2 / (sizes**2).sum() < 1.5:
        return  # the textbook form divides by zero, or overflows
    found = mean_interval(score, cluster, Confidence(level))
    assert (found.low, found.high) == pytest.approx(by_hand(score, cluster, level), abs=1e-9)


@given(clustered(), st.sampled_from(IntervalKind))
def test_an_interval_is_finite_and_never_of_zero_width(data, kind):
    found = mean_interval(*data, Confidence(kind=kind))
    assert 0 <= found.low <= found.estimate <= found.high <= 1
    assert found.low < found.high


@given(clustered())
def test_the_other_side_has_the_mirrored_interval(data):
    score, cluster = data
    a, b = mean_interval(score, cluster), mean_interval(1 - score, cluster)
    assert a.estimate + b.estimate == pytest.approx(1)
    assert (a.low, a.high) == pytest.approx((1 - b.high, 1 - b.low), abs=1e-9)


@given(clustered(), st.randoms(use_true_random=False))
def test_shuffling_pairs_and_renumbering_clusters_changes_nothing(data, random):
    score, cluster = data
    order = random.sample(range(len(score)), len(score))
    a, b = mean_interval(score, cluster), mean_interval(score[order], 1_000_003 * (12 - cluster[order]))
    assert (a.low, a.high, a.effective_clusters) == pytest.approx((b.low, b.high, b.effective_clusters), abs=1e-12)


@given(clustered(), st.integers(2, 5))
def test_saying_everything_again_in_the_same_cluster_adds_nothing(data, times):
    score, cluster = data
    sizes = np.unique(cluster, return_counts=True)[1]
    once = mean_interval(score, cluster)
    again = mean_interval(np.tile(score, times), np.tile(cluster, times))
    assert again.effective_clusters == pytest.approx(once.effective_clusters)
    if (sizes == 1).all():
        assert (again.low, again.high) == pytest.approx((once.low, once.high), abs=1e-9)
    assert again.n == times * once.n


@given(clustered())
def test_more_confidence_is_wider(data):
    narrow, wide = (mean_interval(*data, Confidence(level)) for level in (0.8, 0.99))
    assert wide.low <= narrow.low
    assert narrow.high <= wide.high


def test_one_cluster_says_nothing_about_its_error():
    found = mean_interval(np.array([1.0, 1.0, 0.0]), np.zeros(3, dtype=int))
    assert (found.low, found.high) == (0, 1)
    assert "1.0 effective clusters" in found.warnings[0]


def test_nothing_decided_has_no_numbers():
    found = mean_interval(np.array([]), np.array([], dtype=int))
    assert (found.estimate, found.low, found.high, found.n) == (None, None, None, 0)
    assert found.warnings == ("nothing was decided",)


def test_all_wins_fall_back_on_the_number_of_clusters():
    found = mean_interval(np.ones(60), np.repeat(np.arange(30), 2))
    z = t.ppf(0.975, 29)
    assert found.se is None
    assert (found.low, found.high) == pytest.approx((30 / (30 + z * z), 1), abs=1e-12)
    assert "the rarer outcome" in found.warnings[0]


def test_a_rare_outcome_warns_below_eight_clusters_of_it():
    score = np.ones(100)
    assert [len(mean_interval(np.where(np.arange(100) < losses, 0.0, score), np.arange(100)).warnings)
            for losses in (1, 7, 8, 50, 92, 93)] == [1, 1, 0, 0, 0, 1]  # fmt: skip


def test_few_clusters_warn_and_many_do_not():
    score = np.tile([0.0, 1.0], 20)
    assert mean_interval(score, np.arange(40)).warnings == ()
    assert "only 10.0 effective clusters" in mean_interval(score, np.repeat(np.arange(10), 4)).warnings[0]


def test_model_takes_every_pair_as_independent():
    score, cluster = np.tile([0.0, 1.0, 1.0, 1.0], 10), np.repeat(np.arange(10), 4)
    model = mean_interval(score, cluster, Confidence(kind=IntervalKind.MODEL))
    assert model == mean_interval(score, np.arange(40))


def test_the_bootstrap_repeats_by_seed_and_agrees_with_the_rule():
    random = np.random.default_rng(3)
    score, cluster = random.choice([0, 0.5, 1], 600, p=[0.2, 0.1, 0.7]), np.repeat(np.arange(200), 3)
    boot = mean_interval(score, cluster, Confidence(kind=IntervalKind.BOOTSTRAP, seed=5))
    rule = mean_interval(score, cluster)
    assert boot == mean_interval(score, cluster, Confidence(kind=IntervalKind.BOOTSTRAP, seed=5))
    assert boot != mean_interval(score, cluster, Confidence(kind=IntervalKind.BOOTSTRAP, seed=6))
    assert (boot.low, boot.high) == pytest.approx((rule.low, rule.high), abs=0.01)


def test_a_bootstrap_that_cannot_vary_is_answered_by_the_rule():
    boot = mean_interval(np.ones(50), np.arange(50), Confidence(kind=IntervalKind.BOOTSTRAP))
    rule = mean_interval(np.ones(50), np.arange(50))
    assert (boot.low, boot.high) == (rule.low, rule.high)
    assert "do not vary" in boot.warnings[-1]


@pytest.mark.parametrize("kind", list(IntervalKind))
@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3), st.integers(0, 4)), min_size=1, max_size=30))
def test_a_share_is_the_mean_of_its_single_trials(kind, rows):
    ones, others, cluster = (np.array(column) for column in zip(*rows, strict=True))
    confidence = Confidence(kind=kind, seed=3)
    single = np.concatenate([[1.0] * one + [0.0] * other for one, other, _ in rows])
    of_single = np.repeat(cluster, ones + others)
    found, expected = (
        share_interval(ones, ones + others, cluster, confidence),
        mean_interval(single, of_single, confidence),
    )
    assert found.warnings == expected.warnings
    for name in ("estimate", "se", "low", "high", "n", "n_clusters", "effective_clusters", "n_eff"):
        assert getattr(found, name) == pytest.approx(getattr(expected, name), abs=1e-12), name


def test_cluster_totals_by_hand():
    sums, sizes = cluster_totals(np.array([1, 0.5, 0, 1]), np.array([9_000_000, 4, 4, 7]))
    assert (sums.tolist(), sizes.tolist()) == ([0.5, 1, 1], [2, 1, 1])


@pytest.mark.parametrize("p, ties, pull", [(0.5, 0.0, 0.0), (0.8, 0.3, 0.3), (0.9, 0.0, 0.3)])
def test_the_interval_covers_the_truth(p, ties, pull):
    """Seeded; 80 clusters of 1 to 4 pairs, a share `pull` of pairs copying their cluster's outcome."""
    random = np.random.default_rng(11)
    rounds, held = 1_000, 0
    for _ in range(rounds):
        cluster = np.repeat(np.arange(80), random.integers(1, 5, 80))
        own, shared = random.random(len(cluster)) < p, (random.random(80) < p)[cluster]
        score = np.where(random.random(len(cluster)) < pull, shared, own).astype(float)
        score[random.random(len(cluster)) < ties] = 0.5
        found = mean_interval(score, cluster)
        held += found.low <= p * (1 - ties) + ties / 2 <= found.high
    assert 0.93 <= held / rounds <= 0.975
