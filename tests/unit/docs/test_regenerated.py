"""Pages made by code are as the code makes them, and the example shows all that a report can hold."""

from __future__ import annotations

import re
from dataclasses import fields
from itertools import zip_longest

import pytest

from docs.example_report import example
from docs.regenerate import DOCS, PAGES

# Another machine may measure the text of a chart by other fonts, and add numbers up in another order.
DRAWN = re.compile(r"(?<=>)<g .*?(?=</svg>)|(?<=\.\d{2})\d+", re.DOTALL)


@pytest.mark.parametrize("name", PAGES)
def test_the_page_is_as_the_code_makes_it(name: str) -> None:
    kept, made = (DRAWN.sub("", text).splitlines() for text in ((DOCS / name).read_text(), PAGES[name]()))
    different = [both for both in zip_longest(kept, made) if both[0] != both[1]]
    assert different[:3] == [], "run ./run docs"


def test_the_example_fills_every_part_of_a_report() -> None:
    results = example().results
    empty = [field.name for field in fields(results) if getattr(results, field.name) in (None, [])]
    assert not empty
    assert len(results.axes) == 3 * 4
    assert len(results.slices) == 3 * 4 * 3
    assert any(line.available for line in results.calibrated)
    assert {check["ok"] for judge in results.judges for check in judge.checks} == {True, False, None}
