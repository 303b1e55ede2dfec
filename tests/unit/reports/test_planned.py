"""Plans as users ask for them: what is given goes before what a pilot says, and bad numbers are named as users do."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from app.domain.errors import Invalid
from app.reports.pilot import pilot
from app.reports.planned import Asked, planned
from app.stats.plan_inputs import Detect, Equivalent, HalfWidth, Sample, Work
from app.stats.planning import plan
from tests.unit.reports.a_sheet import a_judge, a_sheet, picks_of

LETTERS = "AAATBABA--" * 12  # of ten: 5 A, 2 B, 1 tie, 2 lost


def a_pilot(letters=LETTERS, **changes):
    clusters = np.arange(len(letters)) // 4
    usage = {"prompt_tokens": 480_000, "completion_tokens": 24_000}
    changes = {"cluster": clusters, "envelope": {"usage": usage, "job": {"name": "pilot"}}} | changes
    return pilot(a_sheet(picks_of(letters), **changes))


def source_of(found, name: str) -> str:
    return next(one.source for one in found.assumptions if one.name.startswith(name))


def test_a_pilot_tells_what_its_sheet_holds():
    found = a_pilot()
    score = np.array([{"A": 1, "B": 0, "T": 0.5}[letter] for letter in LETTERS if letter != "-"])
    assert found.pairs == 120
    assert found.rate == pytest.approx(score.mean())
    assert found.tie_share == pytest.approx(1 / 8)
    assert found.variance == pytest.approx(score.var())
    assert found.variance == pytest.approx(found.rate * (1 - found.rate) - found.tie_share / 4)
    assert found.cluster_sizes == (4,) * 30
    assert 0 <= found.icc < 0.2
    assert found.lost_share == pytest.approx(0.2)
    assert (found.judges, found.orders, found.repeats, found.calls) == (1, 2, 1, 1)
    assert (found.tokens_in, found.tokens_out) == (2_000, 100)
    assert found.warnings == ()


def test_pending_pairs_are_no_losses():
    outcomes = np.zeros((120, 1, 1, 2, 1), np.int8)
    lost = np.array([letter == "-" for letter in LETTERS])
    outcomes[lost] = -1
    found = a_pilot(outcomes=outcomes)
    assert (found.pairs, found.lost_share) == (96, 0)
    assert "not over" in found.warnings[0]


def test_axes_asked_one_by_one_are_calls():
    picks = {"overall": picks_of("AABT" * 10), "style": picks_of("ABBT" * 10)}
    judges = (a_judge("judge-0", method="logprobs"),)
    assert pilot(a_sheet(picks, judges=judges)).calls == 2
    assert pilot(a_sheet(picks)).calls == 1


def test_a_job_without_decisions_is_no_pilot():
    with pytest.raises(Invalid) as refused:
        a_pilot("----")
    assert refused.value.problems[0].field == "pilot"


def test_a_pilot_in_which_all_is_tied_needs_other_ties():
    found = a_pilot("TF--")
    assert (found.variance, found.icc) == (None, None)
    assert len(found.warnings) == 2
    with pytest.raises(Invalid) as refused:
        planned(Asked(half_width=0.05), found)
    assert refused.value.problems[0].field == "ties"
    assert planned(Asked(half_width=0.05, ties=0.5), found).plans[0].pairs > 0


def test_each_goal_is_the_statistic_of_its_name():
    asked = Asked(half_width=0.03, effect=0.05, margin=0.06, rate=0.52, ties=0.1, cluster_size=3, icc=0.2, lost=0.05,
                  judges=2, repeats=2, axes=5, axes_per_call=2, tokens_per_call=(3_000, 200),
                  tokens_per_second=6_400, gpus=4)  # fmt: skip
    sample = Sample(tie_share=0.1, cluster_size=3, icc=0.2, lost_share=0.05)
    work = Work(judges=2, repeats=2, calls=3, tokens_in=3_000, tokens_out=200, tokens_per_second=6_400)
    expected = [
        plan(HalfWidth(0.03), replace(sample, rate=0.52), work),
        plan(Detect(), replace(sample, rate=0.55), work),
        plan(Equivalent(0.06), replace(sample, rate=0.52), work),
    ]
    found = planned(asked)
    assert [one.pairs for one in found.plans] == [one.pairs for one in expected]
    assert [one.units for one in found.plans] == [one.units for one in expected]
    assert found.plans[0].units == found.plans[0].pairs * 2 * 2 * 2 * 3
    assert found.plans[0].hours == pytest.approx(expected[0].gpu_seconds / 4 / 3_600)
    assert found.plans[0].goal == "95 % interval of ± 3.0 % around 52.0 %"
    assert "if the rate is 55.0 %" in found.plans[1].goal
    assert {one.source for one in found.assumptions} == {"given", "default"}  # the orders are nobody's choice


def test_a_pilot_stands_in_for_what_is_not_given():
    of_pilot = a_pilot()
    found = planned(Asked(half_width=0.03, tokens_per_second=4_200), of_pilot)
    sample = Sample(rate=of_pilot.rate, tie_share=of_pilot.tie_share, variance=of_pilot.variance,
                    cluster_sizes=of_pilot.cluster_sizes, icc=of_pilot.icc, lost_share=0.2)  # fmt: skip
    assert found.plans[0].pairs == plan(HalfWidth(0.03), sample).pairs
    assert found.plans[0].gpu_seconds == pytest.approx(found.plans[0].units * 2_100 / 4_200)
    assert (
        source_of(found, "ties") == source_of(found, "pairs of a cluster") == source_of(found, "tokens of a") == "pilot"
    )
    given = planned(Asked(half_width=0.03, ties=0.3, cluster_size=1, lost=0, tokens_per_call=(10, 1)), of_pilot)
    alone = Sample(rate=of_pilot.rate, tie_share=0.3, icc=of_pilot.icc)
    assert given.plans[0].pairs == plan(HalfWidth(0.03), alone).pairs
    assert source_of(given, "ties") == source_of(given, "pairs of a cluster") == "given"
    assert given.plans[0].tokens_in == given.plans[0].units * 10
    other = planned(Asked(effect=0.1), of_pilot).plans[0]
    assert other.rate == 0.6


def test_a_pilot_that_won_everything_does_not_break_the_plan():
    found = planned(Asked(half_width=0.03), a_pilot("A" * 100))
    assert found.plans[0].rate == 0.5
    assert any("a rate of 1/2 is assumed" in text for text in found.warnings)


def test_clusters_without_a_correlation_are_warned_of():
    assert "no correlation within clusters" in planned(Asked(half_width=0.05, cluster_size=3)).warnings[0]
    assert planned(Asked(half_width=0.05, cluster_size=3, icc=0)).warnings == []
    assert planned(Asked(half_width=0.05)).warnings == []


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        ({}, "half_width"),
        ({"half_width": 0}, "half_width"),
        ({"half_width": 0.6}, "half_width"),
        ({"half_width": float("nan")}, "half_width"),
        ({"effect": 0}, "effect"),
        ({"effect": 0.5}, "effect"),
        ({"effect": 1e-9}, "effect"),
        ({"margin": 0.7}, "margin"),
        ({"margin": 0.05, "rate": 0.6}, "rate"),
        ({"half_width": 0.02, "ties": 1.5}, "ties"),
        ({"half_width": 0.02, "rate": 0.9, "ties": 0.5}, "ties"),
        ({"half_width": 0.02, "lost": 1}, "lost"),
        ({"half_width": 0.02, "icc": 2}, "icc"),
        ({"half_width": 0.02, "cluster_size": 0.5}, "cluster_size"),
        ({"half_width": 0.02, "cluster_size": 5, "largest_cluster": 3}, "largest_cluster"),
        ({"half_width": 0.02, "judges": 0}, "judges"),
        ({"half_width": 0.02, "gpus": 0}, "gpus"),
        ({"half_width": 0.02, "axes_per_call": 0}, "axes_per_call"),
        ({"half_width": 0.02, "tokens_per_second": 100}, "tokens_per_call"),
        ({"half_width": 0.02, "tokens_per_second": 0, "tokens_per_call": (1, 1)}, "tokens_per_second"),
        ({"effect": 0.05, "power": 1}, "power"),
    ],
)
def test_numbers_that_do_not_fit_are_named_as_users_know_them(asked, field):
    with pytest.raises(Invalid) as refused:
        planned(Asked(**asked))
    assert field in [problem.field for problem in refused.value.problems]


def test_soft_scores_need_fewer_pairs_for_every_goal():
    soft = replace(a_pilot("AB" * 60), rate=0.55, tie_share=0.0, variance=0.0104)
    found = planned(Asked(half_width=0.02, effect=0.05, margin=0.05), soft)
    at_a_half = 0.0104 / (0.55 * 0.45) / 4  # the same share of what wins and losses would vary by
    sample = Sample(rate=0.55, variance=0.0104, cluster_sizes=soft.cluster_sizes, icc=soft.icc or 0)
    assert [one.pairs for one in found.plans] == [
        plan(HalfWidth(0.02), sample).pairs,
        plan(Detect(0.8), sample).pairs,
        plan(Equivalent(0.05, 0.8), replace(sample, rate=0.5, variance=at_a_half)).pairs,
    ]
    assert source_of(found, "variance of scores") == "pilot"
