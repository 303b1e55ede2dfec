"""People against people and a judge against people: by loops over labels."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.errors import Invalid
from app.stats import human_agreement as module
from app.stats.agreement import agreement
from app.stats.human_agreement import HumanVotes, human_agreement, judge_against_humans
from app.stats.intervals import mean_interval

CLUSTER = np.array([0, 0, 1, 2, 2, 3])
LABEL = st.tuples(st.integers(0, 5), st.integers(0, 3), st.integers(0, 3))


def votes_of(labels) -> HumanVotes:
    pair, labeller, vote = np.array(labels, dtype=int).reshape(-1, 3).T
    return HumanVotes(pair, labeller, vote.astype(np.int8))


@given(st.lists(LABEL, max_size=40), st.booleans())
def test_every_couple_of_people_counts_once(labels, ties):
    couples = [
        (a[2] == b[2], CLUSTER[a[0]])
        for a, b in combinations(labels, 2)
        if a[0] == b[0] and a[1] != b[1] and min(a[2], b[2]) > 0 and (ties or max(a[2], b[2]) < 3)
    ]
    found = human_agreement(votes_of(labels), CLUSTER, ties=ties)
    score, cluster = np.array(couples, dtype=float).reshape(-1, 2).T
    expected = mean_interval(score, cluster.astype(int))
    assert found.n == len(couples)
    if couples:
        assert (found.estimate, found.low, found.high) == pytest.approx(
            (expected.estimate, expected.low, expected.high), abs=1e-9
        )


@given(st.lists(LABEL, max_size=40), st.lists(st.integers(0, 3), min_size=6, max_size=6), st.booleans())
def test_a_judge_meets_every_single_vote(labels, judged, ties):
    judge = np.array(judged, dtype=np.int8)
    rows = [(judge[pair], vote, CLUSTER[pair]) for pair, _, vote in labels]
    x, y, cluster = np.array(rows, dtype=int).reshape(-1, 3).T
    expected = agreement(x.astype(np.int8), y.astype(np.int8), cluster, ties=ties)
    assert judge_against_humans(judge, votes_of(labels), CLUSTER, ties=ties) == expected


def test_one_person_twice_is_no_second_opinion():
    found = human_agreement(votes_of([(0, 7, 1), (0, 7, 2), (0, 8, 2)]), CLUSTER, ties=True)
    assert (found.n, found.estimate) == (2, 0.5)


def test_too_many_couples_and_unknown_votes_are_refused(monkeypatch):
    monkeypatch.setattr(module, "COUPLES", 2)
    with pytest.raises(Invalid, match="3 couples"):
        human_agreement(votes_of([(0, 1, 1), (0, 2, 1), (0, 3, 1)]), CLUSTER, ties=True)
    with pytest.raises(Invalid, match="no known code"):
        human_agreement(votes_of([(0, 1, 4)]), CLUSTER, ties=True)
