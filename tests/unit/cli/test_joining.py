"""Traces meet by item id, sample by sample; what meets nobody is named."""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path

import pytest

from app.cli.joining import join
from app.cli.pictures import Pictures
from app.cli.traces_files import TraceRow
from app.domain.errors import Invalid


def row(model: str, item: str = "q1", sample: int | None = None, line: int = 1, trace: str = "t", **fields) -> TraceRow:
    return TraceRow(Path(f"{model}.jsonl"), line, {"id": item, **fields}, model, trace, None, sample)


def joined(*rows):
    return join(rows, Pictures())


def sides(found):
    return [(pair["item"]["id"], pair["a"]["model"], pair["b"]["model"]) for pair in found.pairs]


def test_every_two_models_meet_on_every_item_and_the_first_named_is_side_a():
    found = joined(*(row(model, item) for model in ("x", "y", "z") for item in ("q1", "q2")))
    pairs = [("x", "y"), ("x", "z"), ("y", "z")]
    assert sides(found) == [(item, a, b) for item in ("q1", "q2") for a, b in pairs]
    assert (found.models, found.items, found.partial, found.unmatched) == (("x", "y", "z"), 2, {}, ())


def test_items_that_some_models_lack_are_named_with_those_models_and_the_others_still_meet():
    found = joined(row("x", "q1"), row("y", "q1"), row("z", "q1"), row("x", "q2"), row("y", "q2"), row("z", "q3"))
    assert sides(found) == [("q1", "x", "y"), ("q1", "x", "z"), ("q1", "y", "z"), ("q2", "x", "y")]
    assert found.partial == {"q2": ("z",), "q3": ("x", "y")}


def test_samples_meet_their_own_number_and_the_rest_is_counted():
    rows = [row("x", sample=number) for number in (0, 1, 2)] + [row("y", sample=number) for number in (2, 0)]
    found = joined(*rows)
    assert [(pair["a"]["sample"], pair["b"]["sample"]) for pair in found.pairs] == [(0, 0), (2, 2)]
    assert found.unmatched == ("item q1: sample 1 of x has no partner in y",)


def test_the_same_trace_twice_is_an_error_that_names_both_places():
    with pytest.raises(Invalid) as caught:
        joined(row("x", line=1), row("x", line=5), row("y"))
    (problem,) = caught.value.problems
    assert problem.field == "x.jsonl, line 5"
    assert "x.jsonl, line 1" in problem.reason
    assert "`sample`" in problem.reason


def test_an_item_may_be_told_once_and_named_elsewhere():
    found = joined(row("x", question="Why?"), row("y", answer="A"))
    assert found.pairs[0]["item"] == {"id": "q1", "question": "Why?", "answer": "A"}


def test_files_that_disagree_about_an_item_are_an_error():
    with pytest.raises(Invalid) as caught:
        joined(row("x", question="Why?"), row("y", question="How?"))
    assert [problem.field for problem in caught.value.problems] == ["y.jsonl, line 1, item.question"]


def test_a_picture_given_as_bytes_and_as_a_path_is_the_same_picture(tmp_path):
    data = b"\x89PNG not looked at here"
    (tmp_path / "scan.png").write_bytes(data)
    uri = "data:image/png;base64," + base64.b64encode(data).decode()
    pictures, uploaded = Pictures(), []
    found = join([row("x", images=[{"data": uri}]), row("y", images=[{"path": str(tmp_path / "scan.png")}])], pictures)
    assert found.pairs[0]["item"]["images"] == [{"sha256": hashlib.sha256(data).hexdigest()}]
    pictures.upload(uploaded.append)
    pictures.upload(uploaded.append)
    assert uploaded == [data]


def test_an_image_that_is_not_there_is_told_with_its_place(tmp_path):
    with pytest.raises(Invalid) as caught:
        joined(row("x", images=[{"path": str(tmp_path / "gone.png")}]), row("y"))
    assert "gone.png" in caught.value.problems[0].reason
    assert caught.value.problems[0].field == "x.jsonl, line 1"


def test_what_is_no_image_is_left_for_the_server_to_refuse():
    odd = [{"url": "https://example.org/a.png"}, {"path": "a", "extra": 1}, {"data": "no uri"}, 7]
    assert joined(row("x", images=odd), row("y")).pairs[0]["item"]["images"] == odd


@pytest.mark.parametrize(
    ("rows", "hint"),
    [
        ([row("x", "q1"), row("x", "q2")], "two models or more; found: x"),
        ([row("x", "q1"), row("y", "q2")], "item ids"),
    ],
)
def test_nothing_to_compare_is_an_error_that_says_why(rows, hint):
    with pytest.raises(Invalid, match=hint):
        joined(*rows)
