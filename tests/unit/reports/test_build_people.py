"""Agreement, gates and sequences as a report tells them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from app.domain.judgment import Outcome
from app.reports.sheet import PENDING
from tests.unit.reports.a_sheet import a_judge, a_sheet, check_of, picks_of, results_of
from tests.unit.reports.labelled import labelled


def test_one_judge_alone_agrees_with_nobody():
    assert results_of(a_sheet(picks_of("AABB"))).agreement is None


def test_two_judges_agree_as_counted_by_hand():
    found = results_of(a_sheet(picks_of("AABBTF", "ABBBAT"))).agreement
    (line,) = found.lines
    # with ties: A=A, B=B, B=B and the inconsistent one counts as a tie; without: three of four
    assert (line.kind, line.with_ties["estimate"], line.with_ties["n"]) == ("judge_judge", pytest.approx(4 / 6), 6)
    assert (line.without_ties["estimate"], line.without_ties["n"]) == (pytest.approx(3 / 4), 4)
    assert found.alpha[0]["kind"] == "judges"
    assert found.judge_range["judges"] == 2
    assert "not the choice of judge" in found.notes[0]


def test_a_crowd_of_judges_is_told_by_alpha():
    found = results_of(a_sheet(picks_of(*["AABBTF"] * 17))).agreement
    assert (found.lines, len(found.alpha)) == ([], 1)
    assert "Here are 17." in found.notes[-1]


def test_the_panels_worth_needs_gold():
    judges = picks_of("AABBAABB", "AABBABAB")
    without = results_of(a_sheet(judges)).agreement.panel
    assert (without["of"], without["effective"]) == ("votes", None)
    right_a = np.array([1, 0, 1, 0, 1, 0, 1, 0], np.int8)
    known = results_of(a_sheet(judges, right_a=right_a, right_b=1 - right_a)).agreement.panel
    assert (known["of"], known["gold"], known["n"]) == ("errors", "pairs with one right answer", 8)
    assert 1 <= known["effective"] <= 2


def test_axes_judged_in_one_call_are_correlated():
    axes = {"overall": picks_of("AABB"), "rationale": picks_of("AABB"), "style": picks_of("ABAB")}
    found = {(one["first"], one["second"]): one for one in results_of(a_sheet(axes)).agreement.axes}
    assert found["overall", "rationale"]["correlation"] == pytest.approx(1)
    assert found["overall", "style"]["correlation"] == pytest.approx(0)


def test_people_are_compared_with_the_judge_and_with_each_other():
    scores, pairs, who = [1, 1, 0, 0, 1, 0], [0, 1, 2, 3, 0, 1], [0, 0, 0, 0, 1, 1]
    found = results_of(labelled("AAAB", scores, pairs=pairs, labellers=who)).agreement
    kinds = {line.kind: line for line in found.lines}
    assert kinds["judge_human"].with_ties["estimate"] == pytest.approx(4 / 6)
    assert kinds["human_human"].with_ties["estimate"] == pytest.approx(1 / 2)
    assert kinds["human_human"].with_ties["n"] == 2


def test_known_answers_are_a_gate():
    right_a = np.array([1, 0] * 30, np.int8)
    good = results_of(a_sheet(picks_of("AB" * 30), right_a=right_a, right_b=1 - right_a))
    assert check_of(good, "known answers")["ok"] is True
    bad = results_of(a_sheet(picks_of("AA" * 30), right_a=right_a, right_b=1 - right_a))
    check = check_of(bad, "known answers")
    assert check["ok"] is False
    assert "right in 30 of 60" in check["text"]
    assert check["text"].endswith("no true tie is known")
    few = results_of(a_sheet(picks_of("AB"), right_a=right_a[:2], right_b=1 - right_a[:2]))
    assert check_of(few, "known answers")["ok"] is None


def test_true_ties_are_told_apart_from_right_answers():
    sheet = labelled("AB" * 20 + "TTA-", [1, 0] * 20 + [0.5] * 4)
    text = check_of(results_of(sheet), "known answers")["text"]
    assert text.startswith("right in 40 of 40 pairs labelled by people")
    assert text.endswith("calls 2 of 4 true ties a tie")
    split = labelled("AB" * 20 + "A", [1, 0] * 20 + [1, 0], pairs=[*range(40), 40, 40])
    assert check_of(results_of(split), "known answers")["text"].endswith("no true tie is known")
    lost = check_of(results_of(labelled("AB" * 20 + "--", [1, 0] * 21)), "known answers")["text"]
    assert "right in 40 of 42" in lost
    assert "2 of them unanswered" in lost


@pytest.mark.parametrize(
    ("outcome", "right"), [(PENDING, "30 of 30"), (Outcome.CANCELLED, "30 of 30"), (Outcome.REFUSAL, "30 of 60")]
)
def test_what_a_judge_was_not_asked_is_no_wrong_answer(outcome, right):
    picks, right_a = picks_of("AB" * 30), np.array([1, 0] * 30, np.int8)
    picks[30:] = 0
    outcomes = np.full((60, 1, 1, 2, 1), Outcome.JUDGED, np.int8)
    outcomes[30:] = outcome
    report = results_of(a_sheet(picks, right_a=right_a, right_b=1 - right_a, outcomes=outcomes))
    assert f"right in {right}" in check_of(report, "known answers")["text"]


def test_kinship_is_told_by_the_submitter_and_flagged():
    judges = (a_judge("judge-0", family="qwen"),)
    told = {"model_families": {"tuned": "Qwen", "base": "llama"}}
    flagged = results_of(a_sheet(picks_of("AB"), judges=judges, metadata=told))
    assert check_of(flagged, "self-preference")["text"] == "of one family with tuned"
    assert flagged.headline.text.endswith(" (self-preference possible: judge-0: of one family with tuned)")
    assert "self-preference" not in results_of(a_sheet(picks_of("AB"), judges=judges)).headline.text
    assert check_of(flagged, "self-preference")["ok"] is False
    trained = {"trained_on_outputs_of": {"tuned": ["other"]}}
    assert check_of(results_of(a_sheet(picks_of("AB"), judges=judges, metadata=trained)), "self-preference")["ok"]
    assert all(c["name"] != "self-preference" for c in results_of(a_sheet(picks_of("AB"))).judges[0].checks)


def test_repeats_tell_noise_from_position():
    assert results_of(a_sheet(picks_of("AB"))).position[0].excess is None
    always_first = np.ones((30, 1, 2, 2), np.int8)
    sheet = a_sheet(always_first)
    warm = replace(sheet.judges[0], sampling={"temperature": 0.7})
    excess = results_of(replace(sheet, judges=(warm,))).position[0].excess
    assert excess["estimate"] == pytest.approx(1)
    assert excess["n"] == 30
    cold = results_of(sheet).position[0]
    assert (cold.excess, cold.note) == (None, "asked at temperature 0: repeats tell no noise floor")


def test_a_sequence_reads_the_finished_prefix_only():
    picks = picks_of("A" * 100)
    outcomes = np.zeros((100, 1, 1, 2, 1), np.int8)
    done = results_of(a_sheet(picks, outcomes=outcomes)).sequences
    assert [line.target for line in done] == ["new_items"]
    assert done[0].decided_at < 30
    assert done[0].low > 0.5
    outcomes[5:] = PENDING
    picks = picks.copy()
    picks[5:] = 0
    new, this = results_of(a_sheet(picks, outcomes=outcomes)).sequences
    assert (new.clusters, new.of_clusters, new.decided_at) == (5, 100, None)
    assert (this.target, this.decided_at) == ("this_job", None)


def test_a_sequence_says_that_undecided_pairs_count_half_in_it():
    """Its number is then nearer to 1/2 than the headline's, which leaves them out."""
    sheet = a_sheet(picks_of("A" * 90 + "F" * 60))
    assert "60 pairs that are not decided count half in it" in results_of(sheet, policy="drop").sequences[0].note
    assert "not decided" not in results_of(sheet, policy="half").sequences[0].note


def test_a_lost_pair_is_its_worst_case_for_the_sequence():
    kept, lost = (results_of(a_sheet(picks_of("A" * 50 + more))).sequences[0] for more in ("A" * 50, "-" * 50))
    assert lost.low < kept.low


def test_an_imported_file_has_no_sequence():
    assert results_of(a_sheet(picks_of("A" * 30), imported=True)).sequences == []
