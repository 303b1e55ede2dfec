"""The HTML page: self-contained, harmless, readable without colours, and its charts."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from dataclasses import replace

import pytest

from app.reports import as_html, charts
from app.reports.report import ModelLine
from tests.unit.reports.a_report import HOSTILE, a_hostile_report, a_line, a_rate, a_report
from tests.unit.reports.read_back import Page, page

FETCHING = {"src", "href", "srcset", "xlink:href", "action", "data", "poster", "background"}


@pytest.fixture(scope="module")
def plain() -> Page:
    return page(as_html.render(a_report()))


@pytest.fixture(scope="module")
def attacked() -> Page:
    return page(as_html.render(a_hostile_report()))


def test_nothing_is_fetched_and_nothing_runs(plain):
    assert not {tag for tag, _ in plain.elements} & {"script", "link", "img", "iframe", "object", "base", "form"}
    attributes = {name for _, attributes in plain.elements for name in attributes}
    assert not attributes & FETCHING
    assert not {name for name in attributes if name.startswith("on")}
    assert not re.search(r"url\(|@import", plain.style)


def test_the_policy_of_the_page_allows_exactly_its_own_style(plain):
    policies = [a["content"] for tag, a in plain.elements if a.get("http-equiv") == "Content-Security-Policy"]
    digest = base64.b64encode(hashlib.sha256(plain.style.encode()).digest()).decode()
    assert policies == [f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"]
    assert not [tag for tag, attributes in plain.elements if "style" in attributes]


def test_words_from_outside_stay_words(plain, attacked):
    assert {tag for tag, _ in attacked.elements} <= {tag for tag, _ in plain.elements}
    allowed = {name for _, attributes in plain.elements for name in attributes}
    assert {name for _, attributes in attacked.elements for name in attributes} <= allowed
    assert HOSTILE in "".join(attacked.text)


def test_every_chart_has_a_text_alternative(plain):
    pictures = [attributes for tag, attributes in plain.elements if tag == "svg" and "aria-hidden" not in attributes]
    assert len(pictures) == 9
    assert all(picture["role"] == "img" and len(picture["aria-label"] or "") > 20 for picture in pictures)


def test_warnings_are_read_before_any_table(plain):
    text = " ".join(plain.text)
    assert text.index("images not seen by this judge") < text.index("Policies side by side")


def test_checks_say_their_result_in_words(plain):
    text = " ".join(" ".join(plain.text).split())
    assert "warning images seen images not seen by this judge" in text
    assert "not applicable agreement with labels no labels" in text
    assert "ok leaks no trace names a model" in text


def test_a_headline_that_was_not_assessed_shows_no_big_number():
    text = as_html.render(a_report(headline=a_line("perception", assessed=False)))
    assert "<em>not assessed</em>" in text
    assert "<strong>72.7 %</strong>" not in text


def test_every_colour_of_the_charts_has_a_dark_twin(plain):
    drawn = {charts.INK, charts.QUIET, charts.LINE, charts.PAPER, *charts.ENDING_COLOURS.values()}
    assert {colour for colour in drawn if f'="{colour}"]' not in plain.style} == set()


def test_a_forest_keeps_its_lines_in_order_with_their_numbers():
    spec = charts.forest([("one", a_rate(0.7)), ("two", None), ("three", a_rate(None))], of="tuned")
    one, two, three = spec["data"]["values"]
    assert (one["name"], one["estimate"], one["side"]) == ("one", 0.7, "above")
    assert one["text"] == "70.0 % (64.0–76.0), 197 of 200 pairs"
    assert (two["text"], two["estimate"]) == ("not assessed", None)
    assert (three["text"], three["estimate"]) == ("nothing decided", None)


@pytest.mark.parametrize(("estimate", "side"), [(0.7, "above"), (0.53, "around"), (0.3, "below")])
def test_a_line_is_on_a_side_only_when_its_interval_is(estimate, side):
    (row,) = charts.forest([("x", a_rate(estimate))], of="tuned")["data"]["values"]
    assert row["side"] == side


def test_charts_never_load_data():
    report = a_report().results
    specs = [charts.forest([("a", a_rate())], of="b"), charts.strengths(report.models),
             charts.position(report.position), charts.endings(a_rate())]  # fmt: skip
    assert not any('"url"' in json.dumps(spec) for spec in specs)


def test_an_unbounded_strength_says_so_and_still_draws():
    line = ModelLine("winner", 2.0, None, 0.4, None, 1347.4, 1, 1, 9, 0, 0, unbounded=True)
    spec = charts.strengths([line, replace(line, model="loser", strength=-2.0, low=None, high=-0.4)])
    first, second = spec["data"]["values"]
    assert first["text"] == "+2.00 (+0.40 to ∞)"
    assert second["text"] == "−2.00 (−∞ to −0.40)"
    assert "winner (unbounded)" in as_html.picture(spec, "strengths")


def test_a_long_name_is_cut_by_characters():
    (row,) = charts.forest([("x" * 80, a_rate())], of="y")["data"]["values"]
    assert row["name"] == "x" * 37 + "…"


def test_too_many_lines_for_a_chart_are_all_in_the_table():
    many = [a_line(f"axis {place}") for place in range(as_html.MOST_ROWS + 1)]
    shown = page(as_html.render(a_report(axes=many)))
    told = [attributes.get("aria-label") or "" for _, attributes in shown.elements]
    assert any("axis 59:" in text for text in told)
    assert not any("axis 60:" in text for text in told)
    assert any(row[0] == "axis 60" for table in shown.tables for row in table)


def test_two_models_get_a_chart_of_their_own():
    lines = [a_line("overall", a="one", b="two"), a_line("overall", a="two", b="three")]
    shown = page(as_html.render(a_report(axes=lines)))
    told = {attributes.get("aria-label") for _, attributes in shown.elements}
    assert {"Win rates of one: overall: 72.7 % (66.7–78.7).", "Win rates of two: overall: 72.7 % (66.7–78.7)."} <= told
    assert any(table[0][:2] == ["Models", "Axis"] for table in shown.tables)


def test_charts_are_as_large_as_what_they_show():
    report = a_report().results
    forest = as_html.picture(charts.forest([("a", a_rate())] * 3, of="b"), "three lines")
    position = as_html.picture(charts.position(report.position), "two panels of two lines")
    sizes = [re.search(r'viewBox="0 0 ([\d.]+) ([\d.]+)"', drawn) for drawn in (forest, position)]
    (_, first), (_, second) = [tuple(map(float, size.groups())) for size in sizes]
    assert 3 * charts.ROW < first < 4.2 * charts.ROW
    assert 4 * charts.ROW < second < 8 * charts.ROW
