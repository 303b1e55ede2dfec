"""The published schema: what builds fits it, and what is broken does not."""

from __future__ import annotations

import copy
import json
from dataclasses import fields

import pytest
from jsonschema import Draft202012Validator

from app.reports import FORMATS
from app.reports.build import build
from app.reports.report import Results
from app.reports.schema import NAME, report_schema
from docs.example_report import example
from tests.unit.reports.a_report import a_hostile_report, a_report
from tests.unit.reports.a_sheet import a_sheet, picks_of

SCHEMA = report_schema()
VALIDATOR = Draft202012Validator(SCHEMA)


def written(report):
    return json.loads(FORMATS["json"].render(report))


@pytest.fixture(scope="module")
def real():
    return written(example())


def test_the_schema_is_one():
    Draft202012Validator.check_schema(SCHEMA)
    assert set(SCHEMA["$defs"]["Results"]["properties"]) == {field.name for field in fields(Results)}
    assert SCHEMA["properties"]["envelope"]["properties"]["schema"] == {"const": NAME}


def test_a_built_report_fits(real):
    assert list(VALIDATOR.iter_errors(real)) == []


@pytest.mark.parametrize("report", [a_report(), a_hostile_report(), a_report(headline=None, fit=None)])
def test_reports_of_every_kind_fit(report):
    assert list(VALIDATOR.iter_errors(written(report))) == []


@pytest.mark.parametrize("meaning", ["TT--", "-", "FFFF"])
def test_reports_without_a_winner_fit(meaning):
    assert list(VALIDATOR.iter_errors(written(build(a_sheet(picks_of(meaning)))))) == []


@pytest.mark.parametrize(("path", "value"), [
    (("results", "headline", "win_rate", "estimate"), "0.7"),
    (("results", "headline", "win_rate", "wins"), 1.5),
    (("results", "headline", "win_rate", "bounds"), [0.1]),
    (("results", "axes", 0, "assessed"), None),
    (("results", "models", 0, "strength"), None),
    (("results", "warnings"), [1]),
    (("envelope", "schema"), "tracejudge-report/0"),
])  # fmt: skip
def test_what_is_broken_does_not_fit(real, path, value):
    broken = copy.deepcopy(real)
    *above, last = path
    place = broken
    for step in above:
        place = place[step]
    place[last] = value
    errors = [tuple(error.absolute_path) for error in VALIDATOR.iter_errors(broken)]
    assert errors
    assert all(error[: len(above)] == tuple(above)[: len(error)] for error in errors)


def test_what_is_left_out_does_not_fit(real):
    for name in (field.name for field in fields(Results)):
        less = real | {"results": {key: value for key, value in real["results"].items() if key != name}}
        assert not VALIDATOR.is_valid(less)
