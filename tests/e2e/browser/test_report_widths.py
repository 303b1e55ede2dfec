"""A report at every width: what is checked is read in lines, and no number is printed over its neighbour."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from playwright.async_api import Page

from app.reports import as_html
from app.reports.build import build
from app.reports.report import Report
from docs import example_report

WIDTHS = (390, 700, 820, 1280)
VALUES = 14
TALLEST = 2_100  # pixels of the section on trust, of two judges; with a letter a line it had 13,616
# The cells whose text does not fit into them: it would be printed over the next.
OVERFULL = """
() => [...document.querySelectorAll(".heat td, .heat th")]
  .filter((cell) => cell.scrollWidth > cell.clientWidth).map((cell) => cell.innerText)
"""
TRUST = """
() => [...document.querySelectorAll("section")]
  .find((one) => one.querySelector("h2").textContent.startsWith("Can the judge")).offsetHeight
"""


def sliced(values: int) -> Report:
    """The example, its pairs cut into so many slices of long names."""
    sheet = example_report.sheet()
    names = np.array([f"journal number {n} of the collection" for n in range(values)], object)
    tags = {"journal": names[sheet.cluster % values]}
    return build(replace(sheet, tags=tags), replace(example_report.PARAMETERS, slice_by="journal"))


async def show(page: Page, report: Report, width: int) -> None:
    await page.set_viewport_size({"width": width, "height": 900})
    await page.set_content(as_html.render(report))


@pytest.mark.parametrize("width", WIDTHS)
async def test_what_is_checked_of_a_judge_is_read_in_lines(visit, width) -> None:
    reader = await visit()
    await show(reader.page, example_report.example(), width)
    assert await reader.page.evaluate(TRUST) < TALLEST
    assert await reader.overflow() <= 0


@pytest.mark.parametrize("values", [4, VALUES])
@pytest.mark.parametrize("width", WIDTHS)
async def test_no_cell_of_the_slices_is_printed_over_another(visit, values, width) -> None:
    reader = await visit()
    await show(reader.page, sliced(values), width)
    assert await reader.page.locator(".heat thead th").count() == 3 * (values + 2), "three pairs of models"
    assert not await reader.page.evaluate(OVERFULL)
    assert await reader.overflow() <= 0
