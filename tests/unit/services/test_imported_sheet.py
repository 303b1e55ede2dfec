"""Imported rows as a sheet: pairs, sides, orders, clusters, soft scores; and rows that contradict each other."""

from __future__ import annotations

import datetime as dt
import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.errors import Invalid
from app.domain.imported import OVERALL
from app.domain.judgment import Outcome, Pick, Side, unswap
from app.domain.order import Order
from app.domain.verdict import PolicyName, Stance, Verdict, settle, settle_many
from app.reports.build import build
from app.reports.sheet import NOT_PLANNED, Parameters, Sheet
from app.services.import_checks import Choices, checked
from app.services.imported_sheet import sheet_of
from app.store.imports import ImportFacts
from app.wire.tables import ndjson_table
from app.wire.verdict_columns import KNOWN, read_verdicts


def verdicts(*rows: dict):
    return read_verdicts(ndjson_table("\n".join(map(json.dumps, rows)).encode(), KNOWN))


def sheet(*rows: dict, **choices) -> Sheet:
    found = verdicts(*rows)
    spec = checked(found, Choices(**choices))
    return sheet_of(ImportFacts(1, "id", "name", spec, len(found), dt.datetime.now(dt.UTC)), found)


def row(item: str | None = "q1", winner: str | None = "A", a: str = "x", b: str = "y", **more) -> dict:
    return {"item": item, "model_a": a, "model_b": b, "winner": winner, **more}


def stances(found: Sheet, axis: str = OVERALL) -> list[list[int]]:
    one = found.picks[axis]
    settled = settle_many(one.picks, orders=found.orders, final=one.final)
    return settled.stances.tolist()


def problems(*rows: dict, **choices) -> list[tuple[int | None, str, str]]:
    with pytest.raises(Invalid) as caught:
        sheet(*rows, **choices)
    return [(problem.line, problem.field, problem.reason) for problem in caught.value.problems]


def test_rows_of_one_item_and_two_models_are_one_pair_whichever_way_round():
    found = sheet(row(order="AB"), row(a="y", b="x", winner="B", order="AB"), row("q2"), row(b="z", judge="other"))
    assert (found.models, found.model_a.tolist(), found.model_b.tolist()) == (("x", "y", "z"), [0, 0, 0], [1, 1, 2])
    assert stances(found) == [[Stance.A, Stance.MISSING], [Stance.A, Stance.MISSING], [Stance.MISSING, Stance.A]]
    assert found.picks[OVERALL].picks[0, 0].tolist() == [[Pick.FIRST], [Pick.SECOND]]
    assert found.cluster[0] == found.cluster[2] != found.cluster[1]


def test_counts_are_pairs_of_their_own_and_so_are_rows_without_an_item():
    found = sheet(row(None, count=3), row(None, "tie"), row(None, None), row("q1", count=2, cluster="c"))
    assert stances(found) == [[Stance.A]] * 3 + [[Stance.TIE], [Stance.MISSING]] + [[Stance.A]] * 2
    assert len(set(found.cluster.tolist())) == 6
    assert found.cluster[5] == found.cluster[6]


def test_both_orders_give_stances_and_what_is_missing_in_one_is_lost():
    found = sheet(
        row(order="AB"), row(order="BA"),
        row("q2", order="AB"), row("q2", "B", order="BA"),
        row("q3", order="AB"),
        row("q4", "tie"),
    )  # fmt: skip
    assert stances(found) == [[Stance.A], [Stance.FLIP], [Stance.MISSING], [Stance.TIE]]
    assert found.outcomes[2, 0, 0, :, 0].tolist() == [Outcome.JUDGED, Outcome.ELSEWHERE]
    assert found.outcomes[3, 0, 0, :, 0].tolist() == [Outcome.JUDGED, NOT_PLANNED]
    assert not found.judges[0].single_order


def test_a_judge_of_one_order_gives_final_stances_and_keeps_its_picks():
    found = sheet(
        row(order="BA"),
        row("q2", "B", order="AB"),
        row("q2", order="AB", judge="two"),
        row("q2", order="BA", judge="two"),
    )
    assert [judge.single_order for judge in found.judges] == [True, False]
    assert stances(found) == [[Stance.A, Stance.MISSING], [Stance.B, Stance.A]]
    assert found.picks[OVERALL].picks[0, 0].tolist() == [[0], [Pick.SECOND]]


