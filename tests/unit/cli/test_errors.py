"""Errors are one readable block on standard error."""

from __future__ import annotations

import pytest

import app.cli
from app.cli.errors import REMEDIES, tell, tell_defect
from app.domain.errors import Conflict, Invalid, NotComparable, NotFound, Problem, TraceJudgeError, Unauthenticated


def test_title_detail_places_and_what_to_do(capsys):
    tell(Invalid("some pairs are not valid", (Problem("is missing", "item.id", 3), Problem("is not JSON", line=4))))
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.splitlines() == [
        "tracejudge: The request is not valid",
        "some pairs are not valid",
        "  line 3, item.id: is missing",
        "  line 4: is not JSON",
        REMEDIES[Invalid],
    ]


def test_only_ten_problems_are_listed_and_the_others_counted(capsys):
    tell(Invalid("bad", tuple(Problem("is bad", line=number) for number in range(100)), problem_count=1_234))
    lines = capsys.readouterr().err.splitlines()
    assert sum("is bad" in line for line in lines) == 10
    assert "  ... and 1,224 more" in lines


def test_a_kind_of_error_has_the_remedy_of_its_ancestor(capsys):
    tell(NotComparable("two groups"))
    assert REMEDIES[Invalid] in capsys.readouterr().err
    tell(Unauthenticated("no key"))
    assert "TRACEJUDGE_API_KEY" in capsys.readouterr().err
    tell(TraceJudgeError("hm"))
    assert capsys.readouterr().err.splitlines() == ["tracejudge: Something went wrong", "hm"]


@pytest.mark.parametrize(
    ("command", "error", "said", "unsaid"),
    [
        ("submit", Invalid("bad"), "nothing was judged", "--map"),
        ("report", Invalid("bad"), "run the command again.", "judged"),
        ("import", Invalid("bad"), "nothing was stored", "judged"),
        ("import", Invalid("bad", (Problem("is there twice", "item", 1),)), "line 1, item", "--map"),
        ("import", Invalid("bad", (Problem("unknown column", "site", 1),)), "--map", "judged"),
        ("submit", Invalid("bad", (Problem("unknown field", "site", 1),)), "unknown field", "--map"),
        ("report", NotFound("no"), "tracejudge imports", "reviews"),
        ("reviews", NotFound("no"), "tracejudge reviews list", "imports"),
        ("leaderboard", Conflict("they differ; allow_mixed fits them"), "; --allow-mixed fits", "allow_mixed"),
        ("leaderboard", Conflict("they differ"), "--allow-mixed", "status"),
        ("pause", Conflict("it is over"), "tracejudge status", "mixed"),
    ],
)
def test_what_to_do_fits_the_command(capsys, command, error, said, unsaid):
    tell(error, command)
    told = capsys.readouterr().err
    assert said in told
    assert unsaid not in told


def test_main_says_which_command_it_was(monkeypatch, capsys):
    def fail(**_: object) -> None:
        raise Conflict("they differ")

    monkeypatch.setattr(app.cli, "app", fail)
    monkeypatch.setattr("sys.argv", ["tracejudge", "leaderboard", "--json", "x"])
    with pytest.raises(SystemExit):
        app.cli.main()
    assert "--allow-mixed" in capsys.readouterr().err


def test_a_defect_is_told_without_a_traceback(capsys):
    tell_defect(ZeroDivisionError("division by zero"))
    told = capsys.readouterr().err
    assert "ZeroDivisionError: division by zero" in told
    assert "Traceback" not in told


@pytest.mark.parametrize(
    ("problem", "said"),
    [(Invalid("not so"), "not so"), (RuntimeError("boom"), "A defect of TraceJudge")],
)
def test_main_ends_with_status_1_for_every_error(monkeypatch, capsys, problem, said):
    def fail(**_: object) -> None:
        raise problem

    monkeypatch.setattr(app.cli, "app", fail)
    with pytest.raises(SystemExit) as caught:
        app.cli.main()
    assert caught.value.code == 1
    assert said in capsys.readouterr().err


def test_a_setting_that_cannot_be_is_named_by_its_variable(monkeypatch, capsys):
    monkeypatch.setenv("TRACEJUDGE_PORT", "many")
    monkeypatch.setattr("sys.argv", ["tracejudge", "status"])
    with pytest.raises(SystemExit) as caught:
        app.cli.main()
    told = capsys.readouterr().err
    assert caught.value.code == 1
    assert "TRACEJUDGE_PORT" in told
    assert "Traceback" not in told
