"""The human-calibrated rate: by its formula, by the paper's, by law, and by simulated coverage."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import t

from app.domain.errors import Invalid
from app.domain.imported import Design
from app.stats.intervals import Confidence, IntervalKind, mean_interval
from app.stats.ppi import Labels, Population, calibrated_rate

THESE = Population.THESE_ITEMS


def made(seed: int, clusters: int = 200, size: int = 1, p: float = 0.6, agree: float = 0.6):
    """Human verdicts and judge scores on all pairs; clusters share some luck; the judge favours A where it errs."""
    random = np.random.default_rng(seed)
    cluster = np.repeat(np.arange(clusters), size)
    n = len(cluster)
    shared = (random.random(n) < 0.4) & (size > 1)
    human = (np.where(shared, random.random(clusters)[cluster], random.random(n)) < p).astype(float)
    judge = np.where(random.random(n) < agree, human, (random.random(n) < 0.7).astype(float))
    return human, judge, cluster, random


def drawn(human: np.ndarray, random: np.random.Generator, n: int = 80) -> Labels:
    index = random.choice(len(human), n, replace=False)
    return Labels(index, human[index], Design.RANDOM)


@pytest.mark.parametrize("opposed", [False, True])
def test_the_formula_of_the_statistics(opposed):
    human, judge, cluster, random = made(1, 60, 5)
    if opposed:  # wins and losses cancel within clusters: the error of independent pairs is the larger one
        human, cluster = np.arange(300) % 2.0, np.arange(300) // 5
        judge = np.where(random.random(300) < 0.8, human, 1 - human)
    labels = drawn(human, random)
    found = calibrated_rate(judge, cluster, labels)
    n, big, f = len(labels.index), len(judge), judge
    labelled = np.isin(np.arange(big), labels.index)
    error = np.where(labelled, human - found.tuning * f, 0)
    mean = error.sum() / n

    def squares(tuning: float) -> tuple[float, float]:
        """By clusters, and of independent pairs."""
        e = human - tuning * f
        psi = tuning * (f - f.mean()) / big + np.where(labelled, e - e[labelled].mean(), 0) / n
        sums = np.array([psi[cluster == name].sum() for name in range(60)])
        count = len(set(cluster[labels.index].tolist()))
        return count / (count - 1) * (sums**2).sum(), n / (n - 1) * (psi**2).sum()

    def squared(tuning: float) -> float:
        return max(squares(tuning))

    assert found.estimate == pytest.approx(found.tuning * f.mean() + mean, abs=1e-12)
    assert found.se == pytest.approx(math.sqrt(squared(found.tuning)), rel=1e-10)
    assert found.human.se == pytest.approx(math.sqrt(squared(0)), rel=1e-10)
    assert found.gain == pytest.approx(squared(0) / squared(found.tuning), rel=1e-10)
    assert found.gain > 1.1
    assert squares(found.tuning)[0] <= min(squares(one)[0] for one in np.linspace(0, 1, 101))
    assert (squares(found.tuning)[1] > squares(found.tuning)[0]) == opposed
    p, z = found.human.estimate, t.ppf(0.975, found.effective_clusters - 1)
    n_eff = p * (1 - p) / squared(0) * found.gain
    touches = [abs(found.estimate - end) / math.sqrt(end * (1 - end) / n_eff) for end in (found.low, found.high)]
    assert touches == pytest.approx([z, z], rel=1e-9)


def test_labels_within_the_pairs_are_the_papers_two_samples():
    """PPI++ keeps labelled and unlabelled pairs apart: its lambda is ours times 1 - n/N, the estimate the same."""
    human, judge, cluster, random = made(2, 30_000)
    labels = drawn(human, random, 10_000)
    found = calibrated_rate(judge, cluster, labels)
    apart, of_labels = np.delete(judge, labels.index), judge[labels.index]
    tuning = found.tuning * (1 - 1 / 3)
    covariance = np.cov(labels.score, of_labels)
    assert found.estimate == pytest.approx(tuning * apart.mean() + (labels.score - tuning * of_labels).mean())
    assert tuning == pytest.approx(covariance[0, 1] / (1 + 10_000 / 20_000) / judge.var(), rel=0.02)
    theirs = tuning**2 * apart.var() / 20_000 + (labels.score - tuning * of_labels).var() / 10_000
    assert found.se == pytest.approx(math.sqrt(theirs), rel=0.01)


@pytest.mark.parametrize("judge", [0.5, 1.0, np.nan])
def test_a_judge_that_says_nothing_leaves_the_labels(judge):
    human, _, cluster, random = made(3)
    labels = drawn(human, random)
    found = calibrated_rate(np.full(200, judge), cluster, labels)
    alone = mean_interval(labels.score, cluster[labels.index])
    assert (found.tuning, found.gain) == (0, 1)
    for one in (found, found.human):
        assert (one.estimate, one.se, one.low, one.high) == pytest.approx(
            (alone.estimate, alone.se, alone.low, alone.high), abs=1e-12
        )
    contrary = calibrated_rate(1 - human, cluster, labels)
    assert contrary.tuning == 0


def test_a_perfect_judge_leaves_open_what_was_not_seen():
    human, _, cluster, random = made(4, 100_000)
    labels = drawn(human, random)
    for target in Population:
        found = calibrated_rate(human, cluster, labels, target)
        assert found.estimate == pytest.approx(human.mean(), abs=0.02)
        unseen = mean_interval(np.zeros(80), np.arange(80)).high
        assert found.high - found.low == pytest.approx(2 * unseen, abs=0.01)
        assert "never differ" in found.warnings[-1]
    assert found.gain is None


@given(st.integers(0, 500), st.sampled_from([1, 5]), st.sampled_from(Population), st.sampled_from([0.03, 0.5, 1.0]))
def test_finite_within_bounds_and_mirrored(seed, size, target, p):
    human, judge, cluster, random = made(seed, 40 if size > 1 else 120, size, p, agree=(0.0, 0.5, 0.95, 1.0)[seed % 4])
    judge[::7] = np.nan
    labels = drawn(human, random)
    found = calibrated_rate(judge, cluster, labels, target)
    contrary = Labels(labels.index, 1 - labels.score, Design.RANDOM)
    mirrored = calibrated_rate(1 - judge, 1_000_003 * cluster, contrary, target)
    assert 0 <= found.low <= found.estimate <= found.high <= 1
    assert found.high - found.low > 0.001
    assert 0 <= found.tuning <= 1
    assert (found.estimate, found.low, found.high) == pytest.approx(
        (1 - mirrored.estimate, 1 - mirrored.high, 1 - mirrored.low), abs=1e-9
    )
    assert "left undecided" in " ".join(found.warnings)


def test_these_items_are_surer_than_new_ones():
    human, judge, cluster, random = made(5)
    labels = drawn(human, random, 100)
    new, these = (calibrated_rate(judge, cluster, labels, target) for target in Population)
    assert these.human.se == pytest.approx(new.human.se * math.sqrt(1 / 2), rel=1e-9)
    assert these.high - these.low < new.high - new.low
    assert "finite-population" in these.target.words


def test_equal_chances_are_a_random_draw_and_unequal_ones_are_weighted():
    human, judge, cluster, random = made(6)
    plain = drawn(human, random)
    for target in Population:
        equal = Labels(plain.index, plain.score, Design.UNKNOWN, np.full(80, 80 / 200))
        a, b = calibrated_rate(judge, cluster, plain, target), calibrated_rate(judge, cluster, equal, target)
        assert (a.estimate, a.low, a.high) == pytest.approx((b.estimate, b.low, b.high), abs=1e-12)
    chance = np.where(plain.score == 1, 0.8, 0.2)
    weighted = calibrated_rate(judge, cluster, Labels(plain.index, plain.score, Design.UNKNOWN, chance)).human
    won = (plain.score == 1).sum()
    assert weighted.estimate == pytest.approx(won / 0.8 / (won / 0.8 + (80 - won) / 0.2))
    influence = (plain.score - weighted.estimate) / chance / (1 / chance).sum()
    assert weighted.se == pytest.approx(math.sqrt(80 / 79 * (influence**2).sum()))
    assert weighted.effective_clusters == pytest.approx((1 / chance).sum() ** 2 / (1 / chance**2).sum())


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"index": np.arange(49), "score": np.ones(49)}, "49 labels are too few"),
        ({"design": Design.FILTERED}, "drawn from filtered pairs"),
        ({"design": Design.FILTERED, "inclusion": np.full(60, 0.3)}, "no weight makes these speak"),
        ({"design": Design.UNKNOWN}, "not drawn at random \\(design: unknown\\)"),
        ({"inclusion": np.zeros(60)}, "inclusion probability"),
        ({"inclusion": np.full(60, np.nan)}, "inclusion probability"),
        ({"inclusion": np.ones(59)}, "inclusion probability"),
        ({"index": np.zeros(60, dtype=int)}, "each once"),
        ({"index": np.arange(60) + 900}, "judged pairs"),
        ({"score": np.full(60, np.nan)}, "label lies in"),
        ({"score": np.full(60, 2.0)}, "label lies in"),
    ],
)
def test_what_is_refused(change, says):
    human, judge, cluster, _ = made(7)
    given_labels = {"index": np.arange(60), "score": human[:60], "design": Design.RANDOM} | change
    with pytest.raises(Invalid, match=says) as refused:
        calibrated_rate(judge, cluster, Labels(**given_labels))
    assert refused.value.problems[0].field


def test_all_labelled_leaves_nothing_about_these_items():
    human, judge, cluster, _ = made(8)
    labels = Labels(np.arange(200), human, Design.RANDOM)
    with pytest.raises(Invalid, match="every pair is labelled"):
        calibrated_rate(judge, cluster, labels, THESE)
    found = calibrated_rate(judge, cluster, labels)
    assert (found.tuning, found.estimate) == (0, pytest.approx(human.mean()))


def test_one_cluster_and_independent_pairs():
    human, judge, cluster, random = made(9, 40, 5)
    labels = drawn(human, random)
    one = calibrated_rate(judge, np.zeros(200, dtype=int), labels)
    assert (one.low, one.high) == (0, 1)
    model = calibrated_rate(judge, cluster, labels, confidence=Confidence(kind=IntervalKind.MODEL))
    assert model == calibrated_rate(judge, np.arange(200), labels)


def test_a_judge_that_hardly_errs_is_warned_about():
    human, judge, cluster, random = made(10, agree=1)
    labels = drawn(human, random)
    judge[labels.index[0]] = 1 - judge[labels.index[0]]
    assert "rests on about 1 labels" in calibrated_rate(judge, cluster, labels).warnings[0]


@pytest.mark.parametrize(
    ("n", "clusters", "size", "target"),
    [(50, 800, 1, None), (100, 300, 1, THESE), (50, 160, 5, None), (100, 100, 5, None)],
)
def test_coverage(n, clusters, size, target):
    """Seeded. 0.6 is the chance that made() gives A; the pairs' own rate where the target is these items."""
    rounds, held, width, alone = 1_200, 0, 0.0, 0.0
    for seed in range(rounds):
        human, judge, cluster, random = made(seed, clusters, size, agree=0.7)
        found = calibrated_rate(judge, cluster, drawn(human, random, n), target or Population.NEW_ITEMS)
        held += found.low <= (human.mean() if target else 0.6) <= found.high
        width, alone = width + found.high - found.low, alone + found.human.high - found.human.low
    assert 0.94 <= held / rounds <= 0.96
    assert width < 0.85 * alone
