"""The human-calibrated rate as a report tells it: which labels speak, and what people left open."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from app.reports.sheet import PlannedReview
from tests.unit.reports.a_sheet import a_sheet, picks_of, results_of
from tests.unit.reports.labelled import labelled, some_labels


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
    beside = replace(labels, filtered=np.zeros(80, bool))  # of known chance among all pairs: weighed with the others
    assert results_of(replace(sheet, labels={"overall": beside})).calibrated[0].labels == 80


def test_random_labels_of_unequal_chance_are_weighted():
    said, chance = [1] * 40 + [0] * 40, np.repeat([0.8, 0.2], 40)
    plain = results_of(labelled("AB" * 100, said)).calibrated[0]
    weighted = results_of(labelled("AB" * 100, said, probability=chance)).calibrated[0]
    assert plain.human_only["estimate"] == pytest.approx(0.5)
    assert weighted.human_only["estimate"] == pytest.approx(0.2)
