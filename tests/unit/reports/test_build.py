"""The report of small sheets whose numbers are known by heart."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.special import logit

from app.domain.errors import Invalid
from app.domain.order import Order
from app.reports.build import build
from app.reports.canonical import canonical_bytes
from app.reports.sheet import Parameters
from tests.unit.reports.a_sheet import a_judge, a_sheet, check_of, picks_of, results_of

CONTRACT = "A" * 712 + "B" * 141 + "T" * 63 + "F" * 81 + "-" * 3


def test_the_citable_sentence():
    headline = results_of(a_sheet(picks_of(CONTRACT))).headline
    assert headline.text == (
        "tuned preferred to base: win rate 78.6 % (95 % CI 76.3-80.8, cluster-robust; ties and inconsistent count "
        "half) over 1,000 pairs: won 71.2 %, lost 14.1 %, tied 6.3 %, inconsistent 8.1 %, missing 0.3 %"
    )


@pytest.mark.parametrize(
    "meanings, opening",
    [
        ("B" * 712 + "A" * 288, "base preferred to tuned: win rate of tuned 28.8 % (95 % CI"),
        ("A" * 52 + "B" * 48, "no clear preference between tuned and base: win rate of tuned 52.0 % (95 % CI"),
        ("A", "no clear preference between tuned and base: win rate of tuned 100.0 % (95 % CI 0.0-100.0"),
        ("--", "tuned against base: nothing decided over 2 pairs: won 0.0 %"),
    ],
)
def test_a_preference_is_claimed_only_when_the_interval_says_so(meanings, opening):
    assert results_of(a_sheet(picks_of(meanings))).headline.text.startswith(opening)


def test_undecided_is_told_where_a_panel_splits():
    text = results_of(a_sheet(picks_of("AAAA", "AAAB"))).headline.text
    assert "undecided 25.0 %" in text
    assert "undecided" not in results_of(a_sheet(picks_of("AAAB"))).headline.text


def test_no_pairs_is_a_report_without_rates():
    results = results_of(a_sheet(picks_of("A")[:0]))
    assert results.headline is None
    assert (results.policies, results.axes, results.judges, results.models) == ([], [], [], [])
    assert canonical_bytes(results)


def test_policies_stand_side_by_side_and_say_what_is_post_hoc():
    lines = {line.policy: line for line in results_of(a_sheet(picks_of("AAAAAABFFP"))).policies}
    assert list(lines) == ["half", "drop", "average", "debias", "debias_soft", "single"]
    assert [name for name, line in lines.items() if not line.post_hoc] == ["half"]
    assert lines["half"].win_rate.estimate == pytest.approx(7.5 / 10)
    assert lines["drop"].win_rate.estimate == pytest.approx(6 / 7)
    assert lines["average"].win_rate.estimate == pytest.approx(7.75 / 10)
    assert lines["debias"].note == "no judge gave log-probabilities"
    assert (lines["debias"].available, lines["debias"].win_rate) == (False, None)
    # One order of each pair: A and B stay, a flip becomes a win or a loss, never inconsistent.
    single = lines["single"].win_rate
    assert (single.inconsistent, single.missing) == (0, 0)
    assert 6 <= single.wins <= 9


def test_a_policy_chosen_after_submit_says_so():
    results = results_of(a_sheet(picks_of("AAAB")), policy="drop")
    assert "chosen after submit" in results.headline.text
    assert any("post hoc" in warning for warning in results.warnings)
    assert [line.policy for line in results.policies if not line.post_hoc] == ["half"]
    assert results.parameters["policy"] == "drop"


def test_log_probabilities_see_through_a_judge_that_always_picks_first():
    truth = np.array([1.0] * 30 + [-1.0] * 10)
    odds = np.stack([truth + 3, -truth + 3], axis=1).reshape(40, 1, 2, 1).astype(np.float32)
    judge = a_judge("small", method="logprobs", logprob_kind="raw")
    sheet = a_sheet(picks_of("F" * 40), log_odds=odds, judges=(judge,))
    results = results_of(replace(sheet, policy={"name": "debias", "epsilon": 0.0, "quorum": 1}))
    assert results.headline.win_rate.estimate == pytest.approx(0.75)
    by_policy = {line.policy: line for line in results.policies}
    assert by_policy["half"].win_rate.estimate == pytest.approx(0.5)
    assert by_policy["debias_soft"].win_rate.estimate == pytest.approx((30 * 0.731059 + 10 * 0.268941) / 40)
    assert by_policy["debias_soft"].note == "not calibrated"
    assert check_of(results, "position")["text"].startswith("picked first in 100.0 % (95 % CI")


@pytest.mark.parametrize(
    "wrong",
    [
        {"policy": "debias"},
        {"policy": "coin"},
        {"judges": ("nobody",)},
        {"judges": ()},
        {"anchor": "nobody"},
        {"level": 1.0},
        {"interval": "wald"},
        {"ties": "rao_kupper"},
    ],
)
def test_a_parameter_that_does_not_fit_is_named(wrong):
    with pytest.raises(Invalid) as refused:
        build(a_sheet(picks_of("AB")), Parameters(**wrong))
    assert [problem.field for problem in refused.value.problems] == list(wrong)


def test_debias_needs_both_orders():
    picks = picks_of("AB")[:, :, :1]
    sheet = a_sheet(picks, log_odds=np.ones(picks.shape, dtype=np.float32))
    with pytest.raises(Invalid, match="both orders"):
        build(sheet, Parameters(policy="debias"))


def test_a_running_job_whose_judge_will_give_log_probabilities_has_a_report():
    sheet = a_sheet(
        picks_of("--"),
        judges=(a_judge(method="logprobs"),),
        policy={"name": "debias", "epsilon": 0.0, "quorum": 1},
        outcomes=np.full((2, 1, 1, 2, 1), -1, dtype=np.int8),
    )
    results = results_of(sheet)
    assert results.headline.win_rate.estimate is None
    assert results.losses.missing_pairs == {"lost": 0, "cancelled": 0, "pending": 2}
    assert results.warnings[0] == "preliminary: 2 pairs are still pending"


def test_a_subset_of_judges_is_a_report_on_them_alone():
    panel = a_sheet(picks_of("AAAB", "ABBB", "FFFF"))
    one = results_of(panel, judges=("judge-1",))
    assert one.headline.win_rate == results_of(a_sheet(picks_of("ABBB"))).headline.win_rate
    assert [line.judge for line in one.judges] == ["judge-1"]
    assert one.losses.units == 8
    assert len(one.provenance["judges"]) == 1


def test_each_judge_of_a_panel_has_its_own_rate():
    results = results_of(a_sheet(picks_of("AAAA", "AAAB", "BBBB")))
    assert [line.win_rate.estimate for line in results.judges] == pytest.approx([1, 0.75, 0])
    assert results.headline.win_rate.wins == 3


def test_one_order_says_that_position_bias_stays():
    results = results_of(a_sheet(picks_of("AAB")[:, :, :1]))
    assert results.headline.win_rate.wins == 2
    assert "single order: position bias not removable" in results.warnings
    assert results.position[0].bias is None
    assert results.position[0].consistency["n"] == 0
    assert check_of(results, "orders")["ok"] is None


def test_an_axis_about_images_is_not_assessed_by_judges_that_saw_none():
    axes = {"overall": picks_of("AAB", "AAB"), "perception": picks_of("AAA", "BBB")}
    blind = a_sheet(axes, image_axes=frozenset({"perception"}), has_images=np.ones(3, dtype=bool))
    line = results_of(blind).axes[1]
    assert (line.assessed, line.win_rate.estimate, line.win_rate.missing) == (False, None, 3)
    assert line.text == "perception: not assessed: no judge saw an image"
    assert check_of(results_of(blind), "images")["text"] == "images: not seen by this judge"
    assert check_of(results_of(blind), "images")["ok"] is False

    seeing = replace(blind, judges=(a_judge("seeing", images_sent=6), a_judge("blind")))
    line = results_of(seeing).axes[1]
    assert (line.assessed, line.win_rate.wins) == (True, 3)  # the blind judge has no vote


def test_slices_hold_every_axis_for_every_value():
    tags = {"modality": np.array(["CT", "MR", None, "CT"], dtype=object)}
    results = results_of(a_sheet({"overall": picks_of("AABB"), "style": picks_of("TTTT")}, tags=tags))
    told = [(line.axis, line.slice["value"], line.win_rate.wins, line.win_rate.n_pairs) for line in results.slices]
    assert told == [("overall", "CT", 1, 2), ("overall", "MR", 1, 1), ("style", "CT", 0, 2), ("style", "MR", 0, 1)]
    assert results.slices[0].text.startswith("overall, modality CT: no clear preference")
    assert [(entry["value"], entry["pairs"]) for entry in results.losses.by_tag] == [("CT", 2), ("MR", 1)]


def test_a_tag_of_no_pair_gives_no_slices_and_says_so():
    results = results_of(a_sheet(picks_of("AB")), slice_by="organ")
    assert results.slices == []
    assert "no pair has the tag organ: no slices" in results.warnings


def test_strata_tell_preference_from_correctness():
    sheet = a_sheet(
        picks_of("AABBT"),
        right_a=np.array([1, 1, 0, 0, -1], dtype=np.int8),
        right_b=np.array([1, 0, 1, 0, 1], dtype=np.int8),
    )
    told = {line.stratum: (line.win_rate.n_pairs, line.win_rate.estimate) for line in results_of(sheet).strata}
    assert told == {
        "both_right": (1, 1),
        "only_a_right": (1, 1),
        "only_b_right": (1, 0),
        "both_wrong": (1, 0),
        "unknown": (1, 0.5),
    }
    assert results_of(a_sheet(picks_of("AB"))).strata == []


def test_strengths_stand_beside_the_rates():
    results = results_of(a_sheet(picks_of("A" * 75 + "B" * 20 + "TTFFF" + "--")), anchor="base")
    first, second = results.models
    assert (first.model, first.wins, first.losses, first.ties, first.rank_low, first.rank_high) == (
        "tuned", 75, 20, 2, 1, 1,
    )  # fmt: skip
    assert first.strength == pytest.approx(np.log(77.5 / 22.5))
    assert (second.strength, second.se, second.low, second.elo) == (0, None, None, 1000)
    assert (results.fit.errors, results.fit.components) == ("cluster sandwich", [["tuned", "base"]])


def test_models_that_never_met_get_no_strengths_but_their_names():
    sheet = a_sheet(picks_of("AABB"), models=("a", "b", "c", "d"), model_a=[0, 0, 2, 2], model_b=[1, 1, 3, 3])
    results = results_of(sheet)
    assert results.models == []
    assert results.fit.components == [["a", "b"], ["c", "d"]]
    assert "never met" in results.fit.warnings[0]
    assert [(line.model_a, line.model_b) for line in results.axes] == [("a", "b"), ("c", "d")]


def test_an_unbeaten_model_is_marked():
    results = results_of(a_sheet(picks_of("A" * 30)))
    tuned, base = results.models
    assert [(line.model, line.unbounded, line.se) for line in (tuned, base)] == [
        ("tuned", True, None),
        ("base", True, None),
    ]
    assert tuned.low == pytest.approx(base.strength + logit(0.025 ** (1 / 30)))  # 30 of 30 won, exact bound
    assert (tuned.high, base.low) == (None, None)


def test_the_methods_say_how_it_was_done():
    methods = results_of(a_sheet(picks_of("AAB-"), cluster=np.array([0, 0, 1, 1]))).methods
    assert "4 pairs in 2 clusters" in methods.paragraph
    assert "in both orders (AB and BA), once in each" in methods.paragraph
    checklist = {entry["item"]: entry["value"] for entry in methods.checklist}
    assert checklist["judge sampling"] == "judge-0: temperature 0"
    assert checklist["losses"] == "missing pairs: 1 lost, 0 cancelled, 0 pending"
    assert checklist["policy"] == "half, fixed at submit"
    assert checklist["reference answers"] == "not shown"


def test_the_plan_is_provenance():
    provenance = results_of(a_sheet(picks_of("AB"))).provenance
    assert provenance["orders"] == [Order.AB.name, Order.BA.name]
    assert provenance["judges"][0]["served_model"] == "m-1"
    assert provenance["rubric"]["hash"] == "9f"


def test_the_envelope_is_kept_out_of_the_results():
    report = build(a_sheet(picks_of("AB"), envelope={"as_of": "2026-01-01"}))
    assert report.envelope == {"as_of": "2026-01-01"}
    assert b"2026" not in canonical_bytes(report.results)