def test_a_cluster_told_once_holds_for_the_whole_item():
    found = sheet(row(), row(b="z"), row(b="w", cluster="c"), row("q2", cluster="c"), row("q3"))
    assert found.cluster[0] == found.cluster[1] == found.cluster[2] == found.cluster[3] != found.cluster[4]
    named_alike = sheet(row("q1"), row("q2", cluster="q1"))
    assert named_alike.cluster[0] != named_alike.cluster[1]


def test_lengths_and_tags_come_from_the_first_row_that_tells_them():
    found = sheet(row(judge="j"), row(a="y", b="x", length_a=7, length_b=9, judge="k", **{"tag.site": "n"}), row("q2"))
    assert (found.length_a.tolist(), found.length_b.tolist()) == ([9, -1], [7, -1])
    assert (found.tags["site"].values, found.tags["site"].code.tolist()) == (("n",), [0, -1])


def test_soft_scores_in_both_orders_are_probabilities():
    rows = [
        {"item": item, "model_a": "x", "model_b": "y", "score": score, "order": order}
        for item, scores in (("q1", (0.9, 0.6)), ("q2", (0.8, 0.4)), ("q3", (1.0, 0.75)))
        for score, order in zip(scores, ("AB", "BA"), strict=True)
    ]
    found = sheet(*rows, policy=PolicyName.DEBIAS_SOFT)
    odds = found.picks[OVERALL].log_odds[:, 0, :, 0]
    lean = (odds[:, 0] - odds[:, 1]) / 2
    assert lean[0] == pytest.approx((np.log(9) + np.log(1.5)) / 2, abs=1e-6)
    assert odds[2, 0] == pytest.approx(np.log(9), abs=1e-6)  # a probability of 1 stands at the largest one told
    assert found.judges[0].censored == 1
    rate = build(found, Parameters()).results.headline.win_rate
    assert rate.estimate == pytest.approx(float((1 / (1 + np.exp(-lean))).mean()), abs=1e-6)
    average = build(found, Parameters(policy="average")).results.headline.win_rate
    assert average.estimate == pytest.approx((0.75 + 0.6 + 0.875) / 3)
    assert build(found, Parameters(policy="half")).results.headline.win_rate.estimate == pytest.approx(2.5 / 3)
    hard = [each for each in rows if each["score"] == 1.0]
    assert problems(*hard, policy=PolicyName.DEBIAS) == [
        (None, "policy", "needs scores between 0 and 1 in both orders")
    ]


ABSENT, LOST = "absent", "lost"
SCORES = {Side.A: 1.0, Side.B: 0.0, Side.TIE: 0.5}
MIRRORED = {Verdict.A: Verdict.B, Verdict.B: Verdict.A}
told = st.sampled_from((ABSENT, LOST, *Pick))


def told_row(item: int, order: Order, pick: Pick | str, *, turned: bool) -> dict:
    """A row about x (side A) and y as a judge saw them in this order; `turned`, it names y first."""
    score = None if pick == LOST else SCORES[unswap(pick, order)]
    if not turned:
        return {"item": item, "model_a": "x", "model_b": "y", "score": score, "order": order.name}
    mirrored = None if score is None else 1 - score
    return {"item": item, "model_a": "y", "model_b": "x", "score": mirrored, "order": Order(1 - order).name}


@given(st.lists(st.tuples(told, told), min_size=1, max_size=6), st.randoms(use_true_random=False))
def test_what_the_sheet_settles_is_what_plain_words_say(items, random):
    """Against `settle`, item by item, however the rows are ordered and whichever way round they name the models."""
    items = [(Pick.FIRST, Pick.TIE), *items]  # both orders were planned
    rows = [
        told_row(number, order, pick, turned=random.random() < 0.5)
        for number, picks in enumerate(items)
        for order, pick in zip(Order, picks, strict=True)
        if pick != ABSENT
    ]
    random.shuffle(rows)
    found = sheet(*rows)
    verdict = settle_many(found.picks[OVERALL].picks, orders=found.orders, final=found.picks[OVERALL].final).verdict
    numbers = list(dict.fromkeys(one["item"] for one in rows))
    assert len(verdict) == len(numbers)
    for place, number in enumerate(numbers):
        orders = [[pick if isinstance(pick, Pick) else None] for pick in items[number]]
        said = settle([orders])
        assert verdict[place] == (said if found.models[found.model_a[place]] == "x" else MIRRORED.get(said, said))


