"""Correlations and the effective size of a panel: numpy's answer, the design effect, panels made by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.verdict import Stance
from app.stats.correlation import correlations, signed
from app.stats.panel import effective_panel_size


def test_stances_as_numbers():
    stances = np.array([Stance.A, Stance.B, Stance.TIE, Stance.FLIP, Stance.PARTIAL, Stance.MISSING])
    assert signed(stances).tolist()[:5] == [1, -1, 0, 0, 0]
    assert np.isnan(signed(stances)[5])


@given(
    st.lists(st.lists(st.sampled_from([-1.0, 0.0, 1.0, 0.3, np.nan]), min_size=3, max_size=3), min_size=1, max_size=20)
)
def test_correlations_are_those_of_numpy_on_the_rows_both_have(rows):
    values = np.array(rows)
    found = correlations(values)
    for i in range(3):
        for j in range(3):
            both = values[~np.isnan(values[:, i]) & ~np.isnan(values[:, j])]
            x, y = both[:, i], both[:, j]
            assert found.n[i][j] == len(both)
            if not len(both) or x.min() == x.max() or y.min() == y.max():
                assert found.coefficient[i][j] is None
            else:
                assert found.coefficient[i][j] == pytest.approx(np.corrcoef(x, y)[0, 1], abs=1e-9)


def test_a_small_spread_far_from_zero_is_no_constant():
    x = 1e6 + np.arange(10.0)
    assert correlations(np.stack([x, -x], axis=1)).coefficient == (
        (pytest.approx(1), pytest.approx(-1)),
        (pytest.approx(-1), pytest.approx(1)),
    )


def test_independent_judges_count_in_full_and_copies_as_one():
    # Errors in a full factorial design do not correlate.
    independent = np.indices((2, 2, 2)).reshape(3, -1).T
    assert effective_panel_size(independent).effective == pytest.approx(3)
    assert effective_panel_size(independent[:, [0, 0, 0]].astype(bool)).effective == pytest.approx(1)
    # Two copies and one other: mean correlation 1/3, 3 / (1 + 2/3).
    found = effective_panel_size(independent[:, [0, 0, 1]])
    assert (found.mean_correlation, found.effective) == (pytest.approx(1 / 3), pytest.approx(1.8))


def test_the_size_is_what_the_variance_of_the_mean_error_says():
    """Judges with equal error rates: var(mean error) = var(one error) / effective size, exactly."""
    random = np.random.default_rng(6)
    one = (random.random((500, 5)) < 0.2) ^ (random.random((500, 1)) < 0.2)
    # Every rotation of the judges: error rates are then equal, and so are all variances.
    errors = np.concatenate([np.roll(one, shift, axis=1) for shift in range(5)]).astype(float)
    found = effective_panel_size(errors)
    assert errors[:, 0].var() / errors.mean(axis=1).var() == pytest.approx(found.effective)
    assert found.effective < 4


def test_errors_that_exclude_each_other_count_as_independent():
    found = effective_panel_size(np.array([[1, 0], [0, 1]] * 20))
    assert (found.mean_correlation, found.effective) == (pytest.approx(-1), 2)
    assert "below 0" in found.warnings[0]


@pytest.mark.parametrize(
    "errors, why",
    [
        ([[0, 1], [0, 0], [0, 1]], "judge 1 of the panel made no errors"),
        ([[1, 1], [0, 1], [1, 1]], "judge 2 of the panel"),
        ([[1, np.nan], [0, np.nan]], "no gold label"),
        (np.zeros((0, 2)), "no gold label"),
        ([[1, np.nan, 1], [0, np.nan, 0], [0, 1, 1], [np.nan, 0, 0]], "too few"),
    ],
)
def test_errors_that_do_not_vary_give_no_size_but_a_reason(errors, why):
    found = effective_panel_size(np.array(errors, dtype=float))
    assert (found.effective, found.mean_correlation) == (None, None)
    assert why in found.warnings[0]


def test_a_panel_of_one():
    assert effective_panel_size(np.array([[0], [1]])).effective == 1
