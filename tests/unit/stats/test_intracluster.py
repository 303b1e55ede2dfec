"""Intracluster correlation: against the textbook formula for equal clusters, its ends, and a simulation."""

from __future__ import annotations

import numpy as np
import pytest

from app.stats.intracluster import intracluster_correlation


def test_equal_clusters_agree_with_mean_squares_by_hand():
    """Three clusters of two: means 1, 1/2, 0 around 1/2; MSB = 2 (1/4 + 0 + 1/4)/2 = 1/2, MSW = (1/2)/3 = 1/6."""
    score = np.array([1.0, 1.0, 0.0, 1.0, 0.0, 0.0])
    cluster = np.array([0, 0, 1, 1, 2, 2])
    assert intracluster_correlation(score, cluster) == pytest.approx((1 / 2 - 1 / 6) / (1 / 2 + 1 / 6))


def test_unequal_clusters_agree_with_a_loop():
    random = np.random.default_rng(3)
    cluster = random.integers(0, 9, 40)
    score = random.choice([0.0, 0.5, 1.0], 40)
    groups = [score[cluster == number] for number in np.unique(cluster)]
    n, k, mean = 40, len(groups), score.mean()
    msb = sum(len(group) * (group.mean() - mean) ** 2 for group in groups) / (k - 1)
    msw = sum(((group - group.mean()) ** 2).sum() for group in groups) / (n - k)
    m0 = (n - sum(len(group) ** 2 for group in groups) / n) / (k - 1)
    expected = max(0.0, (msb - msw) / (msb + (m0 - 1) * msw))
    assert intracluster_correlation(score, cluster) == pytest.approx(expected)
    order = random.permutation(40)
    assert intracluster_correlation(score[order], cluster[order] + 1_000_000) == pytest.approx(expected)


def test_its_ends():
    cluster = np.repeat(np.arange(10), 3)
    assert intracluster_correlation(np.repeat(np.arange(10) % 2, 3).astype(float), cluster) == 1
    assert intracluster_correlation(np.tile([0.0, 0.5, 1.0], 10), cluster) == 0  # less alike than by chance


@pytest.mark.parametrize(
    ("score", "cluster"),
    [([], []), ([1.0], [0]), ([1.0, 0.0], [0, 0]), ([1.0, 0.0], [0, 1]), ([1.0] * 4, [0, 0, 1, 1])],
)
def test_where_it_cannot_be_told(score, cluster):
    assert intracluster_correlation(np.array(score), np.array(cluster, int)) is None


def test_a_simulation_comes_back():
    random = np.random.default_rng(8)
    clusters, size, icc = 4_000, 4, 0.3
    own = random.random((clusters, size)) < 0.6
    shared = random.random((clusters, 1)) < 0.6
    score = np.where(random.random((clusters, size)) < np.sqrt(icc), shared, own).astype(float)
    found = intracluster_correlation(score.ravel(), np.repeat(np.arange(clusters), size))
    assert found == pytest.approx(icc, abs=0.03)
