"""P values against bisection on the printed interval; Holm by closed testing; both by published figures."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import false_discovery_control

from app.domain.errors import Invalid
from app.stats.intervals import NOTHING, Confidence, mean_interval
from app.stats.multiplicity import benjamini_hochberg, distance, holm, p_value

# Fifteen p values of a thrombolysis trial, Benjamini and Hochberg (1995), section 4.
TRIAL = [
    0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344,
    0.0459, 0.3240, 0.4262, 0.5719, 0.6528, 0.7590, 1.0000,
]  # fmt: skip
FAMILIES = st.lists(st.floats(0, 1) | st.sampled_from([0.01, 0.04]), min_size=1, max_size=6)


def by_bisection(score: np.ndarray, cluster: np.ndarray) -> float:
    """1 - the level at which the printed interval touches 1/2."""
    inside, outside = 1.0, 0.0  # levels: the widest interval holds 1/2
    for _ in range(60):
        level = (inside + outside) / 2
        found = mean_interval(score, cluster, Confidence(level))
        if found.low < 0.5 < found.high:
            inside = level
        else:
            outside = level
    return 1 - inside


@pytest.mark.parametrize("p", [0.1, 0.45, 0.52, 0.6, 0.8])
def test_p_inverts_the_printed_interval(p):
    random = np.random.default_rng(4)
    cluster = np.repeat(np.arange(25), random.integers(1, 4, 25))
    score = random.choice([1.0, 0.0, 0.5], len(cluster), p=[0.8 * p, 0.8 * (1 - p), 0.2])
    found = p_value(mean_interval(score, cluster))
    assert found.value == pytest.approx(by_bisection(score, cluster), abs=1e-9)
    assert found.reason is None


def test_p_of_scores_that_do_not_vary():
    cluster = np.arange(12)
    assert p_value(mean_interval(np.full(12, 0.5), cluster)).value == 1
    won = p_value(mean_interval(np.ones(12), cluster)).value
    assert won == pytest.approx(by_bisection(np.ones(12), cluster), abs=1e-9)
    assert won == p_value(mean_interval(np.zeros(12), cluster)).value


def test_no_p_below_ten_clusters_and_none_of_nothing():
    score = np.tile([0.0, 1.0, 1.0], 9)
    few = p_value(mean_interval(score, np.repeat(np.arange(9), 3)))
    assert few.value is None
    assert "10 effective clusters: there are 9.0" in few.reason
    assert p_value(mean_interval(np.append(score, [1.0] * 3), np.repeat(np.arange(10), 3))).value is not None
    assert p_value(NOTHING).reason == "nothing was decided"
    with pytest.raises(Invalid, match="nothing was decided"):
        distance(NOTHING, 0.5)


def test_the_published_trial():
    # At 0.05 Benjamini and Hochberg reject four; Bonferroni and Holm three.
    stepped_up, stepped_down = benjamini_hochberg(TRIAL), holm(TRIAL)
    assert sum(p <= 0.05 for p in stepped_up) == 4
    assert sum(p <= 0.05 for p in stepped_down) == 3
    assert stepped_up == pytest.approx(false_discovery_control(TRIAL), abs=1e-15)
    assert stepped_down[:4] == pytest.approx([0.0015, 0.0056, 0.0247, 0.1140])


@given(FAMILIES)
def test_holm_is_the_closed_test_of_bonferroni(p):
    m = len(p)
    subsets = [s for size in range(1, m + 1) for s in combinations(range(m), size)]
    closed = [max(min(1, len(s) * min(p[j] for j in s)) for s in subsets if i in s) for i in range(m)]
    assert holm(p) == pytest.approx(closed, abs=1e-12)


@given(FAMILIES)
def test_benjamini_hochberg_is_its_definition(p):
    """The least level at which the procedure of 1995 rejects: k the largest with p_(k) <= k q / m."""
    ranked, m = sorted(p), len(p)
    expected = [min(1, *(m * ranked[k] / (k + 1) for k in range(m) if ranked[k] >= own)) for own in p]
    assert benjamini_hochberg(p) == pytest.approx(expected, abs=1e-12)


@given(FAMILIES)
def test_what_is_no_test_does_not_count(p):
    for adjust in (holm, benjamini_hochberg):
        spread = adjust([None, *p, float("nan")])
        assert (spread[0], spread[-1]) == (None, None)
        assert spread[1:-1] == adjust(np.array(p))


def test_an_empty_family_and_a_p_outside_its_range():
    assert holm([]) == holm(np.array([])) == ()
    assert benjamini_hochberg([None]) == (None,)
    with pytest.raises(Invalid, match="lies in"):
        holm([0.5, 1.5])
