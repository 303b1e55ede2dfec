"""Agreement, labels, the calibrated rate, gates and sequences as a report tells them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from app.domain.judgment import Outcome
from app.reports.sheet import PENDING, Labels, PlannedReview
from tests.unit.reports.a_sheet import a_judge, a_sheet, check_of, picks_of, results_of


def some_labels(scores, pairs=None, labellers=None, *, random=True, probability=None) -> Labels:
    scores = np.array(scores, float)
    n = len(scores)
    return Labels(
        pair=np.arange(n) if pairs is None else np.array(pairs),
        labeller=np.zeros(n, np.int64) if labellers is None else np.array(labellers),
        score=scores,
        random=np.full(n, random),
        probability=np.full(n, np.nan if probability is None else probability),
    )


def labelled(meanings: str, scores, **changes):
    """One judge, and people's labels on the first pairs."""
    labels = {"overall": some_labels(scores, **changes)}
    return a_sheet(picks_of(meanings), labels=labels, labellers=("ann", "ben"))


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


def test_random_labels_calibrate_the_rate():
    meanings = "A" * 140 + "B" * 60
    order = np.random.default_rng(1).permutation(200)
    pairs = order[:80]
    said = (pairs < 140).astype(float)
    said[:8] = 1 - said[:8]
    sheet = labelled(meanings, said, pairs=pairs)
    (line,) = results_of(sheet).calibrated
    assert line.available
    assert line.low < line.estimate < line.high
    assert (line.labels, line.target) == (80, "new_items")
    assert line.judge_only["estimate"] == pytest.approx(0.7)
    assert line.human_only["estimate"] == pytest.approx(said.mean())
    assert "PPI++" in line.text


def test_the_finite_form_stands_beside_the_rate_for_new_items():
    said = [1, 0] * 36 + [0, 1] * 4  # eight of eighty disagree with the judge
    (line,) = results_of(labelled("AB" * 50, said)).calibrated
    these = line.these_items
    assert (these["n"], line.available) == (100, True)
    assert these["high"] - these["low"] < 0.6 * (line.high - line.low)  # four fifths of the pairs are known
    assert line.text.endswith(f"for exactly these items {100 * these['estimate']:.1f} % "
                              f"({100 * these['low']:.1f}–{100 * these['high']:.1f})")  # fmt: skip
    (everyone,) = results_of(labelled("AB" * 40, said)).calibrated
    assert (everyone.available, everyone.these_items) == (True, None)


def test_few_or_chosen_labels_calibrate_nothing_and_say_why():
    few = results_of(labelled("AB" * 50, [1, 0] * 10)).calibrated[0]
    assert (few.available, few.estimate) == (False, None)
    assert "50" in few.text
    chosen = results_of(labelled("AB" * 50, [1, 0] * 40, random=False)).calibrated[0]
    assert not chosen.available
    assert "random" in chosen.text
    weighted = results_of(labelled("AB" * 50, [1, 0] * 40, random=False, probability=0.8)).calibrated[0]
    assert weighted.available


def test_one_unknown_chance_beside_unequal_ones_is_left_out_and_told():
    right = np.arange(400) % 2  # the judge is at chance, and so are people; but wins were drawn five times as often
    drawn = np.random.default_rng(2).random(400) < np.where(right == 1, 0.5, 0.1)
    pairs = np.flatnonzero(drawn)
    labels = some_labels(right[pairs], pairs)
    labels.probability[:] = np.where(right[pairs] == 1, 0.5, 0.1)
    judge = picks_of("".join("AB"[i % 3 == 0] for i in range(400)))
    (whole,) = results_of(a_sheet(judge, labels={"overall": labels}, labellers=("ann",))).calibrated
    labels.probability[3] = np.nan
    (gap,) = results_of(a_sheet(judge, labels={"overall": labels}, labellers=("ann",))).calibrated
    assert gap.labels == whole.labels - 1
    assert gap.estimate == pytest.approx(whole.estimate, abs=0.02)
    assert "1 labels without an inclusion probability are left out" in gap.note
    labels.probability[4:] = np.nan
    labels.probability[:3] = 0.3  # alike: then all were drawn with the same chance
    assert (
        results_of(a_sheet(judge, labels={"overall": labels}, labellers=("ann",))).calibrated[0].labels == whole.labels
    )


