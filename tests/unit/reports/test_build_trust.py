"""The trust checks of a report, and what was lost."""

from __future__ import annotations

import numpy as np

from app.domain.judgment import Outcome
from app.reports.sheet import NOT_PLANNED
from tests.unit.reports.a_sheet import a_judge, a_sheet, check_of, picks_of, results_of


def test_an_always_first_judge_fails_its_checks():
    results = results_of(a_sheet(picks_of("F" * 16)))
    assert check_of(results, "position") == {
        "name": "position",
        "ok": False,
        "text": "picked first in 100.0 % (95 % CI 77.9-100.0, n = 32)",
    }
    assert check_of(results, "orders")["text"].startswith("orders agree in 0 of 16 pairs: 0.0 % (95 % CI 0.0-22.1")
    assert check_of(results, "orders")["ok"] is False
    line = results.position[0]
    assert (line.first_share["estimate"], line.bias, line.flips) == (1, 0.5, 16)


def test_position_bias_within_every_slice():
    where = ["CT"] * 12 + ["MR"] * 12 + [None]
    sheet = a_sheet(picks_of("F" * 12 + "AB" * 6 + "A"), tags={"modality": np.array(where)})
    ct, mr = results_of(sheet).position[0].slices
    assert ct["slice"] == {"tag": "modality", "value": "CT"}
    assert (ct["first_share"]["estimate"], ct["bias"], ct["first_share"]["n"], ct["flips"]) == (1, 0.5, 24, 12)
    assert (ct["consistency"]["estimate"], ct["consistency"]["n"]) == (0, 12)
    assert (mr["first_share"]["estimate"], mr["bias"], mr["consistency"]["estimate"]) == (0.5, 0, 1)
    alone = results_of(a_sheet(picks_of("AB" * 6))).position[0]
    assert (mr["first_share"], mr["consistency"]) == (
        alone.first_share,
        alone.consistency,
    )  # clusters of the slice only


def test_an_honest_judge_passes_its_checks():
    judge = a_judge("good", served_as=("m-1",), images_sent=80)
    results = results_of(a_sheet(picks_of("AB" * 20), judges=(judge,), has_images=np.ones(40, dtype=bool)))
    assert [check["ok"] for check in results.judges[0].checks] == [True] * 6


def test_leaks_losses_and_strangers_fail_their_checks():
    judge = a_judge("odd", served_as=("m-1", "m-2"))
    sheet = a_sheet(picks_of("AB---"), judges=(judge,), leaks=np.array([True, False, True, False, False]))
    results = results_of(sheet)
    assert check_of(results, "losses")["text"] == "6 of 10 finished units have no verdict"
    assert check_of(results, "names of models")["text"] == "names of models in the traces of 2 of 5 pairs"
    assert check_of(results, "served model")["text"] == "asked for m-1, answered by m-1, m-2"
    assert [check_of(results, name)["ok"] for name in ("losses", "names of models", "served model")] == [False] * 3


def test_losses_are_told_apart():
    judged, gone = Outcome.JUDGED, Outcome.CANCELLED
    outcomes = [(judged, judged), (judged, Outcome.REFUSAL), (judged, -1), (gone, gone), (Outcome.POISON, judged)]
    picks = picks_of("A----")
    sheet = a_sheet(picks, outcomes=np.array(outcomes, dtype=np.int8).reshape(5, 1, 1, 2, 1))
    lost = results_of(sheet).losses
    assert lost.units == 10
    assert lost.missing_pairs == {"lost": 2, "cancelled": 1, "pending": 1}
    assert [(line.kind, line.reason, line.units, line.share) for line in lost.lost] == [
        ("pending", "pending", 1, 0.1),
        ("abstained", "refusal", 1, 0.1),
        ("failed", "poison", 1, 0.1),
        ("cancelled", "cancelled", 2, 0.2),
    ]
    assert lost.by_order == [{"order": "AB", "lost": 1, "units": 5}, {"order": "BA", "lost": 1, "units": 5}]
    deciles = [(entry["missing"], entry["pairs"]) for entry in lost.by_length]
    assert [sum(column) for column in zip(*deciles, strict=True)] == [4, 5]


def test_units_beyond_a_judges_plan_are_nobodys_loss():
    axes = {"overall": picks_of("A", "A"), "style": picks_of("A", "A")}
    judges = (a_judge("json"), a_judge("logprobs", method="logprobs"))
    outcomes = np.full((1, 2, 2, 2, 1), Outcome.JUDGED, dtype=np.int8)
    outcomes[:, 0, 1] = NOT_PLANNED  # a judge that answers all axes in one call has no second group
    lost = results_of(a_sheet(axes, judges=judges, outcomes=outcomes)).losses
    assert (lost.units, lost.lost) == (6, [])


def test_missing_pairs_are_told_by_model():
    sheet = a_sheet(picks_of("A-B--A"), models=("x", "y", "z"), model_a=[0, 0, 1, 1, 2, 2], model_b=[1, 2, 2, 0, 2, 2])
    assert results_of(sheet).losses.by_model == [
        {"model": "x", "missing": 2, "pairs": 3},
        {"model": "y", "missing": 1, "pairs": 3},
        {"model": "z", "missing": 2, "pairs": 4},
    ]
    assert results_of(a_sheet(picks_of("A-"))).losses.by_model == []
