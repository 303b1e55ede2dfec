"""Charts drawn beside this process are those drawn in it, also when the other process is lost."""

from __future__ import annotations

import os

import pytest

from app.reports import as_html, charts, vega
from app.services.drawing import Easel
from tests.unit.reports.a_report import a_line, a_rate, a_report

SPEC = charts.forest([("tuned, „so“ — ±\u2028", a_rate())], of="base")


@pytest.fixture(scope="module")
def easel():
    made = Easel()
    yield made
    made.close()


def test_a_chart_is_the_same_on_either_side(easel, monkeypatch):
    here = vega.svg(SPEC)
    monkeypatch.setattr(vega, "svg", lambda _: pytest.fail("it was drawn here"))
    assert easel.draw(SPEC) == here


def test_a_report_is_the_same_on_either_side(easel):
    report = a_report(headline=a_line("overall"))
    assert as_html.render(report, easel.draw) == as_html.render(report)


def test_a_lost_process_is_replaced(easel):
    here = easel.draw(SPEC)
    lost = easel._child
    lost.kill()
    lost.wait()
    assert easel.draw(SPEC) == here
    assert easel._child is not lost


def test_what_ends_the_other_process_twice_is_not_drawn_here(easel, monkeypatch):
    monkeypatch.setattr(vega, "svg", lambda _: pytest.fail("it was drawn here"))
    with monkeypatch.context() as deaf:
        deaf.setattr("app.services.drawing.SCRIPT", os.devnull)  # a process that ends at once
        easel._end()
        with pytest.raises(RuntimeError, match="twice"):
            easel.draw(SPEC)
    assert easel.draw(SPEC).startswith("<svg")


def test_what_is_no_chart_says_why(easel):
    with pytest.raises(ValueError, match=r"\S"):
        easel.draw({"mark": {"type": 7}, "encoding": "no"})
    assert easel.draw(SPEC).startswith("<svg")


def test_closed_it_draws_no_more_and_nothing_is_left_behind():
    easel = Easel()
    easel.draw(SPEC)
    child = easel._child
    easel.close()
    assert child.poll() is not None
    with pytest.raises(RuntimeError):
        easel.draw(SPEC)
    assert easel._child is None
