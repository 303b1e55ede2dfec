"""Strengths of a report fitted to single picks: Davidson ties, order effect, and what stands beside them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.special import expit

from app.domain.judgment import Pick, Side
from app.reports.reading import read
from app.reports.sheet import AxisPicks, Parameters
from app.reports.units import units
from tests.unit.reports.a_sheet import a_sheet, picks_of, results_of


def test_units_are_picks_seen_from_side_a():
    found = units(read(a_sheet(picks_of("ABTF-P")), Parameters()))
    by_order = {place: found.outcome[found.first == place].tolist() for place in (1, -1)}
    assert by_order == {
        1: [Side.A, Side.B, Side.TIE, Side.A, Side.A],
        -1: [Side.A, Side.B, Side.TIE, Side.B, Side.TIE],
    }


def test_a_finished_verdict_is_one_unit_of_unknown_place():
    picks = np.zeros((4, 1, 1, 1), np.int8)
    final = np.array([[1.0], [0.2], [0.5], [np.nan]])
    sheet = replace(a_sheet(picks, imported=True), picks={"overall": AxisPicks(picks, final=final)})
    found = units(read(sheet, Parameters()))
    assert found.outcome.tolist() == [Side.A, Side.B, Side.TIE]
    assert found.first.tolist() == [0, 0, 0]


def pulled(pull: float, lead: float) -> np.ndarray:
    """3,000 pairs of two models: A leads by `lead`, the first place adds `pull`, in log-odds."""
    random = np.random.default_rng(7)
    in_ab, in_ba = (random.random(3_000) < expit(lead + place * pull) for place in (1, -1))
    picks = np.stack([np.where(in_ab, Pick.FIRST, Pick.SECOND), np.where(in_ba, Pick.SECOND, Pick.FIRST)], axis=1)
    return picks[:, None, :, None].astype(np.int8)


def test_an_order_effect_is_told_and_taken_out():
    sheet = a_sheet(pulled(pull=1.5, lead=1.0))
    fit = results_of(sheet, order_effect=True).fit
    assert fit.order_effect["low"] < 1.5 < fit.order_effect["high"]
    assert fit.order_effect["low"] > 1.2
    first, second = results_of(sheet, order_effect=True).models
    assert first.strength - second.strength == pytest.approx(1.0, abs=0.15)
    assert "not comparable" in fit.warnings[-1]
    assert results_of(sheet).fit.order_effect is None


def test_davidson_ties_have_a_parameter_of_their_own():
    fit = results_of(a_sheet(picks_of("AABT" * 50)), ties="davidson").fit
    assert fit.ties == "davidson"
    assert fit.tie_parameter == pytest.approx(2 * 0.25 / (2 * np.sqrt(0.5 * 0.25)), rel=1e-3)


def test_who_beats_whom_and_who_is_tied():
    sheet = a_sheet(
        picks_of("A" * 70 + "B" * 30 + "AB" * 50 + "A" * 70 + "B" * 30),
        models=("x", "y", "z"),
        model_a=[0] * 100 + [0] * 100 + [1] * 100,
        model_b=[2] * 100 + [1] * 100 + [2] * 100,
    )
    fit = results_of(sheet).fit
    assert fit.tied_groups == [["x", "y"], ["z"]]
    chance = {(one["model"], one["against"]): one for one in fit.win_probabilities}
    assert len(chance) == 3
    against_z = next(one for pair, one in chance.items() if pair[1] == "z")
    assert against_z["low"] > 0.5


def test_models_met_where_picks_say_so_whatever_the_policy():
    picks = picks_of("F" * 20 + "AB" * 10)
    sheet = a_sheet(picks, models=("x", "y", "z"), model_a=np.repeat([0, 1], 20), model_b=np.repeat([1, 2], 20))
    assert results_of(sheet, policy="drop").fit.components == [["x"], ["y", "z"]]
    by_pick = results_of(sheet, policy="drop", ties="davidson")
    assert len(by_pick.models) == 3
    assert by_pick.fit.components == [["x", "y", "z"]]
