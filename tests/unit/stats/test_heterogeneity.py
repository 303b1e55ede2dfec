"""Heterogeneity between slices: by textbook, by hand, by law, by simulated level and power."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import chi2_contingency, f

from app.stats.heterogeneity import heterogeneity


def rows(counts: list[tuple[int, int]]) -> tuple[np.ndarray, np.ndarray, np.ndarray, int]:
    """Wins and losses of each slice, every pair its own cluster."""
    score = np.concatenate([np.repeat([1.0, 0.0], count) for count in counts])
    of_slice = np.repeat(np.arange(len(counts)), [sum(count) for count in counts])
    return score, np.arange(len(score)), of_slice, len(counts)


def test_many_independent_pairs_are_the_chi_square_of_the_table():
    table = [(3_000, 2_000), (3_050, 1_950), (1_480, 1_020)]
    found, textbook = heterogeneity(*rows(table)), chi2_contingency(table, correction=False)
    assert found.statistic * found.df == pytest.approx(textbook.statistic, rel=2e-3)
    assert found.p == pytest.approx(textbook.pvalue, abs=2e-3)
    assert found.df == 2


def by_hand(score, cluster, of_slice):
    """The docstring of the test, with loops; two slices, scores that vary in both."""
    means, n_eff, u, counts = [], [], [], []
    for s in (0, 1):
        own, names = score[of_slice == s], cluster[of_slice == s]
        n, mean, count = len(own), own.mean(), len(set(names.tolist()))
        influence = np.array([(own[names == name] - mean).sum() / n for name in range(40)])
        variance = max(count / (count - 1) * (influence**2).sum(), own.var(ddof=1) / n)
        means.append(mean)
        counts.append(np.bincount(names, minlength=40) / n)
        n_eff.append(mean * (1 - mean) / variance)
        u.append(influence / np.sqrt((influence**2).sum()))
    common = np.dot(means, n_eff) / sum(n_eff)
    variance = common * (1 - common) / np.array(n_eff)
    of_difference = variance.sum() - 2 * (u[0] @ u[1]) * np.sqrt(variance.prod())
    g = [1 / (share**2).sum() for share in counts]
    scaled = [v * share * np.sqrt(one / (one - 1)) for v, share, one in zip(variance, counts, g, strict=True)]
    eta = variance.sum() ** 2 / ((scaled[0] + scaled[1]) ** 2).sum()
    return (means[0] - means[1]) ** 2 / of_difference, eta


def test_two_slices_by_hand():
    random = np.random.default_rng(8)
    cluster, of_slice = random.integers(0, 40, 150), random.integers(0, 2, 150)
    score = random.choice([0, 0.5, 1], 150) * (0.5 + 0.5 * (cluster % 2))
    found, (statistic, eta) = heterogeneity(score, cluster, of_slice, 2), by_hand(score, cluster, of_slice)
    assert (found.statistic, found.df_denominator) == pytest.approx((statistic, eta), rel=1e-10)
    assert found.p == pytest.approx(f.sf(statistic, 1, eta), rel=1e-10)


def test_slices_of_the_same_clusters_have_the_degrees_of_hotelling():
    random = np.random.default_rng(2)
    found = heterogeneity(random.random(80), np.repeat(np.arange(20), 4), np.tile(np.arange(4), 20), 4)
    assert (found.df, found.df_denominator) == (3, pytest.approx(20 - 3))


@given(st.integers(0, 1_000), st.permutations(range(4)))
def test_sides_slices_and_clusters_may_be_renamed(seed, names):
    random = np.random.default_rng(seed)
    score, cluster, of_slice = random.choice([0, 0.5, 1], 200), random.integers(0, 30, 200), random.integers(0, 4, 200)
    found = heterogeneity(score, cluster, of_slice, 4)
    mirrored = heterogeneity(1 - score, 1_000_003 * cluster, np.array(names)[of_slice], 4)
    assert found.df == 3 - len(found.left_out)
    assert set(mirrored.left_out) == {names[place] for place in found.left_out}
    assert (found.statistic, found.df_denominator, found.p) == pytest.approx(
        (mirrored.statistic, mirrored.df_denominator, mirrored.p), rel=1e-6, abs=1e-9
    )


def test_slices_that_cannot_be_tested_are_named():
    score, cluster, of_slice, _ = rows([(9, 0), (30, 30), (5, 4), (25, 35)])
    score[of_slice == 0] = np.nan
    found = heterogeneity(score, cluster, of_slice, 5)
    assert (found.left_out, found.df, found.reason) == ((0, 2, 4), 1, None)
    alone = heterogeneity(*rows([(30, 30), (25, 35)]))
    assert (found.statistic, found.p) == pytest.approx((alone.statistic, alone.p))


@pytest.mark.parametrize(
    ("counts", "reason"),
    [
        ([(5, 4), (30, 30)], "fewer than two slices"),
        ([(0, 0)], "fewer than two slices"),
        ([(20, 0), (30, 0)], "no scores vary"),
    ],
)
def test_no_test_says_why(counts, reason):
    found = heterogeneity(*rows(counts))
    assert (found.statistic, found.p) == (None, None)
    assert reason in found.reason


def test_slices_that_say_the_same_are_no_test():
    score = np.tile([0.0, 1.0, 1.0], 10)
    twice = heterogeneity(np.tile(score, 2), np.tile(np.arange(30), 2), np.repeat([0, 1], 30), 2)
    assert "too alike" in twice.reason
    cluster = np.tile(np.arange(10), 12)
    many = heterogeneity(np.random.default_rng(1).random(120), cluster, np.repeat(np.arange(12), 10), 12)
    assert "for so many slices" in many.reason


def test_all_wins_against_all_losses_is_finite_and_sure():
    found = heterogeneity(*rows([(40, 0), (0, 40)]))
    assert found.p < 1e-6
    assert np.isfinite(found.statistic)
    assert "do not vary" in found.warnings[0]


@pytest.mark.parametrize(("p", "apart"), [(0.5, 0.0), (0.9, 0.0), (0.7, 0.3)])
def test_level_and_power(p, apart):
    """Seeded; 40 clusters of 1 to 5 pairs spread over 3 slices; 40 % of the pairs take their cluster's luck."""
    random, rounds, rejected = np.random.default_rng(6), 400, 0
    for _ in range(rounds):
        cluster = np.repeat(np.arange(40), random.integers(1, 6, 40))
        n = len(cluster)
        of_slice, luck = random.integers(0, 3, n), random.random(40)
        own = np.where(random.random(n) < 0.4, luck[cluster], random.random(n))
        found = heterogeneity((own < p - apart * (of_slice == 0)).astype(float), cluster, of_slice, 3)
        rejected += found.p < 0.05
    assert rejected / rounds > 0.7 if apart else 0.02 <= rejected / rounds <= 0.075
