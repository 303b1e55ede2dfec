"""A job's page: it lives while judging goes on, is linked by its parameters, and hands out every format."""

from __future__ import annotations

import csv
import io
import json
import re
from xml.etree import ElementTree as ET

import pyarrow.parquet
import pytest
from PIL import Image
from playwright.async_api import expect

from app.reports import FORMATS
from tests.e2e.browser.seeded import PAIRS, running

STILL = 0.02  # the sum of layout shifts below which nobody sees anything move
UNITS = 40


async def test_a_job_is_watched_live(visit, there, seed) -> None:
    """Started by hand; its numbers move without a reload, nothing jumps, and its end shows by itself."""
    job = running(there, UNITS // 2)
    lead = await visit(there.key)
    await lead.go(f"/dashboard/jobs/{job}")
    await lead.page.get_by_role("button", name="Start").click()
    await lead.page.locator(".badge.running").wait_for()
    await lead.page.evaluate("window.__same = true")
    bar = lead.page.locator("#progress progress")
    seen = set()
    while not await lead.page.locator(".badge.completed").count():
        seen.add(int(await bar.get_attribute("value") or 0))
        await lead.page.wait_for_timeout(100)
        assert len(seen) <= UNITS + 1
    await expect(bar).to_have_attribute("value", str(UNITS))
    assert len(seen | {UNITS}) >= 3, f"progress was seen at {sorted(seen)} only"
    await expect(lead.page.locator("#report")).to_contain_text("win rate")
    assert await lead.page.evaluate("window.__same") is True
    moved = [shift for shift in await lead.shifts() if "report" not in shift["what"]]
    assert sum(shift["value"] for shift in moved) < STILL, moved


async def test_the_headline_is_there_and_parameters_are_in_the_address(visit, there, seed) -> None:
    lead = await visit(there.key)
    await lead.go(f"/dashboard/jobs/{seed.done}")
    await expect(lead.page.locator("#report")).to_contain_text(re.compile(r"\d+\.\d %\s+\(95 % CI"))
    assert await lead.page.locator("#report svg, #report img").count() > 0
    await lead.page.locator("details.parameters summary").click()
    await lead.page.get_by_label("Slice by the tag").fill("modality")
    await lead.page.get_by_label("Level").select_option("0.9")
    await lead.page.get_by_role("button", name="Show").click()
    await lead.page.wait_for_url(re.compile(r"slice_by=modality.*level=0\.9|level=0\.9.*slice_by=modality"))
    await expect(lead.page.locator("#report")).to_contain_text("90 % CI")
    await expect(lead.page.locator("#report")).to_contain_text("histology")
    again = await visit(there.key)
    await again.page.goto(lead.page.url)  # what somebody is sent shows the same
    await expect(again.page.locator("#report")).to_contain_text("90 % CI")


def is_latex(content: bytes) -> bool:
    return b"\\begin{" in content and content.count(b"\\begin{") == content.count(b"\\end{")


def is_png(content: bytes) -> bool:
    with Image.open(io.BytesIO(content)) as picture:
        picture.verify()
        return picture.format == "PNG" and picture.width > 200


OPENS = {
    "json": lambda content: json.loads(content)["results"]["headline"]["win_rate"]["n_pairs"] > 0,
    "csv": lambda content: len(list(csv.DictReader(io.StringIO(content.decode())))) > 1,
    "md": lambda content: content.decode().startswith("# ") and "win rate" in content.decode(),
    "html": lambda content: content.lstrip().lower().startswith(b"<!doctype html>") and b"</html>" in content,
    "tex": is_latex,
    "parquet": lambda content: pyarrow.parquet.read_table(io.BytesIO(content)).num_rows > 1,
    "svg": lambda content: ET.fromstring(content).tag.endswith("svg"),  # noqa: S314 - our own
    "png": is_png,
}


def test_every_format_is_tried() -> None:
    assert set(OPENS) == set(FORMATS)


@pytest.mark.parametrize("shape", OPENS)
async def test_a_report_is_downloaded_and_opens(visit, there, seed, shape, tmp_path) -> None:
    lead = await visit(there.key)
    await lead.go(f"/dashboard/jobs/{seed.done}")
    async with lead.page.expect_download() as coming:
        await lead.page.locator(f"#downloads a[href*='report?format={shape}']").click()
    download = await coming.value
    assert download.suggested_filename.endswith(f".{shape}"), download.suggested_filename
    await download.save_as(tmp_path / "report")
    assert OPENS[shape]((tmp_path / "report").read_bytes())


async def test_all_pairs_are_downloaded(visit, there, seed, tmp_path) -> None:
    lead = await visit(there.key)
    await lead.go(f"/dashboard/jobs/{seed.done}")
    async with lead.page.expect_download() as coming:
        await lead.page.locator("#downloads a[href*='/pairs']").first.click()
    await (await coming.value).save_as(tmp_path / "pairs")
    assert len((tmp_path / "pairs").read_bytes().splitlines()) == PAIRS
