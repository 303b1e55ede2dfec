"""What every format promises: the identity, the same bytes twice, and an answer when there is no headline."""

from __future__ import annotations

import json
import re

import pytest

from app.reports import FORMATS
from app.reports.report import Losses
from tests.unit.reports.a_report import a_hostile_report, a_report
from tests.unit.reports.read_back import READERS, markdown_tables, page

# headline, policies (one has no rate), axes, slices, strata, judges
LINES_ONCE = 4 + 4 + 12 + 4 + 1
PERCENTAGE = re.compile(r"\d+\.\d % \(\d+\.\d–\d+\.\d\)(, n = [\d,]+)?|\d+\.\d–\d+\.\d %")


@pytest.fixture(scope="module")
def rendered() -> dict[str, str | bytes]:
    return {name: entry.render(a_report()) for name, entry in FORMATS.items()}


@pytest.mark.parametrize("name", READERS)
def test_every_rate_shows_how_all_its_pairs_ended(rendered, name):
    endings = READERS[name](rendered[name])
    assert len(endings) >= (LINES_ONCE if name != "tex" else 21)
    assert all(sum(row[:-1]) == row[-1] for row in endings)


def test_all_formats_show_the_same_endings(rendered):
    read = {name: set(reader(rendered[name])) for name, reader in READERS.items()}
    assert read["json"] == read["csv"] == read["md"] == read["html"] == read["parquet"]
    assert read["tex"] < read["json"]  # no policies and judges there


@pytest.mark.parametrize("name", READERS)
def test_the_headline_identity_is_spelled_out_or_in_columns(rendered, name):
    if name in ("md", "html"):
        text = re.sub(r"<[^>]*>|\s+", " ", str(rendered[name]))
        parts = re.search(r"141 won +\+ +52 lost +\+ +4 tied +\+ +0 inconsistent +\+ +1 undecided +\+ +2 missing", text)
        assert parts
        assert "= 200 pairs" in text
    else:
        assert (141, 52, 4, 0, 1, 2, 200) in READERS[name](rendered[name])


@pytest.mark.parametrize("name", FORMATS)
def test_the_same_report_gives_the_same_bytes(rendered, name):
    assert FORMATS[name].render(a_report()) == rendered[name]


@pytest.mark.parametrize("name", FORMATS)
def test_a_job_without_verdicts_still_has_a_report(name):
    empty = a_report(
        headline=None, policies=[], axes=[], slices=[], strata=[], models=[], fit=None, position=[], judges=[],
        losses=Losses(0, [], {}, [], []), warnings=[],
    )  # fmt: skip
    text = FORMATS[name].render(empty)
    nothing = "No pair was judged"
    said = {"json": b'"headline": null', "csv": "scope,rate,", "parquet": b"PAR1", "png": b"PNG"}
    assert said.get(name, nothing) in text


@pytest.mark.parametrize("name", ["md", "html"])
def test_every_percentage_stands_with_its_interval_and_denominator(rendered, name):
    read = markdown_tables(rendered["md"]) if name == "md" else page(rendered["html"]).tables
    tables = [table for table in read if any("CI)" in head for head in table[0])]
    assert len(tables) == 7
    for heads, *rows in tables:
        cells = [cell for row in rows for cell in row if "%" in cell]
        assert [cell for cell in cells if not PERCENTAGE.fullmatch(cell)] == []
        assert "Pairs" in heads or all("n = " in cell for cell in cells)


def test_an_axis_that_was_not_assessed_prints_no_rate(rendered):
    tables = markdown_tables(rendered["md"])
    rows = [row for table in tables if "Pairs" in table[0] for row in table if "perception" in row]
    assert len(rows) == 5
    assert not [row for table in tables for row in table if "perception" in row and "%" in "".join(row)]
    assert all("not assessed" in row and not any("%" in cell for cell in row) for row in rows)
    lines = [line for line in rendered["csv"].splitlines() if ",perception," in line]
    assert len(lines) == 10
    assert all(",false,,,,,0.95," in line for line in lines)


def test_json_is_sorted_and_holds_no_number_that_is_none():
    odd = a_report(parameters={"b": float("nan"), "a": 0.1 + 0.2, "minus": -0.0})
    results = json.loads(FORMATS["json"].render(odd))["results"]
    assert list(results) == sorted(results)
    assert results["parameters"] == {"a": 0.3, "b": None, "minus": 0.0}


@pytest.mark.parametrize(("name", "media", "suffix"), [
    ("json", "application/json", ".json"),
    ("csv", "text/csv; charset=utf-8", ".csv"),
    ("md", "text/markdown; charset=utf-8", ".md"),
    ("html", "text/html; charset=utf-8", ".html"),
    ("tex", "application/x-tex", ".tex"),
    ("parquet", "application/vnd.apache.parquet", ".parquet"),
    ("svg", "image/svg+xml", ".svg"),
    ("png", "image/png", ".png"),
])  # fmt: skip
def test_formats_name_their_media_type_and_suffix(name, media, suffix):
    assert FORMATS[name][:2] == (media, suffix)


@pytest.mark.parametrize("name", READERS)
def test_hostile_names_keep_the_identity_readable(name):
    endings = READERS[name](FORMATS[name].render(a_hostile_report()))
    assert len(endings) >= (8 if name != "tex" else 7)
    assert all(sum(row[:-1]) == row[-1] for row in endings)
