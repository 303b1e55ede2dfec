"""`plan` on the command line: percent or fraction, a table or JSON, no server needed, bad numbers are status 2."""

from __future__ import annotations

import json
from contextlib import contextmanager

import pytest
from typer.testing import CliRunner

from app.cli import app, plan
from app.wire.plan import PlanOut, PlanQuery


def run(*arguments: str):
    return CliRunner().invoke(app, ["plan", *arguments], env={"COLUMNS": "200"}, prog_name="tracejudge")


def test_percent_and_fraction_are_the_same():
    percent = run("--half-width", "2%", "--ties", "10 %", "--effect", "5%", "--json")
    fraction = run("--half-width", "0.02", "--ties", "0.1", "--effect", "0.05", "--json")
    assert percent.exit_code == 0, percent.output
    assert json.loads(percent.stdout) == json.loads(fraction.stdout)
    assert [one["rate"] for one in json.loads(percent.stdout)["plans"]] == [0.5, 0.55]


def test_a_table_shows_what_it_takes_and_what_is_assumed():
    shown = run("--half-width", "2%", "--cluster-size", "3", "--icc", "0.2", "--axes", "4", "--axes-per-call", "2",
                "--tokens-per-call", "3500/300", "--tokens-per-second", "8000", "--gpus", "2")  # fmt: skip
    assert shown.exit_code == 0, shown.output
    for words in ("(1) 95 % interval of ± 2.0 % around 50.0 %", "Pairs", "Judge calls", "GPU time", "3,500 / 300",
                  "3, all alike", "given", "default"):  # fmt: skip
        assert words in shown.stdout
    assert "GPU time" not in run("--half-width", "2%").stdout


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ((), "--half-width"),
        (("--half-width", "2"), "--half-width"),
        (("--half-width", "two%"), "--half-width"),
        (("--half-width", "nan"), "--half-width"),
        (("--half-width", "2%", "--ties", "-1%"), "--ties"),
        (("--half-width", "2%", "--tokens-per-call", "many"), "--tokens-per-call"),
        (("--half-width", "2%", "--tokens-per-second", "100"), "--tokens-per-call"),
        (("--half-width", "2%", "--orders", "3"), "--orders"),
        (("--half-width", "2%", "--judges", "0"), "--judges"),
        (("--half-width", "2%", "--pilot", "no-id"), "--pilot"),
        (("--effect", "50%"), "--effect"),
        (("--effect", "5%", "--level", "1"), "--level"),
    ],
)
def test_bad_numbers_are_wrong_usage(arguments, named):
    shown = run(*arguments)
    assert shown.exit_code == 2, shown.output
    assert named in shown.stderr
    assert shown.stdout == ""


def test_with_a_pilot_the_server_is_asked(monkeypatch):
    asked = {}

    class Served:
        def plan(self, **given: object) -> PlanOut:
            asked.update(given)
            return PlanOut.model_validate(PlanOut.model_config["json_schema_extra"]["example"])

    monkeypatch.setattr(plan, "connected", contextmanager(lambda: (yield Served())))
    job = "0198c0de-7a11-7000-8000-00000000c0de"
    shown = run("--half-width", "2%", "--pilot", job)
    assert shown.exit_code == 0, shown.output
    assert asked == {"half_width": "2%", "pilot": job}
    PlanQuery.model_validate(asked)
