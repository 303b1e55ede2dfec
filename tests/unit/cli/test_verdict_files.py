"""Verdicts files of every kind on their way to the server, and what is said of how they were read."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import typer
from typer.testing import CliRunner

from app.cli import app
from app.cli.rows import Columns
from app.cli.verdict_files import CSV, NDJSON, file_of, upload_of
from app.domain.errors import Invalid
from app.wire.verdict_columns import KNOWN

PLAIN = Columns({})
ROWS = [{"model_a": "x", "model_b": "y", "winner": "A", "item": "q1"}, {"model_a": "x", "model_b": "y", "winner": "B"}]
GAMES = {
    "question_id": 1, "model_1": "x", "model_2": "y", "g1_winner": "model_1", "g2_winner": "error", "judge": "j",
}  # fmt: skip


def columns(text: str) -> Columns:
    return Columns.parse([text], tuple(sorted(KNOWN | {"tag"})))


def written(folder: Path, name: str, content: str | bytes) -> Path:
    file = folder / name
    file.write_bytes(content.encode() if isinstance(content, str) else content)
    return file


@pytest.mark.parametrize(("name", "kind"), [("v.csv", CSV), ("v.jsonl", NDJSON), ("v.ndjson", NDJSON)])
def test_what_the_server_reads_is_sent_as_it_is(tmp_path, name, kind):
    text = "model_a,model_b,winner\nx,y,A\n" if kind == CSV else json.dumps(ROWS[0]) + "\n"
    file = written(tmp_path, name, text)
    upload = upload_of(file, "auto", PLAIN)
    assert (upload.source, upload.content_type, upload.notes) == (file, kind, [])


def test_lists_and_parquet_become_lines_that_keep_their_numbers(tmp_path):
    whole = written(tmp_path, "v.json", json.dumps(ROWS))
    pq.write_table(pa.Table.from_pylist(ROWS), tmp_path / "v.parquet")
    for file in (whole, tmp_path / "v.parquet"):
        upload = upload_of(file, "auto", PLAIN)
        assert upload.content_type == NDJSON
        assert upload.source == [{"line": 1, **ROWS[0]}, {"line": 2, **ROWS[1]}]


def test_columns_are_renamed_and_what_has_no_name_of_ours_is_told(tmp_path):
    file = written(tmp_path, "v.csv", "left,right,verdict,note,site,tag.year\nx,y,tie,n,s,1999\n")
    upload = upload_of(file, "auto", columns("model_a=left, model_b=right, winner=verdict, tag.site=site"))
    assert upload.source == [
        {"line": 2, "model_a": "x", "model_b": "y", "winner": "tie", "tag.site": "s", "tag.year": "1999"}
    ]
    assert upload.notes == ["Not used: the columns note (--map gives columns our names)."]


def test_a_map_that_does_not_fit_is_refused(tmp_path):
    file = written(tmp_path, "v.csv", "left,right,verdict\nx,y,tie\n")
    with pytest.raises(Invalid) as caught:
        upload_of(file, "auto", columns("winner=result"))
    assert caught.value.problems[0].field == "--map result"
    assert "left, right, verdict" in caught.value.problems[0].reason
    with pytest.raises(typer.BadParameter, match="there is no 'victor'"):
        columns("victor=winner")


def test_files_of_other_tools_are_known_by_their_fields_unless_told_otherwise(tmp_path):
    file = written(tmp_path, "judgments.jsonl", json.dumps(GAMES) + "\n")
    upload = upload_of(file, "auto", PLAIN)
    assert "Read as mt_bench" in upload.notes[0]
    assert [(row["order"], row.get("winner")) for row in upload.source] == [("AB", "A"), ("BA", None)]
    assert upload_of(file, "mt_bench", PLAIN).notes == []
    assert upload_of(file, "generic", PLAIN).source == file
    with pytest.raises(Invalid, match="not alpaca_eval"):
        upload_of(file, "alpaca_eval", PLAIN)


@pytest.mark.parametrize(
    ("content", "suffix"),
    [
        ("model_a,model_b\n", ".csv"),
        (' {"model_a": 1}\n', ".jsonl"),
        ("\n[{}]", ".json"),
        ("PAR1...", ".parquet"),
        ("", ".csv"),
    ],
)
def test_standard_input_is_known_by_how_it_begins(monkeypatch, content, suffix):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content.encode())))
    with file_of(Path("-")) as file:
        assert (file.suffix, file.read_text()) == (suffix, content)
    assert not file.exists()


def test_lines_that_are_no_json_are_all_told_by_their_own_numbers(tmp_path):
    good = json.dumps(ROWS[0])
    file = written(tmp_path, "v.jsonl", f"{good}\nbad\n\n{good}\n[1]\n{{1}}\n")
    assert upload_of(file, "auto", PLAIN).source == file  # the server tells them
    with pytest.raises(Invalid) as caught:
        upload_of(file, "auto", columns("winner=winner"))
    assert [problem.line for problem in caught.value.problems] == [2, 5, 6]
    assert not any("line 1" in problem.reason for problem in caught.value.problems)


def test_a_first_line_that_is_no_json_leaves_the_rest_to_the_server(tmp_path):
    file = written(tmp_path, "v.jsonl", f"bad\n{json.dumps(ROWS[0])}\n")
    assert upload_of(file, "auto", PLAIN).source == file


def test_an_open_quote_is_told_by_the_row_it_opens_in(tmp_path):
    file = written(tmp_path, "v.csv", 'model_a,model_b,winner\nx,"y\ny",A\nx,"y,A\nx,y,A\n')
    with pytest.raises(Invalid) as caught:
        upload_of(file, "auto", columns("winner=winner"))
    assert [(problem.line, problem.reason) for problem in caught.value.problems] == [
        (4, "a quote opens in this row and never closes")
    ]


@pytest.mark.parametrize("format_", ["auto", "mt_bench"])
def test_marks_of_single_answers_are_no_verdicts(tmp_path, format_):
    mark = {"question_id": 81, "model": "x", "judge": ["gpt-4", "single-v1"], "judgment": "...", "score": 9, "turn": 1}
    file = written(tmp_path, "gpt-4_single.jsonl", json.dumps(mark) + "\n")
    with pytest.raises(Invalid, match="single-answer grading, not pairwise"):
        upload_of(file, format_, PLAIN)


@pytest.mark.parametrize(
    "arguments",
    [
        ("import", "there-is-no-such-file.csv"),
        ("import", __file__, "--job", "x"),
        ("import", __file__, "--design", "random"),
        ("import", __file__, "--map", "winner=a", "--map", "winner=b"),
        ("import", __file__, "--map", "winner"),
        ("import", __file__, "--format", "odd"),
    ],
    ids=" ".join,
)
def test_wrong_usage_is_status_2(arguments):
    assert CliRunner().invoke(app, arguments, prog_name="tracejudge").exit_code == 2
