"""What a reader must not miss stands in every format that people read: caveats of the fit, and what was left out."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from app.reports import as_html, as_latex, as_markdown
from app.reports.build import build
from app.reports.report import Report
from app.reports.sheet import Labels, Parameters
from tests.unit.published.imported_report import csv_text, sheet_from

READ = {
    "md": lambda report: as_markdown.render(report).replace("\\", ""),
    "html": lambda report: html.unescape(as_html.render(report)),
    "tex": lambda report: as_latex.render(report).replace("\\", ""),
}
each_format = pytest.mark.parametrize("read", READ.values(), ids=READ)
Reader = Callable[[Report], str]


def report_of(header: str, rows: list[tuple], **asked) -> Report:
    return build(sheet_from(csv_text(header, rows)), Parameters(**asked))


@each_format
def test_models_that_never_met_are_named(read: Reader):
    rows = [("a", "b", "A"), ("b", "a", "A"), ("c", "d", "A"), ("d", "c", "A")]
    assert "never met in a decided pair: a, b; c, d" in read(report_of("model_a model_b winner", rows))


@each_format
def test_a_fit_says_what_it_is(read: Reader):
    rows = [("a", "b", "A", "AB"), ("a", "b", "B", "AB"), ("b", "a", "A", "AB"), ("a", "b", "tie", "AB")] * 10
    asked = {"order_effect": True, "ties": "davidson", "interval": "model"}
    text = read(report_of("model_a model_b winner order", rows, **asked))
    for told in ("inverse Fisher information", "not comparable with half-win strengths", "order effect", "deviance"):
        assert told in text, told


@each_format
def test_a_penalised_fit_says_so(read: Reader):
    text = read(report_of("model_a model_b winner", [("a", "b", "A")] * 9))
    assert "penalised by half a win" in text
    assert "not assessed" in text


@pytest.mark.parametrize("read", [READ["md"], READ["html"]], ids=["md", "html"])
def test_what_people_left_undecided_is_bounded(read: Reader):
    sheet = sheet_from(csv_text("model_a model_b winner", [("x", "y", "A"), ("x", "y", "B")] * 60))
    score = np.array([1.0, 0.0] * 50)
    score[:30] = np.nan
    labels = Labels(np.arange(100), np.zeros(100, int), score, np.ones(100, bool), np.full(100, np.nan))
    text = read(build(replace(sheet, labels={"overall": labels}, labellers=("ann",)), Parameters()))
    assert "people could not decide 30 of the pairs" in text
    assert "35.0–65.0 % had all of them gone to one side or the other" in text


def test_headings_of_markdown_hold_no_live_words():
    evil = ("<img src=x>", "[click](javascript:alert(1))\n# more")
    rows = [(f"q{item}", *evil, "A", order) for item in range(4) for order in ("AB", "BA")]
    text = as_markdown.render(report_of("item model_a model_b winner order", rows))
    headings = [line.lstrip("# ") for line in text.splitlines() if line.startswith("#")]
    assert any("click" in line for line in headings)
    assert not [line for line in headings if re.search(r"<|(?<!\\)\]\(|(?<!\\)#", line)]


def test_parameters_are_told():
    text = READ["md"](report_of("model_a model_b winner", [("x", "y", "A"), ("x", "y", "B")] * 9, anchor="y", seed=7))
    assert "anchor: y" in text
    assert "seed: 7" in text
