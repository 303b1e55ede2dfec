"""Pairs in the browser: narrowed to those whose orders disagree, one opened, read by keys, its images looked at."""

from __future__ import annotations

import re

from playwright.async_api import expect

from tests.e2e.browser.seeded import PAIRS


async def test_orders_that_disagree_are_found_and_one_is_opened(visit, there, seed) -> None:
    told = there.http.get(f"/jobs/{seed.done}/pairs", params={"stance": "INCONSISTENT", "limit": 100}).json()["items"]
    assert 3 <= len(told) < PAIRS, "the judge of this World leans to one position"
    lead = await visit(there.key)
    await lead.go(f"/dashboard/jobs/{seed.done}")
    await lead.page.get_by_role("link", name="Pairs", exact=True).click()
    await expect(lead.page.locator("main")).to_contain_text(f"{PAIRS} pairs.")
    await lead.page.get_by_role("link", name="Orders disagree").click()
    await lead.page.wait_for_url("**/pairs?stance=INCONSISTENT")
    rows = lead.page.locator("tbody tr")
    assert await rows.count() == min(len(told), 50)
    await rows.first.get_by_role("link").click()
    await lead.page.wait_for_url(re.compile(r"/pairs/\d+\?stance=INCONSISTENT"))
    first = lead.page.url
    await expect(lead.page.locator(".judged.disagree").first).to_contain_text("The orders disagree")
    assert await lead.page.locator(".judged.disagree .order").count() >= 2
    await lead.page.keyboard.press("j")  # the next of the list, not of the job
    await lead.page.wait_for_url(lambda url: url != first)
    seqs = sorted(pair["seq"] for pair in told)
    assert lead.page.url.endswith(f"/pairs/{seqs[1]}?stance=INCONSISTENT")
    await lead.page.keyboard.press("k")
    await lead.page.wait_for_url(first)
    await lead.page.get_by_role("link", name="The list").first.click()
    await lead.page.wait_for_url("**/pairs?stance=INCONSISTENT")


async def test_filters_are_chosen_in_the_form_and_stay_in_the_address(visit, there, seed) -> None:
    lead = await visit(there.key)
    await lead.go(f"/dashboard/jobs/{seed.done}/pairs")
    await lead.page.locator("select[name=verdict]").select_option("A")
    await lead.page.locator("select[name=axis]").select_option("rationale")
    await lead.page.locator("input[name=tag]").fill("modality:CT")
    await lead.page.get_by_role("button", name="Show").click()
    await lead.page.wait_for_url(re.compile("verdict=A"))
    wanted = {"verdict": "A", "axis": "rationale", "tag": "modality:CT", "limit": 100}
    told = there.http.get(f"/jobs/{seed.done}/pairs", params=wanted).json()["items"]
    shown = [await row.inner_text() for row in await lead.page.locator("tbody th").all()]
    assert shown == [pair["item"] for pair in told]
    assert await lead.page.locator("select[name=verdict]").input_value() == "A"
    await lead.page.get_by_role("link", name="Clear").click()
    await expect(lead.page.locator("main")).to_contain_text(f"{PAIRS} pairs.")


async def test_a_phone_shows_the_verdicts_of_the_list(visit, there, seed) -> None:
    lead = await visit(there.key, width=390)
    await lead.go(f"/dashboard/jobs/{seed.done}/pairs")
    first = lead.page.locator("tbody tr").first
    badges = first.locator(".badge")
    assert await badges.count() == 2, "of two axes"
    for badge in await badges.all():
        box = await badge.bounding_box()
        assert box is not None
        assert box["x"] + box["width"] <= 390


async def test_a_slip_in_a_filter_keeps_the_form(visit, there, seed) -> None:
    lead = await visit(there.key)
    lead.expected = ("422",)
    await lead.go(f"/dashboard/jobs/{seed.done}/pairs?verdict=A")
    await lead.page.locator("input[name=tag]").fill("radiology")
    await lead.page.get_by_role("button", name="Show").click()
    field = lead.page.locator("input[name=tag]")
    await expect(field).to_have_attribute("aria-invalid", "true")
    assert not await lead.violations()
    await field.fill("modality:CT")
    await lead.page.get_by_role("button", name="Show").click()
    await expect(lead.page.locator("main")).to_contain_text(f"of {PAIRS} pairs fit")
    assert "verdict=A" in lead.page.url


