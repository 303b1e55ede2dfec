"""Slices at a glance: one matrix for every two models, each cell with what it rests on."""

from __future__ import annotations

from dataclasses import replace

import pytest

from app.reports import as_html, as_markdown, glance
from app.reports.report_inference import SignificanceLine
from tests.unit.reports.a_report import HOSTILE, a_hostile_report, a_line, a_report, some_slices
from tests.unit.reports.read_back import markdown_tables, page


def the_cell(**changes):
    line = a_line("overall", slice={"tag": "modality", "value": "CT"}, **changes)
    (matrix,) = glance.matrices(a_report(axes=[], slices=[line]).results)
    assert matrix.rows[0][1][0] == glance.Cell("–")  # all pairs, which this report does not know
    return matrix.rows[0][1][1]


def test_a_matrix_has_a_row_for_each_axis_and_a_column_for_each_value():
    (matrix,) = glance.matrices(a_report().results)
    assert matrix.caption == "tuned-7b against base-7b, by modality"
    assert matrix.columns == ("all pairs", "radiology", "histology", "fundus", "dermoscopy")
    assert [axis for axis, _ in matrix.rows] == ["overall", "rationale", "perception"]
    assert {len(cells) for _, cells in matrix.rows} == {5}


def test_a_cell_shows_what_its_rate_rests_on():
    test = SignificanceLine(p=0.001, p_adjusted=0.02, family="axes x slices", exploratory=True)
    cell = the_cell(estimate=0.727, test=test)
    assert cell.rate == "▲ 72.7 % (66.7–78.7)"
    assert cell.details == ("197 of 200 pairs", "4 tied, 0 inconsistent", "adjusted p 0.020 *, exploratory")


@pytest.mark.parametrize(("estimate", "mark", "shade"), [
    (0.57, "▲", "up1"), (0.61, "▲", "up2"), (0.71, "▲", "up3"),
    (0.43, "▼", "down1"), (0.39, "▼", "down2"), (0.29, "▼", "down3"), (0.53, "", ""),
])  # fmt: skip
def test_a_cell_is_shaded_where_the_interval_leaves_out_one_half(estimate, mark, shade):
    cell = the_cell(estimate=estimate)
    assert (cell.rate.split()[0] if mark else "", cell.shade) == (mark, shade)


@pytest.mark.parametrize(("p", "adjusted", "shown"), [
    (0.2, None, "p 0.200"), (0.0001, None, "p <0.001 *"), (0.01, 0.051, "adjusted p 0.051"),
])  # fmt: skip
def test_a_p_is_marked_by_what_is_adjusted(p, adjusted, shown):
    test = SignificanceLine(p=p, p_adjusted=adjusted, family="", exploratory=False)
    assert the_cell(test=test).details[-1] == shown


def test_no_p_no_word_of_it():
    test = SignificanceLine(p=None, p_adjusted=None, family="", exploratory=False, note="too few clusters")
    assert the_cell(test=test).details == the_cell().details


def test_what_was_not_assessed_shows_no_rate():
    (matrix,) = glance.matrices(a_report().results)
    assert {cell.rate for cell in dict(matrix.rows)["perception"]} == {"not assessed"}
    assert not any(cell.shade for cell in dict(matrix.rows)["perception"])


def test_every_two_models_have_a_matrix_of_their_own():
    other = some_slices("x", "y")
    found = glance.matrices(a_report(slices=[*some_slices(), *other]).results)
    assert [matrix.caption for matrix in found] == ["tuned-7b against base-7b, by modality", "x against y, by modality"]
    assert {cells[0] for _, cells in found[1].rows} == {glance.Cell("–")}


def test_html_and_markdown_show_the_same_cells():
    report = a_report()
    (matrix,) = glance.matrices(report.results)
    cells = [cell for _, row in matrix.rows for cell in row]
    (drawn,) = [table for table in page(as_html.render(report)).tables if table[0][1:2] == ["all pairs"]]
    (written,) = [table for table in markdown_tables(as_markdown.render(report)) if table[0][1:2] == ["all pairs"]]
    for table, between in ((drawn, ""), (written, "; ")):
        shown = [cell.strip() for row in table[1:] for cell in row[1:]]
        assert shown == [between.join((cell.rate, *cell.details)) for cell in cells]
        assert [row[0].strip() for row in table[1:]] == [axis for axis, _ in matrix.rows]


def test_hostile_values_stay_words():
    line = replace(a_line(), slice={"tag": HOSTILE, "value": HOSTILE})
    report = replace(a_hostile_report(), results=replace(a_hostile_report().results, slices=[line]))
    assert "<script>" not in as_markdown.render(report)
    assert "<script" not in as_html.render(report)
