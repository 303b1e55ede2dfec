"""Krippendorff's alpha: his own examples, his coincidence matrix in loops, a cluster bootstrap, laws."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.errors import Invalid
from app.stats.intervals import Confidence, IntervalKind
from app.stats.krippendorff import krippendorff_alpha

# Krippendorff (2011), Computing Krippendorff's Alpha-Reliability: two observers of binary and of nominal data, and
# four observers with values missing; the nominal letters a to e are 1 to 5 here.
PUBLISHED = {
    0.095: ("1211111121", "2221121111"),
    0.692: ("112243335441", "212223335444"),
    0.743: ("123321412...", "1233224125.3", ".3332342251.", "12332441251."),
}


def rated(*observers: str) -> np.ndarray:
    """Units x raters from one string an observer, '.' for none."""
    return np.array([[0 if mark == "." else int(mark) for mark in row] for row in observers], dtype=np.int8).T


def brute(ratings) -> float | None:
    """The coincidence matrix, value by value."""
    together: dict[tuple[int, int], float] = {}
    for unit in ratings:
        values = [int(value) for value in unit if value]
        for i, one in enumerate(values):
            for j, other in enumerate(values):
                if i != j:
                    together[one, other] = together.get((one, other), 0) + 1 / (len(values) - 1)
    of = {label: sum(v for (one, _), v in together.items() if one == label) for label, _ in together}
    n = sum(of.values())
    expected = sum(of[a] * of[b] for a in of for b in of if a != b)
    observed = sum(v for (a, b), v in together.items() if a != b)
    return 1 - (n - 1) * observed / expected if expected else None


@st.composite
def panels(draw):
    n, raters = draw(st.integers(1, 20)), draw(st.integers(1, 4))
    row = st.lists(st.integers(0, 4), min_size=raters, max_size=raters)
    ratings = np.array(draw(st.lists(row, min_size=n, max_size=n)), dtype=np.int8)
    return ratings, np.array(draw(st.lists(st.integers(0, 7), min_size=n, max_size=n)))


@pytest.mark.parametrize("alpha", PUBLISHED)
def test_published_examples_to_the_printed_digits(alpha):
    ratings = rated(*PUBLISHED[alpha])
    assert round(krippendorff_alpha(ratings, np.arange(len(ratings))).alpha, 3) == alpha


def test_units_with_one_value_do_not_count():
    found = krippendorff_alpha(rated(*PUBLISHED[0.743]), np.arange(12))
    assert (found.n, found.share.n_clusters) == (11, 11)
    assert "effective clusters" in found.warnings[0]


@given(panels())
def test_alpha_is_what_the_coincidence_matrix_says(data):
    ratings, cluster = data
    found, expected = krippendorff_alpha(ratings, cluster), brute(ratings)
    assert (found.alpha is None) == (expected is None)
    if expected is not None:
        assert found.alpha == pytest.approx(expected)


@given(panels(), st.sampled_from(IntervalKind))
def test_an_interval_is_finite_and_never_of_zero_width(data, kind):
    found = krippendorff_alpha(*data, Confidence(kind=kind))
    if found.alpha is None:
        assert found.warnings
        assert (found.low, found.high) == (None, None)
    else:
        assert -1 <= found.low <= found.alpha <= found.high <= 1
        assert found.low < found.high


@given(panels(), st.randoms(use_true_random=False))
def test_shuffling_pairs_raters_and_labels_changes_nothing(data, random):
    ratings, cluster = data
    rows, raters = (random.sample(range(size), size) for size in ratings.shape)
    names = np.array([0, *random.sample(range(1, 127), 4)], dtype=np.int8)
    one, other = (
        krippendorff_alpha(ratings, cluster),
        krippendorff_alpha(names[ratings[rows][:, raters]], cluster[rows]),
    )
    assert other.n == one.n
    if one.alpha is not None:
        assert (other.alpha, other.low, other.high) == pytest.approx((one.alpha, one.low, one.high), abs=1e-9)


def test_many_raters_and_labels_take_the_other_way_of_counting():
    random = np.random.default_rng(2)
    ratings = random.integers(0, 9, (200, 5)).astype(np.int8)
    assert krippendorff_alpha(ratings, np.arange(200)).alpha == pytest.approx(brute(ratings))


def panel(random, right=0.7, clusters=80):
    """Three raters of clusters that share a truth, each right or a coin; a tenth missing. Alpha is right^2."""
    cluster = np.repeat(np.arange(clusters), random.integers(1, 5, clusters))
    truth = random.integers(1, 3, clusters)[cluster][:, None]
    shape = (len(cluster), 3)
    ratings = np.where(random.random(shape) < right, truth, random.integers(1, 3, shape))
    return np.where(random.random(shape) < 0.1, 0, ratings).astype(np.int8), cluster


def test_the_jackknife_agrees_with_a_cluster_bootstrap():
    random = np.random.default_rng(8)
    ratings, cluster = panel(random, clusters=150)
    found = krippendorff_alpha(ratings, cluster)
    rows = [np.flatnonzero(cluster == name) for name in range(150)]
    draws = [np.concatenate([rows[name] for name in random.integers(0, 150, 150)]) for _ in range(600)]
    low, high = np.quantile([krippendorff_alpha(ratings[draw], cluster[draw]).alpha for draw in draws], [0.025, 0.975])
    assert (found.low, found.high) == pytest.approx((low, high), abs=0.02)


def test_the_interval_covers_the_truth():
    random = np.random.default_rng(5)
    found = [krippendorff_alpha(*panel(random)) for _ in range(600)]
    assert 0.93 <= np.mean([each.low <= 0.49 <= each.high for each in found]) <= 0.975


def test_perfect_agreement_has_the_interval_of_the_share():
    found = krippendorff_alpha(np.repeat([[1, 1], [2, 2]], 30, axis=0).astype(np.int8), np.arange(60))
    assert (found.alpha, found.high) == (1, 1)
    assert 0.85 < found.low < 0.95
    assert "does not vary" in found.warnings[-1]


@pytest.mark.parametrize("ratings", [np.zeros((0, 3)), np.zeros((5, 3)), np.eye(3), np.ones((4, 1))])
def test_nothing_rated_twice_has_no_alpha(ratings):
    found = krippendorff_alpha(ratings.astype(np.int8), np.arange(len(ratings)))
    assert (found.alpha, found.n, found.warnings) == (None, 0, ("no pair has two ratings",))


def test_bad_codes_and_too_many_of_them_are_refused():
    with pytest.raises(Invalid, match="negative"):
        krippendorff_alpha(np.array([[1, -1]], np.int8), np.arange(1))
    with pytest.raises(Invalid, match="too many"):
        krippendorff_alpha(np.arange(1, 101, dtype=np.int8).reshape(50, 2), np.arange(50))
