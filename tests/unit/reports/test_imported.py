"""Reports of verdicts made elsewhere: what finished verdicts, panels and single orders may claim."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from app.reports.pilot import pilot
from app.reports.sheet import Labels
from tests.unit.published.imported_report import csv_text, report_of, sheet_from
from tests.unit.reports.a_sheet import results_of

VOTES = [(f"q{item}", "x", "y", "AAB"[vote], vote) for item in range(40) for vote in range(3)]


def test_repeated_votes_give_the_stance_they_lean_to():
    results = report_of(csv_text("item model_a model_b winner repeat", VOTES))
    assert results.headline.win_rate.estimate == results.headline.preference_rate.estimate == 1
    assert "soft" not in results.headline.text
    averaged = next(line for line in results.policies if line.policy == "average")
    assert averaged.win_rate.estimate == pytest.approx(2 / 3)
    assert "no policy of orders" in averaged.note


def test_repeated_votes_are_single_picks_for_a_fit_to_picks():
    strength = {line.model: line.strength for line in report_of(csv_text("item model_a model_b winner repeat", VOTES),
                                                                ties="davidson").models}  # fmt: skip
    assert strength["x"] == pytest.approx(np.log(2) / 2)
    in_order = csv_text("item model_a model_b winner repeat order", [(*row, "AB") for row in VOTES])
    assert {m.model: m.strength for m in report_of(in_order, ties="davidson").models} == pytest.approx(strength)


def test_a_panel_of_soft_judges_votes_and_says_so():
    scores = {"j1": 0.6, "j2": 0.45, "j3": 0.6}
    rows = [(f"q{item}", "x", "y", judge, score) for item in range(40) for judge, score in scores.items()]
    results = report_of(csv_text("item model_a model_b judge score", rows))
    assert results.headline.win_rate.estimate == 1
    assert "soft verdicts vote by the side they lean to" in results.headline.text
    averaged = report_of(csv_text("item model_a model_b judge score", rows), policy="average").headline
    assert averaged.win_rate.estimate == pytest.approx(0.55)
    assert "soft verdicts count as given" in averaged.text
    alone = report_of(csv_text("item model_a model_b judge score", rows), judges=("j1",)).headline
    assert alone.win_rate.estimate == pytest.approx(0.6)
    assert "soft verdicts count as given" in alone.text


def test_an_axis_is_soft_by_its_own_scores():
    rows = [
        (f"q{item}", "x", "y", axis, score) for item in range(20) for axis, score in (("overall", 1), ("style", 0.7))
    ]
    overall, style = report_of(csv_text("item model_a model_b axis score", rows)).axes
    assert "soft" not in overall.text
    assert "soft verdicts count as given" in style.text


@pytest.mark.parametrize("order", ["AB", "BA"])
def test_one_order_for_all_tells_no_position_bias(order):
    rows = [(f"q{item}", "x", "y", "A" if item % 10 else "B", order) for item in range(100)]
    text = csv_text("item model_a model_b winner order", rows)
    results = report_of(text)
    assert results.headline.win_rate.estimate == pytest.approx(0.9)
    (line,) = results.position
    assert (line.bias, line.note) == (None, "single order: position bias not removable")
    assert next(check["ok"] for check in results.judges[0].checks if check["name"] == "position") is None
    assert f"in one order ({order})" in results.methods.paragraph
    assert pilot(sheet_from(text)).orders == 1


def test_another_order_for_each_pair_tells_none_either():
    rows = [(f"q{item}", "x", "y", "A", "AB" if item % 10 else "BA") for item in range(100)]
    text = csv_text("item model_a model_b winner order", rows)
    (line,) = report_of(text).position
    assert (line.bias, line.first_share["estimate"]) == (None, pytest.approx(0.9))
    assert "not the same one for all" in report_of(text).methods.paragraph
    assert pilot(sheet_from(text)).orders == 1


def test_a_judge_with_one_order_beside_one_with_both_is_named():
    both = [(f"q{item}", "x", "y", "A", order, "j1") for item in range(30) for order in ("AB", "BA")]
    one = [(f"q{item}", "x", "y", "A", "AB", "j2") for item in range(30)]
    results = report_of(csv_text("item model_a model_b winner order judge", both + one))
    assert [line.bias for line in results.position] == [0, None]
    assert "single order: position bias not removable for j2" in results.warnings


def test_soft_verdicts_in_both_orders_are_checked_against_labels():
    chance = np.random.default_rng(3).random(80)
    rows = [(f"q{i}", "x", "y", "j", order, p) for i, p in enumerate(chance.round(3)) for order in ("AB", "BA")]
    sheet = sheet_from(csv_text("item model_a model_b judge order score", rows))
    labels = Labels(np.arange(80), np.zeros(80, int), (chance > 0.5) * 1.0, np.ones(80, bool), np.full(80, np.nan))
    (line,) = results_of(replace(sheet, labels={"overall": labels}, labellers=("ann",))).calibration
    assert (line.judge, line.labels) == ("j", 80)
    assert line.brier["estimate"] == pytest.approx(np.mean((chance.round(3) - (chance > 0.5)) ** 2), abs=1e-6)
    hard = sheet_from(csv_text("item model_a model_b judge order score", [(*row[:5], round(row[5])) for row in rows]))
    assert results_of(replace(hard, labels={"overall": labels}, labellers=("ann",))).calibration == []
