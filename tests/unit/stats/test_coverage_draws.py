"""The jobs that coverage is measured on have the mean, tie share and correlation that they are said to have."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.coverage.draws import SCORE, Job, cluster_sizes, draw
from benchmarks.coverage.order import NU, PULL, picks
from benchmarks.coverage.strengths import ICC, TRUTH, games


@pytest.mark.parametrize("p, icc, ties", [(0.5, 0.3, 0.3), (0.9, 0.3, 0.0), (0.96, 0.0, 0.3)])
def test_rate_ties_and_correlation(p, icc, ties):
    job = Job(p, 40_000, "2", icc, ties)
    verdict, cluster = draw(job, np.random.default_rng(0))
    score = SCORE[verdict]
    assert score.mean() == pytest.approx(job.win_rate, abs=0.008)
    assert (score[verdict < 3]).mean() == pytest.approx(p, abs=0.008)
    assert (verdict == 3).mean() == pytest.approx(ties, abs=0.008)
    first, second = score.reshape(-1, 2).T
    assert np.corrcoef(first, second)[0, 1] == pytest.approx(job.score_icc, abs=0.02)
    assert len(np.unique(cluster)) == 40_000


def test_score_icc_is_icc_without_ties():
    assert Job(0.8, 10, "2", 0.3, 0.0).score_icc == pytest.approx(0.3)


def test_sizes_reach_as_far_as_said():
    random = np.random.default_rng(0)
    assert set(cluster_sizes("1-10", 1_000, random)) == set(range(1, 11))
    heavy = cluster_sizes("heavy", 20_000, random)
    assert (heavy.min(), heavy.max()) == (1, 30)
    assert (heavy >= 8).mean() == pytest.approx(8**-1.5, rel=0.1)


def test_games_are_bradley_terrys_and_correlate():
    found = games(60_000, "2", np.random.default_rng(0))
    ends = (found.model_a == 0) & (found.model_b == 4)
    assert found.score[ends].mean() == pytest.approx(1 / (1 + np.exp(TRUTH[4] - TRUTH[0])), abs=0.02)
    alike = (found.meeting[::2] == found.meeting[1::2]) & (found.model_a[::2] + 1 == found.model_b[::2])
    assert np.corrcoef(found.score[::2][alike], found.score[1::2][alike])[0, 1] == pytest.approx(ICC, abs=0.05)


def test_picks_have_the_pull_and_ties_of_davidson():
    found = picks(60_000, "1", np.random.default_rng(0))
    ends = (found.model_a == 0) & (found.model_b == 1) & (found.first == 1)
    odds = np.exp((TRUTH[0] - TRUTH[1] + PULL) / 2)
    whole = odds + 1 / odds + NU
    assert (found.outcome[ends] == 1).mean() == pytest.approx(odds / whole, abs=0.03)
    assert (found.outcome[ends] == 3).mean() == pytest.approx(NU / whole, abs=0.03)