@pytest.mark.parametrize(
    ("rows", "line", "field", "reason"),
    [
        ([row(), row()], 2, "item", "is there already (line 1)"),
        ([row(order="AB"), row(a="y", b="x", winner="B", order="BA")], 2, "item", "is there already (line 1)"),
        ([row(), row(order="AB")], 2, "order", "line 1 holds a verdict of this judge on this pair without an order"),
        (
            [row(order="AB"), row(a="y", b="x")],
            2,
            "order",
            "line 1 holds a verdict of this judge on this pair with an order",
        ),
        ([row(cluster="c"), row("q2"), row(b="z", cluster="d")], 3, "cluster", "differs from line 1"),
        ([row(length_a=5), row(a="y", b="x", length_b=6, judge="k")], 2, "length_a", "differs from line 1"),
        ([row(**{"tag.s": "1"}), row(judge="k", **{"tag.s": "2"})], 2, "tag.s", "differs from line 1"),
        ([row(None, b="x"), row()], 1, "model_b", "is compared with itself"),
        ([row(sample_a=0)], 1, "sample_a", "part of the item's id"),
        ([row(winner=None)], None, "winner", "every row is empty"),
        ([row(None, count=10_000_001)], None, "count", "too many"),
    ],
)
def test_rows_that_cannot_all_be_true_are_told_by_both_lines(rows, line, field, reason):
    told = problems(*rows)
    assert told[0][:2] == (line, field)
    assert reason in told[0][2]


def test_what_looks_alike_but_does_not_contradict_is_taken():
    taken = sheet(
        row(), row(repeat=1), row(judge="other"), row(axis="depth"), row(b="z"), row(judge="k", order="AB"),
        row(judge="k", order="BA"), row("same", a="x", b="x", winner="tie"),
    )  # fmt: skip
    assert len(taken.model_a) == 3
    assert (taken.repeats, taken.axes) == (2, ("overall", "depth"))


def test_the_primary_axis_and_policy_are_fixed_at_import():
    found = sheet(row(axis="depth"), row(axis="style"), primary_axis="style", policy=PolicyName.DROP)
    assert (found.primary_axis, found.policy) == ("style", {"name": "drop"})
    assert sheet(row(axis="depth")).primary_axis == "depth"
    assert problems(row(axis="depth"), primary_axis="style") == [(None, "primary_axis", "must be one of depth")]


def test_a_table_that_would_not_fit_into_a_report_is_refused():
    rows = [row(f"q{number}", judge=f"j{number % 200}") for number in range(2_000)]
    assert problems(*rows, row("q0", judge="j1", repeat=900)) == [(None, "judge", "tells too many apart")]
    assert problems(*(row(judge=f"j{number}") for number in range(301)))[0][2].startswith("names too many")
    assert problems(*(row(axis=f"q{number}") for number in range(101)))[0][1:] == (
        "axis",
        "names too many axes; what tells items apart is their `item`, or a tag",
    )
    many = [row(a=f"m{number}", b=f"m{number + 1}") for number in range(1_001)]
    assert problems(*many)[0][1] == "model_a"


def test_a_report_claims_nothing_about_what_was_not_imported():
    one_each = [row(f"q{number}", "AB"[number % 2], order=("AB", "BA")[number % 3 == 0]) for number in range(12)]
    found = build(sheet(*one_each), Parameters()).results
    checks = {check["name"]: check["ok"] for check in found.judges[0].checks}
    assert (checks["names of models"], checks["served model"], checks["orders"]) == (None, None, None)
    assert "single order: position bias not removable" in found.warnings
    assert "judged in one order each" in found.methods.paragraph


def test_the_record_in_each_order_is_that_of_the_headlines_model():
    """Three pairs, one of them told the other way round: x was shown first in all rows marked AB below."""
    found = sheet(
        row("q1", "A", order="AB"), row("q1", "B", order="BA"),
        row("q2", "B", order="AB"), row("q2", None, order="BA"),
        row("q3", "tie", a="y", b="x", order="BA"), row("q3", "B", a="y", b="x", order="AB"),
    )  # fmt: skip
    (line,) = build(found, Parameters()).results.position
    assert line.by_order == [
        {"order": "AB", "slice": None, "won": 1, "lost": 1, "tied": 1, "lost_units": 0},
        {"order": "BA", "slice": None, "won": 1, "lost": 1, "tied": 0, "lost_units": 1},
    ]
