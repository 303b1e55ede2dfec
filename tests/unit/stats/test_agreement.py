"""Agreement of two voters: published kappas, loops, laws, coverage."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import t

from app.domain.errors import Invalid
from app.domain.verdict import Stance
from app.stats.agreement import agreement, votes
from app.stats.intervals import Confidence, IntervalKind, mean_interval


def from_table(table) -> tuple[np.ndarray, np.ndarray]:
    """Votes of two raters from their cross table."""
    counts = np.array(table)
    x, y = np.indices(counts.shape) + 1
    return tuple(np.repeat(codes.ravel(), counts.ravel()).astype(np.int8) for codes in (x, y))


@st.composite
def voted(draw):
    n = draw(st.integers(1, 30))
    codes = st.lists(st.integers(0, 3), min_size=n, max_size=n)
    x, y = (np.array(draw(codes), dtype=np.int8) for _ in range(2))
    return x, y, np.array(draw(st.lists(st.integers(0, 9), min_size=n, max_size=n)))


def kappa_of(pairs) -> float | None:
    """Cohen (1960), word by word."""
    n = len(pairs)
    observed = sum(a == b for a, b in pairs) / n
    expected = sum(sum(a == k for a, _ in pairs) * sum(b == k for _, b in pairs) for k in (1, 2, 3)) / n**2
    return None if expected == 1 else (observed - expected) / (1 - expected)


def by_hand(pairs, cluster, level) -> tuple[float, float]:
    """Estimate -+ t x error by leaving out each cluster, or each pair where that says more; loops only."""
    kappa, n = kappa_of(pairs), len(pairs)

    def spread(groups) -> float:
        names = sorted(set(groups))
        kept = [[pair for pair, group in zip(pairs, groups, strict=True) if group != name] for name in names]
        left_out = [(kappa_of(rest) if rest else None) or 0.0 for rest in kept]
        return (len(names) - 1) / len(names) * sum((value - kappa) ** 2 for value in left_out)

    g_star = n**2 / sum(cluster.count(name) ** 2 for name in set(cluster))
    half = t.ppf((1 + level) / 2, g_star - 1) * math.sqrt(max(spread(cluster), spread(range(n))))
    return max(-1, kappa - half), min(1, kappa + half)


def test_the_diagnoses_of_cohen():
    """Cohen (1960), Table 1, as counts of 100: agreement .29 where chance gives .35."""
    x, y = from_table([[25, 13, 12], [12, 2, 16], [3, 15, 2]])
    found = agreement(x, y, np.arange(100), ties=True)
    assert (found.n, found.share.estimate) == (100, pytest.approx(0.29))
    assert found.kappa == pytest.approx((0.29 - 0.35) / 0.65)


def test_the_diagnoses_of_fleiss():
    """Fleiss (1981), Statistical Methods for Rates and Proportions: kappa .68, and the large-sample standard error of
    Fleiss, Cohen and Everitt (1969), Psychological Bulletin 72:323-327, which a jackknife comes near.
    """
    table = np.array([[75, 1, 4], [5, 4, 1], [0, 0, 10]])
    x, y = from_table(table)
    found = agreement(x, y, np.arange(100), ties=True)
    assert found.kappa == pytest.approx(0.6765, abs=5e-5)
    p = table / 100
    rows, columns, chance = p.sum(axis=1), p.sum(axis=0), p.sum(axis=1) @ p.sum(axis=0)
    k, agreed = found.kappa, np.trace(p)
    one = (p.diagonal() * (1 - (rows + columns) * (1 - k)) ** 2).sum()
    two = (1 - k) ** 2 * ((p - np.diag(p.diagonal())) * (columns[:, None] + rows[None, :]) ** 2).sum()
    error = math.sqrt(one + two - (k - chance * (1 - k)) ** 2) / ((1 - chance) * 10)
    assert agreed == pytest.approx(0.89)
    assert (found.kappa_high - found.kappa_low) / 2 / t.ppf(0.975, 99) == pytest.approx(error, rel=0.1)


@given(voted(), st.booleans(), st.sampled_from([0.8, 0.95]))
def test_share_and_kappa_are_what_loops_say(data, ties, level):
    x, y, cluster = data
    largest = 3 if ties else 2
    keep = [i for i in range(len(x)) if 0 < x[i] <= largest and 0 < y[i] <= largest]
    found = agreement(x, y, cluster, Confidence(level), ties=ties)
    assert found.n == len(keep)
    if not keep:
        assert (found.share.estimate, found.kappa) == (None, None)
        return
    pairs, names = [(int(x[i]), int(y[i])) for i in keep], [int(cluster[i]) for i in keep]
    assert found.share.estimate == pytest.approx(sum(a == b for a, b in pairs) / len(keep))
    expected = kappa_of(pairs)
    assert (found.kappa is None) == (expected is None)
    if expected is not None:
        assert found.kappa == pytest.approx(expected)
    if expected not in (None, 1.0) and len(set(names)) > 1 and "does not vary" not in str(found.warnings):
        assert (found.kappa_low, found.kappa_high) == pytest.approx(by_hand(pairs, names, level), abs=1e-9)


@given(voted(), st.booleans(), st.sampled_from(IntervalKind))
def test_an_interval_is_finite_and_never_of_zero_width(data, ties, kind):
    found = agreement(*data, Confidence(kind=kind), ties=ties)
    if found.kappa is None:
        assert found.warnings
        assert (found.kappa_low, found.kappa_high) == (None, None)
    else:
        assert -1 <= found.kappa_low <= found.kappa <= found.kappa_high <= 1
        assert found.kappa_low < found.kappa_high


@given(voted(), st.booleans())
def test_swapping_the_sides_or_the_voters_changes_nothing(data, ties):
    x, y, cluster = data
    mirror = np.array([0, 2, 1, 3], dtype=np.int8)
    found = agreement(x, y, cluster, ties=ties)
    for other in (agreement(mirror[x], mirror[y], cluster, ties=ties), agreement(y, x, cluster, ties=ties)):
        assert other.share == found.share
        assert (other.kappa is None) == (found.kappa is None)
        if found.kappa is not None:
            assert (other.kappa, other.kappa_low) == pytest.approx((found.kappa, found.kappa_low), abs=1e-9)


def test_one_label_has_a_share_and_no_kappa():
    found = agreement(np.ones(40, np.int8), np.ones(40, np.int8), np.arange(40), ties=True)
    assert (found.share.estimate, found.kappa, found.kappa_low) == (1, None, None)
    assert "one label" in found.warnings[-1]


def test_perfect_agreement_has_the_interval_of_the_share():
    x = np.tile(np.array([1, 2], np.int8), 30)
    found = agreement(x, x, np.arange(60), ties=True)
    share = mean_interval(np.ones(60), np.arange(60))
    assert (found.kappa, found.kappa_high) == (1, 1)
    assert found.kappa_low == pytest.approx(1 - (1 - share.low) / 0.5)
    assert "does not vary" in found.warnings[-1]


def test_one_cluster_says_nothing_about_its_error():
    x, y = np.array([[1, 2, 2, 1, 3], [1, 2, 1, 1, 3]], dtype=np.int8)
    found = agreement(x, y, np.zeros(5, int), ties=True)
    assert (found.kappa_low, found.kappa_high) == (-1, 1)
    assert "effective clusters" in found.warnings[0]


def test_an_inconsistent_judge_is_taken_to_tie():
    assert votes(np.array(list(Stance))).tolist() == [0, 1, 2, 3, 3, 3]


@pytest.mark.parametrize("code", [-1, 4])
def test_unknown_votes_are_refused(code):
    with pytest.raises(Invalid) as refused:
        agreement(np.array([1], np.int8), np.array([code], np.int8), np.array([0]), ties=True)
    assert refused.value.problems[0].field == "y"


def test_the_interval_of_kappa_covers_the_truth():
    """Seeded; 60 clusters of 1 to 4 pairs that share a truth; each voter is right 80 % of the time, else guesses."""
    random = np.random.default_rng(4)
    # Both vote alike for sure with chance .64, else as two independent fair coins: kappa is .64.
    rounds, held = 600, 0
    for _ in range(rounds):
        cluster = np.repeat(np.arange(60), random.integers(1, 5, 60))
        truth = random.integers(1, 3, 60)[cluster]
        x, y = (np.where(random.random(len(truth)) < 0.8, truth, random.integers(1, 3, len(truth))) for _ in "xy")
        found = agreement(x.astype(np.int8), y.astype(np.int8), cluster, ties=False)
        held += found.kappa_low <= 0.64 <= found.kappa_high
    assert 0.93 <= held / rounds <= 0.975
