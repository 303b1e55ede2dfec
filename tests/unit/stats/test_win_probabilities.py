"""Win probabilities and groups of models that cannot be told apart."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.stats.bradley_terry import Comparisons, bradley_terry
from app.stats.intervals import t_quantile
from app.stats.strengths import UNRANKED, Estimate, on_scale
from app.stats.tied_groups import tied_groups
from app.stats.win_probabilities import win_probabilities


def met(models, counts) -> Comparisons:
    """From (model a, model b, wins of a, wins of b)."""
    rows = [(a, b, score) for a, b, won, lost in counts for score in [1.0] * won + [0.0] * lost]
    a, b = (np.array([models.index(row[side]) for row in rows]) for side in (0, 1))
    return Comparisons(models, a, b, np.array([row[2] for row in rows]), np.arange(len(rows)))


def fitted(strength, covariance):
    names = tuple("abcdefgh"[: len(strength)])
    estimate = Estimate(np.array(strength), covariance, np.zeros(len(strength), bool), "")
    return on_scale(names, estimate, anchor=None, level=0.95, g_star=1e6)


def test_two_models_win_as_often_as_they_won():
    found = win_probabilities(bradley_terry(met(("x", "y"), [("x", "y", 30, 10)])))
    assert found.estimate == pytest.approx(np.array([[0.5, 0.75], [0.25, 0.5]]))
    margin = t_quantile(0.95, 40) * np.sqrt(40 / 39 / (40 * 0.75 * 0.25))  # of the log-odds
    assert found.low[0, 1] == pytest.approx(1 / (1 + np.exp(margin - np.log(3))))


def test_mirrored_chances_and_intervals_add_to_one_under_any_anchor():
    data = met(("x", "y", "z"), [("x", "y", 30, 20), ("y", "z", 25, 15), ("z", "x", 10, 20)])
    found, anchored = (win_probabilities(bradley_terry(data, anchor=anchor)) for anchor in (None, "z"))
    assert found.estimate + found.estimate.T == pytest.approx(np.ones((3, 3)))
    assert found.low + found.high.T == pytest.approx(np.ones((3, 3)))
    assert (found.low <= found.estimate).all()
    assert anchored.low == pytest.approx(found.low)


def test_an_unbounded_model_has_chances_without_interval():
    found = win_probabilities(bradley_terry(met(("x", "y"), [("x", "y", 9, 0)])))
    assert (found.low, found.high) == (None, None)
    assert 0.5 < found.estimate[0, 1] < 1


def test_neighbours_share_a_group_and_ends_do_not():
    far = 3.5  # standard errors of a difference; the simultaneous quantile of three differences is 2.39
    covariance = np.eye(3) / 2
    assert tied_groups(fitted([far, far / 2, 0], covariance)) == [["a", "b"], ["b", "c"]]
    assert tied_groups(fitted([0, 1, 2], covariance)) == [["c", "b", "a"]]
    assert tied_groups(fitted([10, 5, 0], covariance)) == [["a"], ["b"], ["c"]]


def test_without_errors_nothing_is_said_of_groups():
    unbeaten = bradley_terry(met(("x", "y"), [("x", "y", 9, 0)]))
    assert (tied_groups(unbeaten), UNRANKED in unbeaten.warnings) == ([], True)


@given(st.lists(st.tuples(st.floats(-3, 3), st.floats(0.01, 2)), min_size=2, max_size=8))
def test_models_share_a_group_exactly_when_their_difference_is_open(drawn):
    strength, variance = np.array(drawn).T
    found = fitted(strength, np.diag(variance))
    groups = [set(group) for group in tied_groups(found)]
    quantile = t_quantile(1 - 0.05 / (len(drawn) * (len(drawn) - 1) / 2), 1e6)
    for i, j in combinations(range(len(drawn)), 2):
        open_ = abs(strength[i] - strength[j]) <= quantile * np.sqrt(variance[i] + variance[j])
        assert any({found.models[i], found.models[j]} <= group for group in groups) == open_
    assert set().union(*groups) == set(found.models)
    assert not any(one < other for one in groups for other in groups)
