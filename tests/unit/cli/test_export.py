"""`export` on the command line: whole files or none, the format by name, bytes where they are asked for."""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace

import pytest
from typer.testing import CliRunner

from app.cli import app, export
from app.client import Unreachable


class Served:
    """A server whose answer is two pieces, with whatever happens between them."""

    def __init__(self) -> None:
        self.asked: tuple = ()
        self.filters: dict = {}
        self.between: BaseException | None = None
        self.begun = 0

    def export(self, job: str, what: str, form: str, **filters: str) -> Iterator[bytes]:
        self.asked, self.filters = (job, what, form), filters
        self.begun += 1
        yield b"first\n"
        if self.between is not None:
            raise self.between
        yield b"second\n"


@pytest.fixture
def served(monkeypatch) -> Served:
    made = Served()
    monkeypatch.setattr(export, "connected", contextmanager(lambda: (yield made)))
    return made


def run(*arguments: str):
    return CliRunner().invoke(app, ["export", *arguments], env={"COLUMNS": "200"}, prog_name="tracejudge")


def test_without_a_file_the_rows_go_to_standard_output(served):
    done = run("job")
    assert (done.exit_code, done.stdout_bytes) == (0, b"first\nsecond\n")
    assert (served.asked, served.filters) == (("job", "judgments", "ndjson"), {})
    done = run("job", "--format", "parquet")  # no terminal: a pipe may take it
    assert (done.exit_code, served.asked[2]) == (0, "parquet")


def test_filters_go_along_as_they_are(served):
    words = {"axis": "overall", "verdict": "TIE", "stance": "FLIP", "tag": "site:x", "judge": "j", "reason": "refusal"}
    arguments = [part for name, word in words.items() for part in (f"--{name}", word)]
    assert run("job", "--what", "pairs", *arguments).exit_code == 0
    assert (served.asked, served.filters) == (("job", "pairs", "ndjson"), words)


@pytest.mark.parametrize(
    ("name", "options", "form"),
    [
        ("rows.parquet", (), "parquet"),
        ("rows.jsonl", (), "ndjson"),
        ("rows.parquet", ("--format", "ndjson"), "ndjson"),
        ("rows", ("--format", "parquet"), "parquet"),
    ],
)
def test_a_file_says_its_format_by_its_name(served, tmp_path: Path, name, options, form):
    out = tmp_path / name
    done = run("job", "--out", str(out), *options)
    assert (done.exit_code, served.asked[2]) == (0, form)
    assert out.read_bytes() == b"first\nsecond\n"
    assert "13 bytes" in done.stderr
    assert done.stdout == ""
    assert [file.name for file in tmp_path.iterdir()] == [name]


def test_machines_are_told_the_file_and_its_size(served, tmp_path: Path):
    out = tmp_path / "rows.jsonl"
    assert json.loads(run("job", "--out", str(out), "--json").stdout) == {"file": str(out), "bytes": 13}
    assert run("job", "--json").exit_code == 2


@pytest.mark.parametrize("before", [None, b"an older export"])
@pytest.mark.parametrize("what", [KeyboardInterrupt(), Unreachable("gone")], ids=["interrupted", "lost"])
def test_what_breaks_off_leaves_everything_as_it_was(served, tmp_path: Path, what, before):
    out = tmp_path / "rows.jsonl"
    if before is not None:
        out.write_bytes(before)
    served.between = what
    assert run("job", "--out", str(out)).exit_code != 0
    assert (out.read_bytes() if out.exists() else None) == before
    assert [file.name for file in tmp_path.iterdir()] == ([] if before is None else ["rows.jsonl"])


def test_interrupted_is_status_130(served, tmp_path: Path):
    served.between = KeyboardInterrupt()
    assert run("job", "--out", str(tmp_path / "rows.jsonl")).exit_code == 130


def test_a_link_stays_a_link_and_a_pipe_a_pipe(served, tmp_path: Path):
    target, link = tmp_path / "target.jsonl", tmp_path / "link.jsonl"
    target.write_bytes(b"old")
    link.symlink_to(target)
    assert run("job", "--out", str(link)).exit_code == 0
    assert link.is_symlink()
    assert target.read_bytes() == b"first\nsecond\n"
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    try:
        assert run("job", "--out", str(pipe)).exit_code == 0
        assert os.read(reader, 100) == b"first\nsecond\n"
        assert stat.S_ISFIFO(pipe.stat().st_mode)
    finally:
        os.close(reader)


def test_parquet_is_not_poured_into_a_terminal(served, monkeypatch):
    monkeypatch.setattr(export, "sys", SimpleNamespace(stdout=SimpleNamespace(isatty=lambda: True)))
    done = run("job", "--format", "parquet")
    assert done.exit_code == 2
    assert "--out FILE" in done.stderr
    assert served.begun == 0
