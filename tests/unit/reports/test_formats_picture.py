"""The figure as SVG and PNG: the headline's models, every number in words, nothing fetched."""

from __future__ import annotations

import io
import json
import re
from xml.etree import ElementTree as ET

from PIL import Image

from app.reports import as_picture
from app.reports.figure import MOST_ROWS, figure
from tests.unit.reports.a_report import HOSTILE, a_hostile_report, a_line, a_report


def drawn(report) -> ET.Element:
    return ET.fromstring(as_picture.svg(report))  # noqa: S314 - our own file


def names(report):
    return [row.get("heading") or row["name"] for row in figure(report)["data"]["values"]]


def test_rows_stand_under_headings_with_the_primary_axis_first():
    shown = names(a_report())
    assert shown[:5] == ["all pairs, by axis", "overall", "rationale", "knowledge", "perception"]
    assert [name for name in shown if ", by " in name][1:] == [
        "overall, by modality", "rationale, by modality", "perception, by modality"
    ]  # fmt: skip


def test_only_the_models_of_the_headline_are_drawn():
    other = [a_line("overall", 0.9, a="x", b="y"), a_line()]
    assert names(a_report(axes=other, slices=[])) == ["all pairs, by axis", "overall"]


def test_every_number_has_its_interval_and_its_pairs():
    texts = [row["text"] for row in figure(a_report())["data"]["values"] if not row.get("heading")]
    assert all(
        re.fullmatch(r"\d+\.\d % \(\d+\.\d–\d+\.\d\), ([\d,]+ of )?[\d,]+ pairs|not assessed", text) for text in texts
    )
    assert texts.count("not assessed") == 5


def test_more_rows_than_a_page_holds_are_cut_and_told():
    many = [a_line(f"axis {place}") for place in range(MOST_ROWS + 5)]
    spec = figure(a_report(axes=many, slices=[]))
    assert len(spec["data"]["values"]) == MOST_ROWS
    assert f"the first {MOST_ROWS} of {MOST_ROWS + 6} rows" in json.dumps(spec["title"])


def test_the_svg_is_one_file_that_says_what_it_shows():
    root = drawn(a_report())
    assert root.get("role") == "img"
    assert (root[0].tag.rpartition("}")[2], root[0].text[:40]) == ("title", "Win rates of tuned-7b. overall: 72.7 % (")
    attributes = {name for element in root.iter() for name in element.attrib}
    assert not attributes & {"href", "{http://www.w3.org/1999/xlink}href", "src", "onload"}
    tags = {element.tag.rpartition("}")[2] for element in root.iter()}
    assert not tags & {"script", "image", "foreignObject", "style", "use"}
    assert [element.get("role") for element in root.iter() if element.get("role")] == ["img"]


def test_words_from_outside_stay_words():
    root = drawn(a_hostile_report())
    assert "<script>" in "".join(root.itertext())
    assert not [element for element in root.iter() if element.tag.rpartition("}")[2] == "script"]
    assert HOSTILE.split("\n")[0] in " ".join(root.itertext())


def test_characters_that_no_picture_can_hold_are_signs():
    """Unmended, they end the whole process: Vega's library panics over text that is not XML."""
    report = a_report(axes=[a_line("over\x1ball\x00\uffff\x7f")], slices=[])
    root = drawn(report)
    assert "over\u241ball" in "".join(root.itertext())
    assert as_picture.png(report).startswith(b"\x89PNG")


def test_the_png_is_large_and_white_behind():
    picture = Image.open(io.BytesIO(as_picture.png(a_report()))).convert("RGB")
    width, height = picture.size
    assert width > 1200
    assert height > 2 * 27 * len(names(a_report()))
    corners = [(0, 0), (width - 1, 0), (0, height - 1), (width - 1, height - 1)]
    assert {picture.getpixel(corner) for corner in corners} == {(255, 255, 255)}
