"""Strengths: published tables, brute force, laws."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy.optimize import minimize

from app.domain.errors import Invalid, NotComparable
from app.stats import sandwich
from app.stats.bradley_terry import Comparisons, bradley_terry, win_matrix
from app.stats.bt_likelihood import fit, newton
from app.stats.davidson import Units, unit_level
from app.stats.intervals import Confidence, IntervalKind, t_quantile
from app.stats.win_rate import win_rate

PUBLISHED = Path(__file__).parents[2] / "data" / "bradley_terry"
MODELS = ("w", "x", "y", "z")


def compared(models, rows, cluster=None) -> Comparisons:
    """From rows of (model, model, score of the first)."""
    index = {model: place for place, model in enumerate(models)}
    a, b = (np.array([index[row[side]] for row in rows], dtype=int) for side in (0, 1))
    score = np.array([row[2] for row in rows], dtype=float)
    return Comparisons(models, a, b, score, np.arange(len(rows)) if cluster is None else np.array(cluster))


def rows_of(name: str) -> list[dict[str, str]]:
    with (PUBLISHED / name).open() as file:
        return list(csv.DictReader(file))


def citations() -> Comparisons:
    rows = [
        (row["winner_cited"], row["loser_citing"], 1.0)
        for row in rows_of("journal_citations.csv")
        for _ in range(int(row["count"]))
    ]
    return compared(sorted({row[0] for row in rows}), rows)


def test_journal_citations_to_the_printed_digits():
    expected = json.loads((PUBLISHED / "journal_citations_expected.json").read_text())
    found = bradley_terry(citations(), anchor=expected["reference_item"])
    strengths = dict(zip(found.models, found.strength.round(4).tolist(), strict=True))
    assert strengths == expected["log_ability"]
    assert (round(found.deviance, 3), found.df) == (expected["residual_deviance"], expected["residual_df"])


@pytest.mark.parametrize("name", ["evalica_food", "evalica_simple"])
def test_published_scores_with_ties_as_half_wins(name):
    value = {"left": 1.0, "right": 0.0, "tie": 0.5}
    rows = [(row["left"], row["right"], value[row["winner"]]) for row in rows_of(f"{name}.csv")]
    models = sorted({model for row in rows for model in row[:2]})
    golden = {
        row["item"]: float(row["score"]) for row in rows_of(f"{name}-golden.csv") if row["algorithm"] == "bradley_terry"
    }
    log = np.log([golden[model] for model in models])
    assert bradley_terry(compared(models, rows)).strength == pytest.approx(log - log.mean(), abs=1e-12)


@st.composite
def tournaments(draw, clusters: int = 10**6):
    """Four models, every two compared, with clusters."""
    meetings = [(a, b) for a in MODELS for b in MODELS if a < b]
    extra = draw(st.lists(st.sampled_from(meetings), max_size=30))
    rows = [(*met, draw(st.sampled_from([0.0, 0.5, 1.0]))) for met in meetings + extra]
    return compared(MODELS, rows, [draw(st.integers(0, clusters)) for _ in rows])


def bounded(data: Comparisons):
    found = bradley_terry(data)
    assume(not found.unbounded.any())
    return found


@given(tournaments())
def test_choix_and_newton_agree(data):
    bounded(data)
    wins = win_matrix(data)
    by_choix, warnings = fit(wins)
    assert newton(wins) == pytest.approx(by_choix, abs=1e-6)
    assert warnings == ()


@given(tournaments())
def test_no_strengths_are_likelier(data):
    found = bounded(data)

    def minus_log_likelihood(free):
        strength = np.append(free, 0.0)
        lead = strength[data.model_a] - strength[data.model_b]
        return (data.score * np.logaddexp(0, -lead) + (1 - data.score) * np.logaddexp(0, lead)).sum()

    brute = minimize(minus_log_likelihood, np.zeros(3), method="Nelder-Mead",
                     options={"xatol": 1e-9, "fatol": 1e-12, "maxiter": 4000})  # fmt: skip
    ours = (found.strength - found.strength[-1])[:-1]
    assert minus_log_likelihood(ours) <= brute.fun + 1e-9


def sandwich_with_loops(data: Comparisons, strength: np.ndarray) -> np.ndarray:
    """H^-1 B H^-1 with the last model as reference, moved to mean 0 by the delta method."""
    information, scores = np.zeros((3, 3)), {}
    for a, b, y, c in zip(data.model_a, data.model_b, data.score, data.cluster, strict=True):
        x = (np.eye(4)[a] - np.eye(4)[b])[:3]
        p = 1 / (1 + np.exp(strength[b] - strength[a]))
        information += p * (1 - p) * np.outer(x, x)
        scores[c] = scores.get(c, np.zeros(3)) + (y - p) * x
    count = len(scores)
    meat = count / (count - 1) * sum(np.outer(u, u) for u in scores.values())
    inverse = np.linalg.inv(information)
    centre = (np.eye(4) - 1 / 4)[:, :3]
    return centre @ inverse @ meat @ inverse @ centre.T


@given(tournaments(clusters=15))
def test_the_sandwich_by_brute_force(data):
    found = bounded(data)
    assume(found.method == "cluster sandwich")
    assert found.covariance == pytest.approx(sandwich_with_loops(data, found.strength), abs=1e-7)


@pytest.mark.parametrize("per_cluster", [3, 9, 40])
def test_clusters_of_any_size_by_brute_force(monkeypatch, per_cluster):
    monkeypatch.setattr(sandwich, "AT_ONCE", 4)
    monkeypatch.setattr(sandwich, "ALIKE_AT_ONCE", 7)
    random = np.random.default_rng(per_cluster)
    a = random.integers(0, 4, 400)
    cluster = random.permutation(np.arange(400) // per_cluster)
    cluster[cluster == 2] = 7  # of another size
    data = Comparisons(MODELS, a, (a + random.integers(1, 4, 400)) % 4, random.choice([0.0, 0.5, 1.0], 400), cluster)
    found = bradley_terry(data)
    assert found.covariance == pytest.approx(sandwich_with_loops(data, found.strength), abs=1e-9)


@given(tournaments(), st.permutations(range(4)))
def test_renaming_models_permutes_strengths(data, renamed):
    found = bounded(data)
    names = np.array(renamed)
    other = Comparisons(MODELS, names[data.model_a], names[data.model_b], data.score, data.cluster)
    assert bradley_terry(other).strength[names] == pytest.approx(found.strength, abs=1e-8)


@given(tournaments())
def test_swapping_sides_and_shuffling_change_nothing(data):
    found = bounded(data)
    back = slice(None, None, -1)
    other = Comparisons(MODELS, data.model_b[back], data.model_a[back], 1 - data.score[back], data.cluster[back])
    again = bradley_terry(other)
    assert again.strength == pytest.approx(found.strength, abs=1e-8)
    assert again.se == pytest.approx(found.se, abs=1e-7, nan_ok=True)  # one cluster has no error


@given(tournaments())
def test_strengths_sum_to_zero_or_start_at_the_anchor(data):
    found = bounded(data)
    assert found.strength.sum() == pytest.approx(0, abs=1e-12)
    anchored = bradley_terry(data, anchor="y")
    assert anchored.strength[2] == 0
    assert np.isnan([anchored.se[2], anchored.low[2], anchored.high[2]]).all()  # 0 by definition: no claim
    assert np.diff(anchored.strength) == pytest.approx(np.diff(found.strength))
    assert np.array_equal(anchored.rank_low, found.rank_low)


def test_two_models_say_what_their_win_rate_says():
    random = np.random.default_rng(2)
    cluster = np.repeat(np.arange(60), 5)
    score = np.where(random.random(300) < 0.6, (random.random(60) < 0.7)[cluster], random.random(300) < 0.7)
    data = Comparisons(("x", "y"), np.zeros(300, int), np.ones(300, int), score.astype(float), cluster)
    found = bradley_terry(data)
    rate = win_rate(np.where(score, 1, 2), score.astype(float), cluster)
    p = rate.estimate
    assert np.ptp(found.strength) == pytest.approx(np.log(p / (1 - p)))
    difference = found.covariance[0, 0] + found.covariance[1, 1] - 2 * found.covariance[0, 1]
    assert np.sqrt(difference) * p * (1 - p) == pytest.approx(rate.se)


def test_model_errors_are_the_inverse_information():
    rows = [("x", "y", 1.0)] * 30 + [("x", "y", 0.0)] * 10
    found = bradley_terry(compared(("x", "y"), rows), Confidence(kind=IntervalKind.MODEL))
    assert 2 * found.se == pytest.approx(np.sqrt(1 / (40 * 0.75 * 0.25)))


def test_groups_that_never_met_are_named():
    rows = [("w", "x", 1.0), ("x", "w", 1.0), ("y", "z", 0.5)]
    with pytest.raises(NotComparable, match="w, x; y, z"):
        bradley_terry(compared(MODELS, rows))


def test_a_model_without_a_decided_pair_is_a_group():
    with pytest.raises(NotComparable, match="w, x, y; z"):
        bradley_terry(compared(MODELS, [("w", "x", 0.5), ("x", "y", 0.5)]))


def test_an_unbeaten_model_is_unbounded_and_has_no_error():
    rows = [("x", "y", 1.0), ("y", "x", 1.0), ("y", "z", 1.0), ("z", "x", 1.0)] * 10
    found = bradley_terry(compared(MODELS, rows + [("w", model, 1.0) for model in "xyz"]))
    assert found.unbounded.tolist() == [True, False, False, False]
    assert np.isfinite(found.strength).all()
    assert found.strength.argmax() == 0
    assert (found.covariance, found.deviance) == (None, None)
    assert np.isfinite(found.low).tolist() == [True, False, False, False]
    assert np.isnan(found.high).all()
    assert (found.rank_low.tolist(), found.rank_high.tolist()) == ([1] * 4, [4] * 4)
    assert "penalised" in found.method
    assert "w won or lost everything" in found.warnings[0]


def test_half_a_win_each_way_is_the_penalty():
    found = bradley_terry(compared(("x", "y"), [("x", "y", 1.0)] * 20))
    assert found.unbounded.all()
    assert np.ptp(found.strength) == pytest.approx(np.log(20.5 / 0.5))


def test_only_ties_keep_an_error():
    found = bradley_terry(compared(("x", "y"), [("x", "y", 0.5)] * 50))
    assert found.strength == pytest.approx([0, 0])
    assert (found.se > 0.1).all()
    assert "model-based" in found.warnings[0]


def test_one_cluster_has_no_error():
    found = bradley_terry(compared(("x", "y"), [("x", "y", 1.0), ("x", "y", 0.0)], [3, 3]))
    assert found.covariance is None
    assert "one cluster" in found.method


def test_ranks_are_settled_only_where_differences_are():
    rows = [("x", "y", score) for score in [1.0] * 300 + [0.0] * 100]
    rows += [("y", "z", score) for score in [1.0] * 21 + [0.0] * 20]
    found = bradley_terry(compared(("x", "y", "z"), rows))
    assert (found.rank_low.tolist(), found.rank_high.tolist()) == ([1, 2, 2], [1, 3, 3])


def test_400_elo_points_are_odds_of_ten():
    rows = [("x", "y", 1.0)] * 100 + [("x", "y", 0.0)] * 10
    assert np.ptp(bradley_terry(compared(("x", "y"), rows)).elo) == pytest.approx(400)


@pytest.mark.parametrize("models", [(), ("x",)])
def test_fewer_than_two_models_are_refused(models):
    with pytest.raises(Invalid, match="two models"):
        bradley_terry(Comparisons(models, *np.zeros((2, 0), int), np.zeros(0), np.zeros(0, int)))


def test_a_score_that_is_no_number_is_refused():
    with pytest.raises(Invalid, match="not a number"):
        bradley_terry(compared(("x", "y"), [("x", "y", 1.0), ("y", "x", float("nan"))]))


def test_without_clusters_pairs_of_one_cluster_are_independent():
    rows = [("x", "y", 1.0)] * 30 + [("x", "y", 0.0)] * 10
    one = bradley_terry(compared(("x", "y"), rows, [0] * 40), Confidence(kind=IntervalKind.MODEL))
    assert one.high - one.strength == pytest.approx(t_quantile(0.95, 40) * one.se)


def test_a_single_pair_has_no_interval():
    found = bradley_terry(compared(("x", "y"), [("x", "y", 0.5)]), Confidence(kind=IntervalKind.MODEL))
    assert np.isnan([found.low, found.high]).all()
    assert (found.rank_low.tolist(), found.rank_high.tolist()) == ([1, 1], [2, 2])


def in_clusters(newcomer: int) -> Comparisons:
    """Sixty clusters in which w, x and y meet, and z in `newcomer` clusters only, for a hundred pairs in all."""
    random = np.random.default_rng(5)
    a = np.concatenate([random.integers(0, 3, 600), np.full(100, 3)])
    b = np.concatenate([(a[:600] + random.integers(1, 3, 600)) % 3, random.integers(0, 3, 100)])
    cluster = np.concatenate([np.arange(600) % 60, np.arange(100) % newcomer])
    return Comparisons(MODELS, a, b, random.choice([0.0, 1.0], 700), cluster)


def test_a_model_in_few_clusters_is_named():
    """Its t quantile is on the clusters of all models, which it was not seen in."""
    few = "own pairs in fewer than 20 effective clusters: the errors are rough for " + MODELS[3]
    assert few in bradley_terry(in_clusters(5)).warnings
    assert not bradley_terry(in_clusters(50)).warnings
    assert not bradley_terry(in_clusters(5), Confidence(kind=IntervalKind.MODEL)).warnings
    data = in_clusters(5)
    picks = Units(MODELS, data.model_a, data.model_b, np.where(data.score > 0, 1, 2), np.ones(700, int), data.cluster)
    assert few in unit_level(picks, davidson=False, order_effect=True).strengths.warnings


def test_an_unknown_anchor_is_refused():
    with pytest.raises(Invalid, match="anchor"):
        bradley_terry(compared(("x", "y"), [("x", "y", 0.5)]), anchor="q")