async def test_what_differs_is_marked_and_marks_go_by_a_key(visit, there, seed) -> None:
    lead = await visit(there.key)
    await lead.go(f"/dashboard/jobs/{seed.done}/pairs/{seed.pictured}")
    assert await lead.page.locator(".sides .side").count() == 2
    assert await lead.page.locator("#marks, mark").count() == 0  # these have nothing in common
    await lead.page.keyboard.press("m")
    await lead.go(f"/dashboard/jobs/{seed.done}/pairs/{seed.alike}")
    marks = lead.page.locator("mark.only")
    assert [text.strip(" .") for text in await marks.all_inner_texts()] == ["sharp", "blurred"]
    marked = await marks.first.evaluate("(mark) => getComputedStyle(mark).textDecorationLine")
    await lead.page.keyboard.press("m")
    assert await marks.first.evaluate("(mark) => getComputedStyle(mark).textDecorationLine") != marked
    await expect(lead.page.locator("#marks")).to_have_text("Mark what differs")
    assert "marks=off" in lead.page.url
    await lead.page.reload()  # what somebody is sent shows the same
    await expect(lead.page.locator("#marks")).to_have_text("Mark what differs")
    await lead.page.locator("#marks").click()
    assert "marks" not in lead.page.url


async def test_keys_with_another_key_held_turn_no_page(visit, there, seed) -> None:
    lead = await visit(there.key)
    await lead.go(f"/dashboard/jobs/{seed.done}/pairs/{seed.alike}")
    here = lead.page.url
    for held in ("Shift", "Alt", "Control", "Meta"):
        for pressed in ("ArrowRight", "j", "m") if held == "Shift" else ("m",):
            await lead.page.keyboard.press(f"{held}+{pressed}")
    await lead.page.wait_for_timeout(300)
    assert lead.page.url == here


async def test_keys_between_pairs_are_turned_off_and_stay_off(visit, there, seed) -> None:
    lead = await visit(there.key)
    await lead.go(f"/dashboard/jobs/{seed.done}/pairs/{seed.alike}")
    here = lead.page.url
    switch = lead.page.get_by_label("Keys between pairs")
    await switch.uncheck()
    assert await lead.page.evaluate("localStorage.getItem('tracejudge-shortcuts')") == "off"
    await lead.page.reload()
    await expect(switch).not_to_be_checked()
    for pressed in ("j", "k", "m", "ArrowRight"):
        await lead.page.keyboard.press(pressed)
    await lead.page.wait_for_timeout(300)
    assert lead.page.url == here
    await switch.check()
    await lead.page.keyboard.press("j")
    await lead.page.wait_for_url(lambda url: url != here)


async def test_an_image_opens_large_and_is_moved_by_keys(visit, there, seed) -> None:
    lead = await visit(there.key)
    await lead.go(f"/dashboard/jobs/{seed.done}/pairs/{seed.pictured}")
    pictures = lead.page.locator("[data-zoom] img")
    assert await pictures.count() == 4
    sizes = "images => images.map((image) => image.complete && image.naturalWidth)"
    assert await pictures.evaluate_all(sizes) == [96] * 4
    await lead.page.locator("[data-zoom]").nth(2).click()
    large = lead.page.locator("#zoom img")
    await expect(large).to_be_visible()
    assert await large.evaluate("(image) => new URL(image.src).pathname") == await lead.page.locator("[data-zoom]").nth(
        2
    ).get_attribute("href")
    before = await large.evaluate("(image) => image.style.transform")
    await lead.page.keyboard.press("+")
    await expect(large).not_to_have_css("transform", before)
    await lead.page.keyboard.press("j")  # nothing is left by a key while an image is open
    await expect(large).to_be_visible()
    await lead.page.keyboard.press("Escape")
    await expect(large).not_to_be_visible()
    assert lead.page.url.endswith(f"/pairs/{seed.pictured}")
