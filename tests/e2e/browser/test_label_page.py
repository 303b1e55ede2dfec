"""One pair in front of a labeller when things go wrong: no network, changed minds, fast fingers, shared machines."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import Awaitable, Callable

import pytest
from playwright.async_api import Page, Route, expect

from tests.e2e.browser.labelling import choice, choose, is_done, look, turns, was_stored
from tests.e2e.browser.seeded import JUDGE, key, review
from tests.e2e.browser.visiting import Visit, cookie_of
from tests.world.jobs import draft, start
from tests.world.pairs import pairs

FOUR = ["perception", "medical_knowledge", "rationale", "overall"]
OFFLINE = ("ERR_INTERNET_DISCONNECTED", "ERR_FAILED", "409")
UNSENT = "Not saved yet"

Begin = Callable[..., Awaitable[Visit]]
_names = (f"labeller {number}" for number in itertools.count())


@pytest.fixture
def job(there, seed) -> str:
    """A job of its own for every test: who labels here takes no pair from another one."""
    made = draft(there, pairs(6, seed=11), JUDGE, name="to label", axes=FOUR)
    start(there, made)
    return made


@pytest.fixture
def begin(visit, there, job) -> Begin:
    """`await begin()`: somebody new in front of the first of six pairs."""

    async def come(axes: list[str] | None = None, **look: int) -> Visit:
        made = review(there, job, pairs=6, per_pair=2, axes=axes or ["overall"])
        visitor: Visit = await visit(key(there, next(_names)), **look)
        await visitor.go(f"/review/{made}")
        return visitor

    return come


async def test_a_choice_corrected_while_there_is_no_network_is_the_one_stored(begin) -> None:
    visitor = await begin()
    visitor.expected = OFFLINE
    page = visitor.page
    await look(page)
    await visitor.context.set_offline(offline=True)
    await page.keyboard.press("1")
    await expect(page.locator("#label-state")).to_contain_text(UNSENT)
    await choose(page, "second")
    await expect(page.locator("#label-state")).to_contain_text(UNSENT)
    await page.get_by_role("button", name="Save and next").click()
    await visitor.context.set_offline(offline=False)
    await is_done(page, 1)
    await was_stored(page, "second")


async def test_a_key_corrects_a_choice_that_is_not_saved_yet(begin) -> None:
    visitor = await begin()
    visitor.expected = OFFLINE
    await look(visitor.page)
    await visitor.context.set_offline(offline=True)
    await visitor.page.keyboard.press("1")
    await expect(visitor.page.locator("#label-state")).to_contain_text(UNSENT)
    await visitor.page.keyboard.press("t")
    await expect(choice(visitor.page, "tie")).to_be_checked()
    await visitor.context.set_offline(offline=False)
    await is_done(visitor.page, 1)
    await was_stored(visitor.page, "tie")


async def test_an_answer_stored_unheard_is_told_and_undone(begin) -> None:
    """The first try is stored, its answer is lost, and the labeller has chosen otherwise meanwhile."""
    visitor = await begin()
    visitor.expected = OFFLINE
    page = visitor.page
    lost = asyncio.Event()

    async def lose(route: Route) -> None:
        if lost.is_set():
            await route.continue_()
            return
        await route.fetch()
        lost.set()
        await route.abort()

    await turns(page, lose)
    await choose(page, "first")
    await page.get_by_role("button", name="Save and next").click()
    await expect(page.locator("#label-state")).to_contain_text(UNSENT)
    await choose(page, "second")
    await page.get_by_role("button", name="Save and next").click()
    await expect(page.locator("h1")).to_have_text("This answer was not saved")
    await expect(page.locator("main")).to_contain_text("Another answer of yours for this pair is stored already")
    assert await visitor.violations() == []
    await was_stored(page, "first")
    await choose(page, "second")
    await page.get_by_role("button", name="Save and next").click()
    await is_done(page, 1)
    await was_stored(page, "second")


@pytest.mark.parametrize("by", ["pointer", "arrow", "key"])
async def test_what_is_on_its_way_is_not_changed_on_the_screen_only(begin, by) -> None:
    visitor = await begin()
    page = visitor.page
    go_on, sent = asyncio.Event(), asyncio.Event()

    async def hold(route: Route) -> None:
        sent.set()
        await go_on.wait()
        await route.continue_()

    await turns(page, hold)
    await look(page)
    await choose(page, "first")
    await page.keyboard.press("Enter")
    await asyncio.wait_for(sent.wait(), 10)
    await change(page, by)
    await expect(choice(page, "first")).to_be_checked()
    await expect(choice(page, "second")).not_to_be_checked()
    go_on.set()
    await is_done(page, 1)
    await was_stored(page, "first")


async def change(page: Page, by: str) -> None:
    """Try to choose the second."""
    if by == "pointer":
        await choose(page, "second")
        await expect(page.locator("#label-state")).to_contain_text("being saved as you see them")
    elif by == "arrow":
        await page.locator("input[value=first]").focus()
        await page.keyboard.press("ArrowRight")
    else:
        await page.keyboard.press("2")


@pytest.mark.parametrize("leaves", ["by the button", "without a word"])
async def test_the_next_person_in_the_same_tab_meets_no_choice_of_the_last(begin, there, leaves) -> None:
    visitor = await begin()
    page, address = visitor.page, visitor.page.url
    place = await page.locator("#label-form").get_attribute("data-place")
    await choose(page, "second")
    await page.reload()
    await expect(choice(page, "second")).to_be_checked()  # what is not stored yet stays, for who chose it
    if leaves == "by the button":
        await page.get_by_role("button", name="Sign out").click()
        await page.wait_for_url("**/dashboard/sign-in")
        assert await kept(page) == []
    await visitor.context.add_cookies([cookie_of(there.url, key(there, next(_names)))])
    await page.goto(address)
    await expect(page.locator("#label-form.by-steps")).to_be_visible()
    assert await page.locator("#label-form").get_attribute("data-place") == place
    assert await page.locator("input[type=radio]:checked").count() == 0
    assert await kept(page) == []


async def kept(page: Page) -> list[str]:
    found: list[str] = await page.evaluate("Object.keys(sessionStorage).filter((key) => key.startsWith('pair '))")
    return found


async def test_a_pair_taken_back_keeps_its_time(begin, there, job) -> None:
    visitor = await begin()
    page = visitor.page
    await page.wait_for_timeout(3_000)
    await page.keyboard.press("1")
    await is_done(page, 1)
    await look(page)
    await page.keyboard.press("z")
    await is_done(page, 0)
    await look(page)
    await page.keyboard.press("2")
    await is_done(page, 1)
    made = page.url.rsplit("/", 1)[1]
    (told,) = there.http.get(f"/reviews/{made}").json()["labellers"]
    assert told["done"] == 1
    assert told["seconds"] > 3


async def test_fast_fingers_label_no_pair_that_nobody_has_seen(begin) -> None:
    """Six presses, 130 ms apart: every pair but the first was there for 0.4 seconds before a key labelled it."""
    visitor = await begin()
    page = visitor.page
    await look(page)
    began = time.monotonic()
    for _ in range(6):
        await page.keyboard.press("2")
        await page.wait_for_timeout(130)
    pressed = time.monotonic() - began
    await look(page)
    done = int((await page.locator("#progress-text").inner_text()).split()[0])
    assert 1 <= done <= 1 + pressed / 0.4
    await page.keyboard.press("2")
    await is_done(page, done + 1)


@pytest.mark.parametrize("axes", [["overall"], FOUR])
async def test_a_small_phone_shows_the_question_and_the_traces(begin, axes) -> None:
    visitor = await begin(axes, width=360)
    page = visitor.page
    await page.set_viewport_size({"width": 360, "height": 640})
    await page.reload()
    await expect(page.locator("#label-form.by-steps")).to_be_visible()
    top = await top_of_panel(page)
    assert top > 640 * 0.6
    question = await page.locator("#question .text").first.bounding_box()
    assert question
    assert question["y"] + 60 < top, "two lines of the question are in sight"
    await page.locator(".switch a", has_text="First").click()
    switch, trace = [await page.locator(one).bounding_box() for one in (".switch", "#first div.text")]
    assert switch
    assert trace
    seen = await top_of_panel(page) - max(trace["y"], switch["y"] + switch["height"])
    assert seen > 200
    assert await visitor.overflow() <= 0
    assert await visitor.violations() == []


async def top_of_panel(page: Page) -> float:
    """Where the choices begin that stay at the lower edge of the window."""
    box = await page.locator("#label-form").bounding_box()
    assert box
    assert box["y"] + box["height"] <= 640 + 1
    return box["y"]


async def test_steps_are_named_on_a_small_phone(begin) -> None:
    visitor = await begin(FOUR, width=390)
    steps = visitor.page.locator("[data-step]")
    for number, name in enumerate(["Perception", "Medical knowledge", "Rationale", "Overall"]):
        await expect(steps.nth(number).locator("span")).to_be_visible()
        assert (await steps.nth(number).inner_text()).split("\n")[0].strip() == name
    await choose(visitor.page, "second")
    await expect(steps.nth(0)).to_contain_text("Second")
    assert await visitor.overflow() <= 0


async def test_what_is_asked_opens_on_a_small_phone_for_one_pair(begin) -> None:
    visitor = await begin(width=360)
    page = visitor.page
    await page.set_viewport_size({"width": 360, "height": 640})
    await page.reload()
    asked = page.locator("fieldset .what p")
    await expect(page.locator("#label-form.by-steps")).to_be_visible()
    await expect(asked).to_be_hidden()
    await page.get_by_text("What is asked", exact=True).click()
    await expect(asked).to_be_visible()
    await choose(page, "tie")
    await page.get_by_role("button", name="Save and next").click()
    await is_done(page, 1)
    await expect(asked).to_be_hidden()


async def test_keys_can_be_switched_off(begin) -> None:
    visitor = await begin()
    page = visitor.page
    await look(page)
    assert await visitor.violations() == []
    await page.get_by_label("Keyboard shortcuts").uncheck()
    await keys_do_nothing(page)
    await page.reload()  # it is remembered
    await look(page)
    await expect(page.get_by_label("Keyboard shortcuts")).not_to_be_checked()
    await keys_do_nothing(page)
    await page.get_by_label("Keyboard shortcuts").check()
    await expect(page.locator(".choice kbd").first).to_be_visible()
    await page.keyboard.press("t")  # where the focus is: on the switch
    await is_done(page, 1)
    await was_stored(page, "tie")


async def keys_do_nothing(page: Page) -> None:
    await expect(page.locator(".choice kbd").first).to_be_hidden()
    for one in ("1", "2", "t", "u", "z", "?", "Enter"):
        await page.keyboard.press(one)
    assert await page.locator("input[type=radio]:checked").count() == 0
    assert await page.locator("dialog[open]").count() == 0
    await is_done(page, 0)
