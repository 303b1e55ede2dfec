"""Conditions on a report: read, looked up, decided; what cannot be read names what there is."""

from __future__ import annotations

import json
from contextlib import contextmanager

import pytest
from typer.testing import CliRunner

from app.cli import app, jobs
from app.cli.fail_if import Unreadable, look_up, read

RATE = {"estimate": 0.78, "low": 0.71, "high": 0.84, "n_pairs": 120}
RESULTS = {
    "headline": {"axis": "overall", "win_rate": RATE, "preference_rate": RATE | {"low": None}, "text": "x"},
    "axes": [
        {"model_a": "tuned", "model_b": "base", "axis": "overall", "win_rate": RATE, "text": "t"},
        {"model_a": "tuned", "model_b": "base", "axis": "rationale", "win_rate": RATE | {"low": 0.44}, "text": "t"},
        {"model_a": "tuned", "model_b": "other", "axis": "rationale", "win_rate": RATE | {"low": 0.3}, "text": "t"},
    ],
    "slices": [{"axis": "overall", "slice": {"tag": "modality", "value": "CT scan"}, "win_rate": RATE | {"low": 0.4}}],
    "position": [{"judge": "stub", "axis": "overall", "bias": -0.125}],
    "losses": {"missing_pairs": {"lost": 3, "pending": 0}, "lost": [{"reason": "refusal", "units": 2, "share": 0.01}]},
    "equivalence": None,
    "fit": {"components": [["a", "b"]]},
    "judges": [],
}


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("win_rate.low", 0.71),
        ("headline.win_rate.n_pairs", 120),
        ("preference_rate.low", None),
        ("axes[0].win_rate.estimate", 0.78),
        ("axes[rationale][other].win_rate.low", 0.3),
        ("axes[base][rationale].win_rate.low", 0.44),
        ("slices[CT scan].win_rate.low", 0.4),
        ("position[0].bias", -0.125),
        ("position[stub].bias", -0.125),
        ("losses.missing_pairs.lost", 3),
        ("losses.missing_pairs[pending]", 0),
        ("losses.lost[refusal].share", 0.01),
        ("equivalence.p_equivalence", None),
    ],
)
def test_paths_lead_into_the_headline_first_and_then_into_the_results(path, value):
    assert look_up(RESULTS, path) == value


@pytest.mark.parametrize(
    ("text", "fails"),
    [
        ("win_rate.low < 0.5", False),
        ("win_rate.low<71.5%", True),
        ("win_rate.low <= 71 %", True),
        ("win_rate.n_pairs == 120", True),
        ("win_rate.n_pairs != 120", False),
        ("position[0].bias >= -1.25e-1", True),
        ("position[0].bias > -.125", False),
        ("win_rate.low < 0.5 or losses.missing_pairs.lost > 2", True),
        ("win_rate.low < 0.5 and losses.missing_pairs.lost > 2", False),
        ("win_rate.low < 1 or win_rate.low < 0.5 and losses.missing_pairs.lost > 9", True),  # `and` binds closer
        ("win_rate.low < 0.5 and losses.missing_pairs.lost > 9 or win_rate.low < 1", True),
        ("preference_rate.low < 0.5", True),  # no value: fails
        ("equivalence.p_equivalence < 0.05 and win_rate.low < 0.5", False),
    ],
)
def test_a_condition_decides(text, fails):
    assert (read(text).fails(RESULTS) is not None) is fails


def test_the_sentence_says_what_was_found():
    assert read("win_rate.low < 0.75 and win_rate.n_pairs>9").fails(RESULTS) == (
        "win_rate.low is 0.71, win_rate.n_pairs is 120: --fail-if 'win_rate.low < 0.75 and win_rate.n_pairs>9'"
    )
    assert "has no value" in str(read("preference_rate.low < 0.5").fails(RESULTS))


@pytest.mark.parametrize(
    "text", ["", "win_rate.low", "win_rate.low <", "< 0.5", "win_rate.low < x", "a < 1 b < 2", "a < 1 and", "a. < 1",
             "a[] < 1", "a < 1 or or b < 2", "a =< 1", "a < 1;", "a < nan", "__import__('os') < 1"],
)  # fmt: skip
def test_what_cannot_be_read_is_refused_with_the_form(text):
    with pytest.raises(Unreadable, match="the form is PATH OP NUMBER"):
        read(text)


@pytest.mark.parametrize(
    ("path", "told"),
    [
        ("win_rat.low", "win_rate"),
        ("win_rate.lower", "low"),
        ("headline.win_rate.lo", "low"),
        ("axes[rational].win_rate.low", "rationale"),
        ("axes[rationale].win_rate.low", "add one of"),
        ("axes.win_rate", "pick one: "),
        ("axes[9].win_rate", "has 3 entries"),
        ("judges.win_rate", "there is none"),
        ("win_rate[0]", "estimate"),
        ("losses.missing_pairs[lots]", "lost"),
        ("win_rate.low.much", "there is no 'much' in win_rate.low"),
        ("win_rate.low[0]", "is no list"),
        ("text", "is no number"),
        ("win_rate", "is no number; there is"),
        ("axes[rationale]", "is no number"),
    ],
)
def test_unknown_names_offer_the_nearest(path, told):
    with pytest.raises(Unreadable) as caught:
        read(f"{path} < 1").fails(RESULTS)
    assert told in str(caught.value)


def test_a_wrong_name_is_found_whatever_the_rest_decides():
    with pytest.raises(Unreadable, match="nothing"):
        read("win_rate.low < 1 or nothing < 1").fails(RESULTS)


def test_without_a_headline_there_is_no_value_so_it_fails():
    assert "has no value" in str(read("win_rate.low < 0.1").fails(RESULTS | {"headline": None}))
    assert read("losses.missing_pairs.lost > 9").fails(RESULTS | {"headline": None}) is None


class Served:
    def report(self, _job: str, form: str = "json", **_more: object) -> bytes:
        return json.dumps({"envelope": {}, "results": RESULTS}).encode() if form == "json" else b"# report\n"


@pytest.mark.parametrize("form", ["json", "md"])
@pytest.mark.parametrize(
    ("conditions", "status", "told"),
    [
        (["win_rate.low < 0.5"], 0, ""),
        (["win_rate.low < 0.5", "losses.missing_pairs.lost > 2"], 1, "Failed: losses.missing_pairs.lost is 3"),
        (["win_rate.lo < 0.5"], 2, "low"),
        (["win_rate.low"], 2, "PATH OP NUMBER"),
    ],
)
def test_the_status_of_the_command_says_it_and_standard_output_stays_clean(monkeypatch, form, conditions, status, told):
    monkeypatch.setattr(jobs, "connected", contextmanager(lambda: (yield Served())))
    given = [word for condition in conditions for word in ("--fail-if", condition)]
    done = CliRunner().invoke(app, ["report", "some-job", "--format", form, *given], env={"COLUMNS": "200"})
    assert done.exit_code == status, done.output
    assert told in done.stderr
    if "PATH" in told:
        assert done.stdout == ""
    elif form == "json":
        assert json.loads(done.stdout)["results"] == RESULTS
    else:
        assert done.stdout == "# report\n"
