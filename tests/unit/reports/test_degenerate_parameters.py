"""Parameters out of range are refused by name, at the edge and in the domain; a job without pairs has a report."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

from app.api.errors import status_of
from app.domain.errors import Invalid
from app.reports.build import build
from app.reports.sheet import Parameters
from app.stats import human_agreement
from app.wire.problems import problems_of
from app.wire.reports import ParametersIn, ReportQuery
from tests.unit.reports.a_sheet import a_judge, a_sheet, check_of, picks_of, results_of
from tests.unit.reports.degenerate_sheets import SHEETS, labels_of, lengths, soft

UNPROCESSABLE = 422
REFUSED = [
    ("policy", "coin"),
    ("ties", "rao"),
    ("order_effect", "perhaps"),
    ("anchor", ""),
    ("level", 0.5),
    ("level", 1),
    ("level", 0.0001),
    ("level", math.nan),
    ("level", math.inf),
    ("interval", "wald"),
    ("slice_by", ""),
    ("slice_by", "a\x00b"),
    ("judges", [""]),
    ("control", "style"),
    ("margin", 0),
    ("margin", 0.5),
    ("margin", -0.1),
    ("margin", math.nan),
    ("correction", "none"),
    ("seed", -1),
    ("seed", 2**63),
    ("seed", 0.5),
    ("format", "xlsx"),
    ("colour", "red"),
]
UNFIT = [
    ("policy", "coin"),
    ("policy", "debias"),
    ("ties", "rao"),
    ("anchor", "nobody"),
    ("level", 0.5),
    ("level", 0.0001),
    ("level", 1.0),
    ("level", math.nan),
    ("interval", "wald"),
    ("judges", ("nobody",)),
    ("judges", ()),
    ("control", "style"),
    ("margin", 0.0),
    ("margin", 0.5),
    ("margin", math.nan),
    ("correction", "none"),
    ("seed", -1),
]


@pytest.mark.parametrize(("field", "value"), REFUSED)
def test_the_edge_names_the_parameter_it_refuses(field, value):
    with pytest.raises(ValidationError) as caught:
        ReportQuery.model_validate({field: value})
    problems = problems_of(caught.value.errors())
    assert {problem.field.split(".")[0] for problem in problems} == {field}
    assert all(problem.reason for problem in problems)


@pytest.mark.parametrize(("field", "value"), UNFIT)
def test_a_report_names_the_parameter_that_does_not_fit(field, value):
    with pytest.raises(Invalid) as caught:
        results_of(a_sheet(picks_of("AB")), **{field: value})
    assert [problem.field for problem in caught.value.problems] == [field]
    assert status_of(caught.value) == UNPROCESSABLE


def test_all_that_does_not_fit_is_told_at_once():
    with pytest.raises(Invalid) as caught:
        results_of(a_sheet(picks_of("AB")), level=2.0, margin=1.0, seed=-1)
    assert {problem.field for problem in caught.value.problems} == {"level", "margin", "seed"}


@pytest.mark.parametrize("level", [0.5001, 0.9999999])
def test_the_edge_and_the_report_agree_on_levels(level):
    asked = ParametersIn.model_validate({"level": level}).to_domain()
    assert build(a_sheet(picks_of("AB")), asked).results.headline.win_rate.level == level


@pytest.mark.parametrize("name", ["no pairs", "no pairs, no models", "no pairs, a panel"])
def test_a_job_without_pairs_has_a_report_without_numbers(name):
    asked: dict[str, Any] = {"control": "length", "margin": 0.1, "interval": "bootstrap"}
    results = build(SHEETS[name](), Parameters(**asked)).results
    assert (results.headline, results.equivalence, results.agreement) == (None, None, None)
    lines = (results.policies, results.axes, results.slices, results.strata, results.models, results.position)
    assert not any(lines)
    more = (results.judges, results.length, results.calibrated, results.sequences, results.differences)
    assert not any(more)
    assert results.losses.units == 0


def test_a_few_pairs_tell_nothing_about_a_judge():
    """An interval of nearly everything holds 50 %, which is no good sign, and leaves it in, which is no bad one."""
    few = results_of(a_sheet(picks_of("FA")))
    for name in ("position", "orders"):
        check = check_of(few, name)
        assert check["ok"] is None
        assert check["text"].endswith("too few to tell")
    assert check_of(results_of(a_sheet(picks_of("AB" * 20))), "position")["ok"] is True


def test_a_length_that_is_not_known_is_told():
    told = "not controlled for length: the length of a trace is not known"
    some = SHEETS["lengths unknown for some"]()
    assert told in results_of(some, control="length").warnings
    assert told not in results_of(some).warnings
    assert told not in results_of(lengths(100, 90), control="length").warnings


def test_soft_labels_are_left_out_of_a_calibration_and_counted():
    labels = labels_of([1.0, 0.0] * 30 + [0.7, np.nan])
    (line,) = results_of(soft([[2.0, -1.0], [-2.0, 1.0]] * 31, labels={"overall": labels})).calibration
    assert line.labels == 60
    assert line.note.startswith("1 labels between win, tie and loss are left out")


def test_labels_too_many_to_compare_cost_the_ceiling_only(monkeypatch):
    monkeypatch.setattr(human_agreement, "COUPLES", 2)
    labels = labels_of([1.0] * 4, pair=[0] * 4, labeller=range(4))
    sheet = a_sheet(picks_of("AB"), labels={"overall": labels}, labellers=tuple("abcd"))
    found = {line.kind: line for line in results_of(sheet).agreement.lines}
    assert found["human_human"].with_ties == {"estimate": None, "low": None, "high": None, "n": 0}
    assert "too many to compare" in found["human_human"].note
    assert found["judge_human"].with_ties["n"] == 4


def test_a_bootstrap_of_scores_that_differ_by_rounding_has_a_width():
    """1 - 1/3 is not 2/3 to the last bit: a pair submitted the other way round must not pass for variation."""
    results = results_of(SHEETS["finished, one third turned"](), interval="bootstrap")
    rate = results.headline.win_rate
    assert rate.se is None
    assert rate.high - rate.low > 0.1
    assert "do not vary" in rate.warnings[-1]


def test_a_judge_sure_of_everything_is_no_surer_than_its_pairs_are_many():
    sure = soft([[30.0 + n, -30.0 - n] for n in range(24)], judges=(a_judge("odds", method="logprobs"),))
    rate = results_of(sure, policy="debias_soft").headline.win_rate
    assert rate.low == pytest.approx(results_of(a_sheet(picks_of("A" * 24))).headline.win_rate.low)
