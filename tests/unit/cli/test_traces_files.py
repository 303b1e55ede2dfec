"""Traces files in every format give the same rows, and say what is wrong where."""

from __future__ import annotations

import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from app.cli.rows import Columns
from app.cli.traces_files import models_named_after, read_traces
from app.domain.errors import Invalid

ROWS = [
    {
        "item": {"id": "q1", "question": "Why?", "options": {"A": "yes"}},
        "trace": "Because.",
        "answer": "A",
        "sample": 0,
    },
    {"item": {"id": "q2", "question": "How, then?"}, "trace": 'With "quotes",\nand lines.', "sample": 1},
]
PLAIN = Columns({})


def jsonl(path):
    path.write_text("\n".join(json.dumps(row) for row in ROWS) + "\n\n")


def as_json(path):
    path.write_text(json.dumps(ROWS))


def csv(path):
    path.write_text(
        "id,question,options,trace,answer,sample\r\n"
        'q1,Why?,"{""A"": ""yes""}",Because.,A,0\r\n'
        'q2,"How, then?",,"With ""quotes"",\nand lines.",,1\r\n',
        encoding="utf-8-sig",
    )


def parquet(path):
    pq.write_table(pa.Table.from_pylist(ROWS), path)


@pytest.mark.parametrize(
    ("suffix", "write"), [("jsonl", jsonl), ("ndjson", jsonl), ("json", as_json), ("csv", csv), ("parquet", parquet)]
)
def test_every_format_gives_the_same_rows(tmp_path, suffix, write):
    file = tmp_path / f"tuned.{suffix}"
    write(file)
    rows = read_traces([file], PLAIN).rows
    assert [(row.item, row.trace, row.answer, row.sample, row.model) for row in rows] == [
        ({"id": "q1", "question": "Why?", "options": {"A": "yes"}}, "Because.", "A", 0, "tuned"),
        ({"id": "q2", "question": "How, then?"}, 'With "quotes",\nand lines.', None, 1, "tuned"),
    ]


def test_the_column_wins_over_the_file_name(tmp_path):
    file = tmp_path / "out.jsonl"
    file.write_text('{"item": {"id": "q"}, "model": "m-1", "trace": "t"}\n')
    assert read_traces([file], PLAIN).rows[0].model == "m-1"


def test_equal_file_names_are_told_apart_by_their_folders(tmp_path):
    assert models_named_after([tmp_path / "a" / "out.jsonl", tmp_path / "b" / "out.jsonl"]) == ["a/out", "b/out"]
    assert models_named_after([tmp_path / "a" / "x.jsonl", tmp_path / "b" / "y.csv"]) == ["x", "y"]


def test_columns_nothing_was_made_of_are_named_and_renamed_ones_are_not(tmp_path):
    file = tmp_path / "m.jsonl"
    file.write_text('{"id": "q", "reasoning": "t", "tokens": 9, "item.answer": "A"}\n')
    found = read_traces([file], Columns.parse(["trace=reasoning"]))
    assert found.ignored == ("tokens",)
    assert found.rows[0].trace == "t"


def test_a_mapped_column_that_no_file_has_is_an_error_that_names_those_there(tmp_path):
    file = tmp_path / "m.jsonl"
    file.write_text('{"id": "q", "thoughts": "t"}\n')
    with pytest.raises(Invalid) as caught:
        read_traces([file], Columns.parse(["trace=reasoning"]))
    assert [problem.field for problem in caught.value.problems] == ["--map reasoning"]
    assert "id, thoughts" in caught.value.problems[0].reason


def test_every_incomplete_row_is_told_with_file_and_line(tmp_path):
    file = tmp_path / "m.jsonl"
    file.write_text('{"item": {"id": "q"}}\n{"trace": "t"}\n{"item": {"id": "q"}, "trace": "t", "sample": "two"}\n')
    with pytest.raises(Invalid) as caught:
        read_traces([file], PLAIN)
    problems = [(problem.line, problem.field) for problem in caught.value.problems]
    assert problems == [(1, "trace"), (2, "item.id"), (3, "sample")]
    assert all("m.jsonl" in problem.reason for problem in caught.value.problems)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("broken.jsonl", b'{"item": '),
        ("twice.jsonl", b'{"trace": "a", "trace": "b"}'),
        ("list.jsonl", b"[1]"),
        ("object.json", b'{"item": {}}'),
        ("latin.csv", "id,trace\nq,\xe4\n".encode("latin-1")),
        ("quotes.csv", b'id,trace\nq,"never closed'),
        ("not.parquet", b"PAR0"),
        ("traces.txt", b"hello"),
    ],
)
def test_a_file_that_cannot_be_read_is_named(tmp_path, name, content):
    file = tmp_path / name
    file.write_bytes(content)
    with pytest.raises(Invalid) as caught:
        read_traces([file], PLAIN)
    assert name in caught.value.detail
