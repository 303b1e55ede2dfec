"""One set of strengths over several judges: the test by brute force, by simulation, and where it is impossible."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import expit

from app.stats.bradley_terry import Comparisons, bradley_terry
from app.stats.intervals import Confidence, IntervalKind
from app.stats.judge_strata import stratified

MODELS = ("x", "y", "z")
THETA = np.array([0.6, 0.0, -0.6])


def judged(random, items, judges=(THETA, THETA)):
    """Every item holds one meeting, seen by every judge: a cluster occurs in all strata."""
    a = random.integers(0, 3, items)
    b = (a + random.integers(1, 3, items)) % 3
    pull = random.normal(size=items)
    score = [random.random(items) < expit(theta[a] - theta[b] + pull) for theta in judges]
    count = len(judges)
    data = Comparisons(MODELS, np.tile(a, count), np.tile(b, count), np.concatenate(score).astype(float),
                       np.tile(np.arange(items), count))  # fmt: skip
    return data, np.repeat(np.arange(count), items)


def part(data, rows):
    return Comparisons(MODELS, data.model_a[rows], data.model_b[rows], data.score[rows], data.cluster[rows])


def test_the_strengths_are_those_of_all_pairs():
    data, stratum = judged(np.random.default_rng(0), 200)
    found = stratified(data, stratum, ("p", "q"), anchor="y")
    assert np.array_equal(found.strengths.low, bradley_terry(data, anchor="y").low, equal_nan=True)


def test_the_statistic_with_loops():
    data, stratum = judged(np.random.default_rng(1), 150)
    fits = [bradley_terry(part(data, stratum == number)) for number in (0, 1)]
    difference, influence = (fits[0].strength - fits[1].strength)[:2], np.zeros((150, 3))
    for number, sign in ((0, 1), (1, -1)):
        rows = part(data, stratum == number)
        bread = bradley_terry(rows, Confidence(kind=IntervalKind.MODEL)).covariance
        theta = fits[number].strength
        for a, b, y, c in zip(rows.model_a, rows.model_b, rows.score, rows.cluster, strict=True):
            influence[c] += sign * bread @ ((y - expit(theta[a] - theta[b])) * (np.eye(3)[a] - np.eye(3)[b]))
    covariance = (influence.T @ influence * 150 / 149)[:2, :2]
    found = stratified(data, stratum, ("p", "q")).interaction
    assert found.statistic == pytest.approx(difference @ np.linalg.solve(covariance, difference))
    assert found.df == 2


def test_two_strata_of_two_models_are_a_t_test():
    random = np.random.default_rng(2)
    score = (random.random(200) < 0.6).astype(float)
    data = Comparisons(("x", "y"), np.zeros(200, int), np.ones(200, int), score, np.arange(200))
    found = stratified(data, np.arange(200) % 2, ("p", "q"), Confidence(kind=IntervalKind.MODEL)).interaction
    p = [score[start::2].mean() for start in (0, 1)]
    expected = np.diff(np.log(p) - np.log1p(np.negative(p)))[0] ** 2 / sum(1 / (100 * q * (1 - q)) for q in p)
    assert found.statistic == pytest.approx(expected)
    assert found.df == 1


def test_it_rejects_as_often_as_it_says_and_finds_judges_that_differ():
    random = np.random.default_rng(3)
    same = [stratified(*judged(random, 120), ("p", "q")).interaction.p for _ in range(300)]
    assert 0.02 <= np.mean(np.array(same) < 0.05) <= 0.085
    assert np.mean(same) == pytest.approx(0.5, abs=0.06)
    apart = [stratified(*judged(random, 300, (THETA, -THETA)), ("p", "q")).interaction.p for _ in range(10)]
    assert max(apart) < 1e-6


def test_a_stratum_may_lack_a_model():
    data, stratum = judged(np.random.default_rng(4), 200, (THETA,) * 3)
    kept = (stratum < 2) | ((data.model_a < 2) & (data.model_b < 2))
    found = stratified(part(data, kept), stratum[kept], ("p", "q", "r"))
    assert found.interaction.df == 3
    assert found.warnings == ()


def test_strata_without_strengths_are_left_out_by_name():
    data, stratum = judged(np.random.default_rng(5), 200, (THETA,) * 3)
    score = np.where(stratum == 2, (data.model_a < data.model_b).astype(float), data.score)
    data = Comparisons(MODELS, data.model_a, data.model_b, score, data.cluster)
    found = stratified(data, stratum, ("p", "q", "r"))
    assert found.interaction.df == 2
    assert found.warnings[0].endswith(": r")
    two = stratified(part(data, stratum > 0), stratum[stratum > 0] - 1, ("q", "r"))
    assert two.interaction is None
    assert "fewer than two strata" in two.warnings[-1]


def test_strata_without_a_model_in_common_cannot_be_compared():
    a = np.arange(40) // 2 % 2  # x meets y, y meets z
    data = Comparisons(MODELS, a, a + 1, np.arange(40) % 2.0, np.arange(40))
    found = stratified(data, (data.model_a == 1).astype(int), ("p", "q"))
    assert found.interaction is None
    assert "in common" in found.warnings[-1]


def test_few_clusters_have_a_statistic_and_no_p():
    data, stratum = judged(np.random.default_rng(6), 200)
    few = Comparisons(MODELS, data.model_a, data.model_b, data.score, data.cluster % 6)
    found = stratified(few, stratum, ("p", "q"))
    assert found.interaction.p is None
    assert "no p-value" in found.warnings[-1]
    ties = Comparisons(MODELS, data.model_a, data.model_b, np.full(400, 0.5), data.cluster)
    assert "vary too little" in stratified(ties, stratum, ("p", "q")).warnings[-1]
