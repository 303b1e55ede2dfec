"""No sheet, however odd, makes a report that errs: every sheet of `degenerate_sheets` under every parameter."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest

from app.domain.errors import Invalid
from app.domain.verdict import PolicyName
from app.reports import FORMATS
from app.reports.build import build
from app.reports.sheet import Parameters, Sheet
from tests.unit.reports.a_report import a_report
from tests.unit.reports.degenerate_sheets import SHEETS
from tests.unit.reports.soundness import faults, survives_json

# Every value of every parameter is in one of these at least, so that each of them meets each sheet.
ASKED: dict[str, dict[str, Any]] = {
    "nothing": {},
    "half of one judge": {"policy": "half", "judges": 0, "level": 1 - 1e-16, "margin": 0.4999, "ties": "davidson"},
    "drop": {"policy": "drop", "interval": "bootstrap", "level": 0.5001, "correction": "bh", "anchor": -1},
    "average": {
        "policy": "average", "level": 0.9999999, "margin": 0.0001, "slice_by": "?",
        "ties": "davidson", "order_effect": True, "anchor": -1,
    },
    "single": {
        "policy": "single", "interval": "model", "control": "length", "order_effect": True, "seed": 2**63 - 1
    },
    "debias": {"policy": "debias", "margin": 0.1, "level": 0.5001, "control": "length"},
    "debias_soft": {"policy": "debias_soft", "control": "length", "level": 0.5001},
    "debias_soft, bootstrap": {"policy": "debias_soft", "interval": "bootstrap"},
}  # fmt: skip
DRAWN = ("html", "svg", "png")  # slow to draw: a few sheets will do
PICTURED = ("no pairs", "all pending", "labels by three")


def parameters(sheet: Sheet, asked: dict[str, Any]) -> Parameters:
    """Names of judges and models are those of the sheet, by place."""
    named = dict(asked)
    if "judges" in named:
        named["judges"] = (sheet.judges[named["judges"]].name,)
    if "anchor" in named:
        named["anchor"] = sheet.models[named["anchor"]] if sheet.models else None
    return Parameters(**named)


@pytest.mark.parametrize("name", SHEETS)
def test_a_report_is_sound_or_names_the_parameter_that_does_not_fit(name):
    sheet = SHEETS[name]()
    wrong = {}
    for what, asked in ASKED.items():
        try:
            report = build(sheet, parameters(sheet, asked))
        except Invalid as error:
            debiased = asked.get("policy", "").startswith("debias")
            wrong[what] = [] if debiased and [p.field for p in error.problems] == ["policy"] else [error.detail]
        else:
            wrong[what] = faults(report)
        if what == "nothing":
            assert survives_json(report)
    assert {what: found for what, found in wrong.items() if found} == {}


def test_every_parameter_meets_every_sheet():
    """The table above forgets none of them, and no policy."""
    assert {name for asked in ASKED.values() for name in asked} == set(Parameters.__dataclass_fields__)
    assert {asked["policy"] for asked in ASKED.values() if "policy" in asked} == set(PolicyName)


@pytest.mark.parametrize("name", SHEETS)
def test_every_format_renders(name):
    report = build(SHEETS[name](), Parameters(control="length", margin=0.1))
    told = replace(report, envelope=a_report().envelope)
    for format_name, entry in FORMATS.items():
        if format_name not in DRAWN or name in PICTURED:
            found = entry.render(told)
            assert found
            assert not isinstance(found, str) or not re.search(r"(?i)\b(nan|inf|infinity)\b", found), format_name
