"""`leaderboard` on the command line: a table for people, files and JSON for machines."""

from __future__ import annotations

import json
from contextlib import contextmanager

import pytest
from typer.testing import CliRunner

from app.cli import app, leaderboard
from app.reports.board_formats import BOARD_FORMATS
from tests.unit.reports.test_board_formats import a_board


class Served:
    def __init__(self) -> None:
        self.asked: dict = {}

    def leaderboard(self, jobs, form="json", **parameters) -> bytes:
        self.asked = {"jobs": jobs, "form": form, **parameters}
        content = BOARD_FORMATS[form].render(a_board())
        return content if isinstance(content, bytes) else content.encode()


@pytest.fixture
def served(monkeypatch) -> Served:
    made = Served()
    monkeypatch.setattr(leaderboard, "connected", contextmanager(lambda: (yield made)))
    return made


def run(*arguments: str):
    done = CliRunner().invoke(app, ["leaderboard", *arguments], env={"COLUMNS": "200"}, prog_name="tracejudge")
    assert done.exit_code == 0, done.output
    return done


def test_people_get_tables_with_intervals_and_warnings(served):
    shown = run("one", "two", "--allow-mixed", "--anchor", "small").stdout
    results = a_board().results
    assert results.text in shown.replace("\n", " ")
    for line in results.models:
        assert line.model in shown
        assert f"{line.elo:,.0f}" in shown
    assert "95 % CI" in shown
    assert "over middle" in shown
    assert "Do the strata share the strengths? p = " in shown
    assert "Warning: the jobs do not measure the same" in shown
    assert served.asked == {"jobs": ["one", "two"], "form": "json", "allow_mixed": True, "anchor": "small"}


def test_machines_get_what_the_server_sends(served, tmp_path):
    assert json.loads(run("one", "--json").stdout)["results"]["models"]
    assert run("one", "--format", "csv").stdout.startswith("scope,model")
    file = tmp_path / "board.md"
    done = run("one", "--out", str(file))
    assert file.read_text().startswith("# Leaderboard")
    assert done.stdout == ""