def test_what_people_could_not_decide_is_told_and_bounded():
    said = np.array([1, 0] * 50, float)
    said[1:60:2] = np.nan  # thirty where B may be better
    results = results_of(labelled("AB" * 100, said))
    (line,) = results.calibrated
    assert (line.labels, line.undecided) == (70, 30)
    assert line.bounds == pytest.approx({"low": 0.5, "high": 0.8})
    assert "people could not decide 30 of the pairs" in line.note
    people = next(entry["value"] for entry in results.methods.checklist if entry["item"] == "people")
    assert people.endswith("30 of them undecided")
    (all_told,) = results_of(labelled("AB" * 100, [1, 0] * 50)).calibrated
    assert (all_told.undecided, all_told.bounds) == (0, None)


def test_a_judge_that_is_not_trusted_is_not_corrected():
    (line,) = results_of(labelled("AB" * 100, [1] * 60)).calibrated
    assert line.weight == 0
    assert "rests on" not in line.note


def test_known_answers_are_a_gate():
    right_a = np.array([1, 0] * 30, np.int8)
    good = results_of(a_sheet(picks_of("AB" * 30), right_a=right_a, right_b=1 - right_a))
    assert check_of(good, "known answers")["ok"] is True
    bad = results_of(a_sheet(picks_of("AA" * 30), right_a=right_a, right_b=1 - right_a))
    check = check_of(bad, "known answers")
    assert check["ok"] is False
    assert "right in 30 of 60" in check["text"]
    few = results_of(a_sheet(picks_of("AB"), right_a=right_a[:2], right_b=1 - right_a[:2]))
    assert check_of(few, "known answers")["ok"] is None


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


def reviewed(done: int, *, closed: bool = False, pairs: int = 80, labels: int = 80):
    """Eighty random labels on two hundred judged pairs, and a review of some of them."""
    drawn = np.random.default_rng(1).permutation(200)[:labels]
    sheet = labelled("A" * 140 + "B" * 60, (drawn < 140).astype(float), pairs=drawn)
    planned = PlannedReview(axes=("overall",), pairs=pairs, done=done, closed=closed)
    return results_of(replace(sheet, reviews=(planned,)))


def test_the_calibrated_rate_waits_for_the_planned_labels():
    (line,) = reviewed(79).calibrated
    assert (line.available, line.estimate, line.low, line.human_only, line.judge_only) == (
        False,
        None,
        None,
        None,
        None,
    )
    assert line.note == "hidden until all 80 pairs are labelled (79 so far): a rate read on the way is peeking"
    assert line.text == f"no human-calibrated rate on overall: {line.note}"
    assert "judge_human" in {one.kind for one in reviewed(79).agreement.lines}
    (line,) = reviewed(80).calibrated
    assert line.available
    assert "peeking" not in line.note


def test_a_review_without_a_label_yet_says_what_it_waits_for():
    (line,) = reviewed(0, labels=0).calibrated
    assert (line.available, line.labels) == (False, 0)
    assert "(0 so far)" in line.note


def test_a_review_stopped_early_says_so_beside_the_rate():
    (line,) = reviewed(60, closed=True, labels=60).calibrated
    assert line.available
    assert "stopped at 60 of 80 planned pairs; if the stop depended on what was seen" in line.note
    assert "stopped" not in reviewed(80, closed=True).calibrated[0].note


def test_labels_of_filtered_pairs_never_speak_for_all():
    chosen = {"random": False, "probability": 0.8}
    sheet = labelled("AB" * 50, [1, 0] * 40, **chosen)
    labels = replace(sheet.labels["overall"], filtered=np.ones(80, bool))
    (line,) = results_of(replace(sheet, labels={"overall": labels})).calibrated
    assert not line.available
    assert "drawn from filtered pairs" in line.note
    mixed = np.arange(80) < 60
    labels = replace(labels, random=mixed, filtered=~mixed, probability=np.where(mixed, 0.6, 0.9))
    (line,) = results_of(replace(sheet, labels={"overall": labels})).calibrated
    alone = results_of(labelled("AB" * 50, [1, 0] * 30)).calibrated[0]
    assert (line.available, line.labels, line.estimate, line.low) == (True, 60, alone.estimate, alone.low)
    assert "20 labels of pairs that were not drawn at random are left out" in line.note


def test_random_labels_of_unequal_chance_are_weighted():
    said, chance = [1] * 40 + [0] * 40, np.repeat([0.8, 0.2], 40)
    plain = results_of(labelled("AB" * 100, said)).calibrated[0]
    weighted = results_of(labelled("AB" * 100, said, probability=chance)).calibrated[0]
    assert plain.human_only["estimate"] == pytest.approx(0.5)
    assert weighted.human_only["estimate"] == pytest.approx(0.2)
