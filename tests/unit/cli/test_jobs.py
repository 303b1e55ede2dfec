"""`report` and `delete` on the command line: shares as people write them, judges by name, nothing deleted unasked."""

from __future__ import annotations

from contextlib import contextmanager
from types import SimpleNamespace

import pytest
from pydantic import ValidationError
from typer.testing import CliRunner

from app.cli import app, jobs, leaderboard
from app.wire.reports import ParametersIn
from tests.unit.cli.a_job import JOB_ID


class Served:
    """A server that keeps what it was asked for."""

    def __init__(self) -> None:
        self.asked: dict[str, object] = {}
        self.deleted: list[str] = []

    def report(self, _job: str, _form: str, **asked: object) -> bytes:
        self.asked = asked
        return b"{}"

    leaderboard = report

    def delete_job(self, job: str) -> None:
        self.deleted.append(job)


@pytest.fixture
def served(monkeypatch) -> Served:
    made = Served()
    for module in (jobs, leaderboard):
        monkeypatch.setattr(module, "connected", contextmanager(lambda: (yield made)))
    return made


def run(*arguments: str, given: str = ""):
    return CliRunner().invoke(app, arguments, input=given, env={"COLUMNS": "200"}, prog_name="tracejudge")


@pytest.mark.parametrize("command", ["report", "leaderboard"])
@pytest.mark.parametrize("level", ["90%", "90 %", "0.9"])
def test_a_level_is_a_percentage_or_a_fraction(served, command, level):
    done = run(command, JOB_ID, "--level", level, "--format", "json")
    assert done.exit_code == 0, done.output
    assert served.asked == {"level": 0.9}


def test_a_margin_is_a_percentage_or_a_fraction(served):
    assert run("report", JOB_ID, "--margin", "5%").exit_code == 0
    assert served.asked == {"margin": 0.05}


@pytest.mark.parametrize(
    ("name", "given"),
    [
        *(("level", given) for given in ("0.5", "0.51", "0.99", "1", "95", "0", "-1", "nan", "inf")),
        *(("margin", given) for given in ("0", "0.01", "0.49", "0.5", "0.6", "-0.1", "nan")),
        *(("seed", given) for given in ("0", str(2**63 - 1), str(2**63), "-1")),
    ],
)
def test_the_command_refuses_exactly_what_the_server_refuses(served, name, given):
    try:
        ParametersIn.model_validate({name: given})
        expected = 0
    except ValidationError:
        expected = 2
    for command in ("report", "leaderboard") if name != "margin" else ("report",):
        assert run(command, JOB_ID, f"--{name}", given, "--format", "json").exit_code == expected
    assert bool(served.asked) == (expected == 0)


@pytest.mark.parametrize("given", ["5%%", "5%x", "many", ""])
def test_what_is_no_share_is_told_with_an_example(served, given):
    done = run("report", JOB_ID, "--margin", given)
    assert done.exit_code == 2
    assert "5% or 0.05" in done.stderr


@pytest.mark.parametrize(
    ("given", "judges"),
    [
        (("a,b",), ["a", "b"]),
        (("a", "b"), ["a", "b"]),
        (('"a, b",c',), ["a, b", "c"]),
        (('"a,b"', "c, d"), ["a,b", "c", "d"]),
    ],
)
def test_judges_are_named_in_lists_one_by_one_and_with_commas_in_their_names(served, given, judges):
    done = run("report", JOB_ID, *(part for text in given for part in ("--judges", text)))
    assert done.exit_code == 0, done.output
    assert served.asked == {"judges": judges}


def test_an_open_quote_is_wrong_usage(served):
    assert run("report", JOB_ID, "--judges", '"a,b').exit_code == 2
    assert served.asked == {}


@pytest.mark.parametrize("given", ["", "n\n", "y\n"])
def test_nothing_is_deleted_where_nobody_can_be_asked(served, given):
    done = run("delete", JOB_ID, given=given)
    assert done.exit_code == 2
    assert "--yes" in done.stderr
    assert served.deleted == []
    assert run("delete", JOB_ID, "--yes").exit_code == 0
    assert served.deleted == [JOB_ID]


@pytest.mark.parametrize(("answer", "status", "gone"), [(True, 0, [JOB_ID]), (False, 1, [])])
def test_a_person_is_asked(served, monkeypatch, answer, status, gone):
    def confirm(_question: str, **_: object) -> None:
        if not answer:
            raise jobs.typer.Abort

    monkeypatch.setattr(jobs, "sys", SimpleNamespace(stdin=SimpleNamespace(isatty=lambda: True)))
    monkeypatch.setattr(jobs.typer, "confirm", confirm)
    assert run("delete", JOB_ID).exit_code == status
    assert served.deleted == gone
