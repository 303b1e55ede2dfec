"""One row under any column names becomes an item and a trace."""

from __future__ import annotations

from pathlib import Path

import pytest
import typer

from app.cli.rows import Columns, shaped

HERE = Path("/data")


def test_the_shape_of_the_contract_stays_as_it_is():
    record = {"item": {"id": "q1", "question": "Why?"}, "model": "m", "trace": "Because.", "answer": "A", "sample": 1}
    item, trace = shaped(record, HERE)
    assert item == {"id": "q1", "question": "Why?"}
    assert trace == {"model": "m", "trace": "Because.", "answer": "A", "sample": 1}


def test_flat_columns_become_fields_of_the_item_but_the_answer_stays_the_traces():
    item, trace = shaped({"id": 7, "question": "Why?", "answer": "A", "item.answer": "B", "trace": "t"}, HERE)
    assert item == {"id": "7", "question": "Why?", "answer": "B"}
    assert trace == {"trace": "t", "answer": "A"}


def test_an_item_may_be_its_id_alone():
    assert shaped({"item": 12, "trace": "t"}, HERE)[0] == {"id": "12"}


def test_cells_hold_json_and_dots_reach_inward():
    record = {"id": "q", "options": '{"A": "yes"}', "tags.modality": "CT", "images": "scan.png", "trace": "t"}
    item, _ = shaped(record, HERE)
    assert item["options"] == {"A": "yes"}
    assert item["tags"] == {"modality": "CT"}
    assert item["images"] == [{"path": "/data/scan.png"}]


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("data:image/png;base64,AA==", {"data": "data:image/png;base64,AA=="}),
        ("https://example.org/a.png", {"url": "https://example.org/a.png"}),
        ({"path": "/else/a.png"}, {"path": "/else/a.png"}),
        ({"sha256": "ab"}, {"sha256": "ab"}),
    ],
)
def test_an_image_may_be_bytes_an_address_a_hash_or_a_path(given, kept):
    assert shaped({"id": "q", "images": [given], "trace": "t"}, HERE)[0]["images"] == [kept]


def test_columns_are_renamed_also_from_inside_others_and_the_rest_stays():
    columns = Columns.parse(["trace=output.text, item.id = qid"])
    renamed = columns.renamed({"qid": "q1", "output": {"text": "t", "tokens": 3}, "answer": "A"})
    assert renamed == {"trace": "t", "item.id": "q1", "output": {"text": "t", "tokens": 3}, "answer": "A"}


def test_a_renamed_column_wins_over_one_that_has_our_name_already():
    assert Columns.parse(["trace=reasoning"]).renamed({"trace": "old", "reasoning": "new"}) == {"trace": "new"}


@pytest.mark.parametrize("text", ["trace", "=x", "trace=", "nonsense=x"])
def test_a_map_that_cannot_be_is_wrong_usage(text):
    with pytest.raises(typer.BadParameter):
        Columns.parse([text])


def test_maps_add_up_and_a_name_is_given_once():
    both = Columns.parse(["trace=reasoning", "item.id=qid, answer=final"])
    assert both.names == {"trace": "reasoning", "item.id": "qid", "answer": "final"}
    for twice in (["trace=a,trace=b"], ["trace=a", "trace=b"]):
        with pytest.raises(typer.BadParameter, match="trace is given twice"):
            Columns.parse(twice)
