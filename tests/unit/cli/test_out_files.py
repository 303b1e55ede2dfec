"""Where a command may write is known before anything is computed, and a file's name says its format."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path

import pytest
from typer.testing import CliRunner

from app.cli import app, export, jobs, leaderboard, out_files
from app.domain.errors import Invalid
from tests.unit.cli.a_job import JOB_ID

COMMANDS = ("report", "export", "leaderboard")


class Served:
    """A server that says which format it was asked for."""

    def __init__(self) -> None:
        self.formats: list[str] = []

    def report(self, _job: str, form: str, **_: object) -> bytes:
        self.formats.append(form)
        return form.encode()

    leaderboard = report

    def export(self, _job: str, _what: str, form: str) -> list[bytes]:
        return [self.report("", form)]


@pytest.fixture
def served(monkeypatch) -> Served:
    made = Served()
    for module in (export, jobs, leaderboard):
        monkeypatch.setattr(module, "connected", contextmanager(lambda: (yield made)))
    return made


def run(*arguments: str):
    return CliRunner().invoke(app, arguments, env={"COLUMNS": "200"}, prog_name="tracejudge")


@pytest.mark.parametrize("command", COMMANDS)
def test_a_place_that_is_not_there_or_is_a_folder_is_wrong_usage(served, tmp_path: Path, command):
    (tmp_path / "file").write_text("")
    for place in ("nowhere/x.json", "file/x.json", "."):
        done = run(command, JOB_ID, "--out", str(tmp_path / place))
        assert done.exit_code == 2, done.output
        assert "--out" in done.stderr
    assert served.formats == []


@pytest.mark.parametrize("command", COMMANDS)
def test_a_place_that_may_not_be_written_is_wrong_usage(served, tmp_path: Path, monkeypatch, command):
    monkeypatch.setattr(out_files.os, "access", lambda *_: False)  # the tests may run as root, who may do everything
    (tmp_path / "there.json").write_text("")
    for name in ("there.json", "new.json"):
        done = run(command, JOB_ID, "--out", str(tmp_path / name))
        assert done.exit_code == 2, done.output
    assert served.formats == []


@pytest.mark.parametrize("command", COMMANDS)
def test_what_the_system_refuses_in_the_end_is_no_defect(served, tmp_path: Path, command):
    done = run(command, JOB_ID, "--out", str(tmp_path / ("n" * 300)))
    assert isinstance(done.exception, Invalid)
    assert "cannot be written: File name too long" in done.exception.detail


@pytest.mark.parametrize("command", ["demo", "compare"])
def test_a_folder_that_cannot_be_made_is_wrong_usage(tmp_path: Path, command):
    file = tmp_path / "a.jsonl"
    file.write_text("")
    given = (str(file), "--judge", "j") if command == "compare" else ()
    done = run(command, *given, "--out", str(file / "report"))
    assert done.exit_code == 2, done.output
    assert "is no folder" in done.stderr


@pytest.mark.parametrize(
    ("command", "name", "form"),
    [
        ("report", "r.html", "html"),
        ("report", "r.PNG", "png"),
        ("report", "r", "md"),
        ("report --format csv", "r.html", "csv"),
        ("report --format csv", "r.txt", "csv"),
        ("report --json", "r.txt", "json"),
        ("leaderboard", "b.html", "html"),
        ("leaderboard", "b.csv", "csv"),
        ("leaderboard", "b", "md"),
        ("leaderboard --format md", "b.html", "md"),
    ],
)
def test_a_file_says_its_format_by_its_name_unless_told_otherwise(served, tmp_path: Path, command, name, form):
    done = run(*command.split(), JOB_ID, "--out", str(tmp_path / name))
    assert done.exit_code == 0, done.output
    assert served.formats == [form]
    assert (tmp_path / name).read_text() == form


@pytest.mark.parametrize(("command", "known"), [("report", ".parquet"), ("leaderboard", ".html")])
def test_a_name_that_says_no_format_is_wrong_usage(served, tmp_path: Path, command, known):
    done = run(command, JOB_ID, "--out", str(tmp_path / "r.docx"))
    assert done.exit_code == 2, done.output
    assert known in done.stderr
    assert served.formats == []
