"""CSV and Markdown: what a spreadsheet and a Markdown reader would make of words from outside."""

from __future__ import annotations

import csv
import io
import re
from dataclasses import replace

import pytest

from app.reports import as_csv, as_html, as_markdown
from tests.unit.reports.a_report import a_hostile_report, a_line, a_rate, a_report
from tests.unit.reports.read_back import markdown_tables


def read(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text, newline=""), strict=True))


def test_csv_has_a_row_for_each_rate():
    scopes = [row["scope"] for row in read(as_csv.render(a_report()))]
    assert {scope: scopes.count(scope) for scope in scopes} == {
        "headline": 2, "policy": 10, "axis": 8, "slice": 24, "stratum": 8, "judge": 1,
    }  # fmt: skip


def test_csv_lines_end_as_rfc_4180_says():
    text = as_csv.render(a_report())
    assert text.count("\n") == text.count("\r\n") == len(read(text)) + 1


def test_csv_carries_the_numbers_in_full():
    headline, preference, *_ = read(as_csv.render(a_report()))
    assert float(headline["estimate"]) == 0.727
    assert (headline["rate"], preference["rate"]) == ("win_rate", "preference_rate")
    assert float(headline["low"]) == pytest.approx(0.667)
    assert (headline["bound_low"], headline["bound_high"]) == ("0.637", "0.817")


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n"])
def test_no_csv_cell_can_be_a_formula(start):
    rows = read(as_csv.render(a_hostile_report(f"{start}cmd|' /C calc'!A0")))
    words = [row[name] for row in rows for name in ("model_a", "axis", "tag", "value", "judge", "stratum")]
    assert any("calc" in word for word in words)
    assert not any(word.startswith(start) for word in words)
    assert f"'{start}cmd|' /C calc'!A0" in words


def test_markdown_tables_keep_their_shape_under_attack():
    tables = markdown_tables(as_markdown.render(a_hostile_report()))
    assert len(tables) >= 10
    for table in tables:
        assert {len(row) for row in table} == {len(table[0])}


def test_markdown_holds_no_live_markup_from_outside():
    text = as_markdown.render(a_hostile_report())
    assert "<" not in text
    assert not re.search(r"(?<!\\)[`$]", text)
    assert not re.search(r"(?<!\\)\[[^\]]*(?<!\\)\]\(", text)
    assert "://" not in text
    assert not re.search(r"www\.", text)


@pytest.mark.parametrize(("words", "escaped"), [
    ("plain-7b (v1.2), 72.7 % (66.7–78.7)", "plain-7b (v1.2), 72.7 % (66.7–78.7)"),
    ("a|b", r"a\|b"),
    ("a\n\n# b", r"a \# b"),
    ("<b>&", "&lt;b&gt;&amp;"),
    ("1. one", r"1\. one"),
    ("- dash", r"\- dash"),
    ("snake_case*", r"snake\_case\*"),
    ("back\\slash", r"back\\slash"),
])  # fmt: skip
def test_escape_changes_only_what_acts(words, escaped):
    assert as_markdown.escape(words) == escaped


def test_markdown_has_every_section_of_the_report():
    text = as_markdown.render(a_report())
    assert re.findall(r"^## (.+)$", text, flags=re.MULTILINE) == [
        "Policies side by side", "Axes", "Slices at a glance", "Slices", "Strata of answer correctness", "Strengths",
        "Position bias", "Judges", "Trust checks", "Losses", "Methods", "Provenance",
    ]  # fmt: skip
    assert "> **tuned-7b preferred to base-7b" in text
    assert text.index("images not seen by this judge") < text.index("## Policies")
    assert "3 of 400" in text
    assert "- **Orders:** both, AB and BA" in text


def test_a_warned_interval_is_marked_and_like_warnings_are_told_once():
    thin = [replace(a_rate(0.6), warnings=(f"only {number} effective clusters",)) for number in (7.2, 8.1)]
    lines = [replace(a_line(axis), win_rate=rate) for axis, rate in zip(("one", "two"), thin, strict=True)]
    text = as_markdown.render(a_report(axes=[*lines, a_line("three")]))
    assert text.count("60.0 % (54.0–66.0) † |") == 2
    assert "- † only 7.2 effective clusters; 1 more like it" in text
    assert "8.1 effective" not in text


def test_pairs_with_both_answers_right_stand_beside_the_headline():
    told = (
        "Among the pairs where both answers are right the win rate of tuned-7b "
        "is 61.0 % (95 % CI 55.0–67.0, 83 of 85 pairs)."
    )
    text = as_markdown.render(a_report())
    assert text.index(told) < text.index("## Policies side by side")
    assert told in as_html.render(a_report())
    others = a_report(strata=[line for line in a_report().results.strata if line.stratum != "both_right"])
    assert "There is no pair where both answers are right" in as_markdown.render(others)
    assert "answers are right" not in as_markdown.render(a_report(strata=[]))


def test_position_bias_is_told_by_slice_and_beyond_noise():
    (line, _) = a_report().results.position
    excess = {"estimate": 0.12, "low": 0.031, "high": 0.209, "n": 40}
    part = {
        "slice": {"tag": "modality", "value": "MRI | x"}, "first_share": line.first_share, "bias": line.bias,
        "consistency": line.consistency, "flips": 7, "partials": 2, "excess": excess,
    }  # fmt: skip
    text = as_markdown.render(a_report(position=[replace(line, slices=[part]), replace(line, excess=excess)]))
    assert r"| small-judge | overall | MRI \| x | 98.5 % (97.0–99.3), n = 396 |" in text
    assert text.count("| +12.0 (+3.1 to +20.9), n = 40 |") == 2
    assert "beyond noise" not in as_markdown.render(a_report())


def test_chances_beside_a_tie_parameter_leave_ties_out():
    fit = replace(a_report().results.fit, win_probabilities=[
        {"model": "tuned-7b", "against": "base-7b", "estimate": 0.73, "low": 0.7, "high": 0.76}
    ])  # fmt: skip
    assert "Chance to win, a tie being half" in as_markdown.render(a_report(fit=fit))
    assert "Chance to win, ties left out" in as_markdown.render(a_report(fit=replace(fit, tie_parameter=0.4)))
