"""Where the server is found, and how its refusals become the domain's errors."""

from __future__ import annotations

import os
import time

import pytest

from app.cli.connection import Server, connected, find_server, refusal
from app.domain.errors import Conflict, Invalid, NotComparable, TraceJudgeError, Unauthenticated, Unavailable
from app.embedded.home import Home, Run, Running
from app.settings import Settings
from app.wire.problems import TYPE_PREFIX, ProblemDocument, ProblemLine


@pytest.fixture(autouse=True)
def clean(monkeypatch, tmp_path):
    for name in ("URL", "API_KEY"):
        monkeypatch.delenv(f"TRACEJUDGE_{name}", raising=False)
    monkeypatch.setenv("TRACEJUDGE_HOME", str(tmp_path))


def run_of(**changes) -> Run:
    ourselves = Running("supervisor", os.getpid(), time.time(), "", "")
    return Run(**{"version": "1", "ready": True, "supervisor": ourselves, **changes})


def test_the_settings_win(monkeypatch):
    monkeypatch.setenv("TRACEJUDGE_URL", "https://judge.example/")
    monkeypatch.setenv("TRACEJUDGE_API_KEY", "tj_1")
    assert find_server(Settings()) == Server("https://judge.example", "tj_1")


def test_an_address_without_a_key_is_an_error_that_names_the_variable(monkeypatch):
    monkeypatch.setenv("TRACEJUDGE_URL", "https://judge.example")
    with pytest.raises(Unauthenticated, match="TRACEJUDGE_API_KEY"):
        find_server(Settings())


def test_else_it_is_what_runs_in_the_home_directory(tmp_path):
    home = Home(tmp_path)
    with home.locked():
        home.write_run(run_of(api_url="http://127.0.0.1:1", api_key="tj_2"))
        assert find_server(Settings()) == Server("http://127.0.0.1:1", "tj_2")
        home.write_run(run_of(database_url="postgresql://only"))
        assert find_server(Settings()) is None


def test_a_record_left_by_a_stack_that_died_is_not_believed(tmp_path):
    Home(tmp_path).write_run(run_of(api_url="http://127.0.0.1:1", api_key="tj_2"))
    assert find_server(Settings()) is None


def test_without_a_server_the_error_says_how_to_get_one():
    with pytest.raises(Unavailable, match="tracejudge up -d"), connected():
        pass


@pytest.mark.parametrize("kind", [Invalid, Conflict, NotComparable])
def test_a_problem_document_becomes_the_error_it_was_made_of(kind):
    document = ProblemDocument(
        type=TYPE_PREFIX + kind.slug,
        title=kind.title,
        status=400,
        detail="so it is",
        request_id="r1",
        problems=[ProblemLine(reason="is missing", field="item.id", line=3)],
        problem_count=7,
    )
    error = refusal(document)
    assert type(error) is kind
    assert (error.detail, error.problem_count) == ("so it is", 7)
    assert (error.problems[0].line, error.problems[0].field, error.problems[0].reason) == (3, "item.id", "is missing")


def test_an_unknown_problem_keeps_its_title_and_request():
    document = ProblemDocument(
        type=TYPE_PREFIX + "internal-server-error", title="Oh", status=500, detail="a defect", request_id="r9"
    )
    error = refusal(document)
    assert type(error) is TraceJudgeError
    assert error.detail == "Oh: a defect (request r9)"
