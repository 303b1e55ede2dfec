"""Blind review from the lead's first click to the calibrated rate, labelled by keyboard alone."""

from __future__ import annotations

from playwright.async_api import Page, expect

from tests.e2e.browser.labelling import look
from tests.e2e.browser.seeded import AXES, LABELLED_BEFORE, REVIEWED, key, label
from tests.e2e.browser.visiting import Visit

TO_DO = REVIEWED - LABELLED_BEFORE
KEYS = "12t1u21t2112t121221u"  # what is pressed for the pairs in turn
HIDDEN = ("tuned-7b", "base-7b", "to review", "stub-72b", "INCONSISTENT")


async def press(page: Page, choice: str) -> None:
    """The same choice on every axis, by key, after a look at the pair."""
    await look(page)
    for _ in AXES:
        await page.keyboard.press(choice)


async def is_done(page: Page, count: int) -> None:
    await expect(page.locator("#progress-text")).to_have_text(f"{count} of {TO_DO} done")


async def label_some(visitor: Visit, first: int, last: int) -> None:
    """Pairs `first` to `last` - 1, by keyboard; what must stay hidden is not even in the page's source."""
    for number in range(first, last):
        source = await visitor.page.content()
        assert not [word for word in HIDDEN if word in source]
        await press(visitor.page, KEYS[number])
        if number + 1 < TO_DO:
            await is_done(visitor.page, number + 1)


async def sign_in_by(link: str, visitor: Visit) -> None:
    await visitor.page.goto(link)
    await visitor.page.wait_for_url(f"{visitor.origin}/review")


async def test_twenty_pairs_by_keyboard_bring_the_calibrated_rate(visit, there, seed) -> None:
    lead = await visit(there.key)
    reviewed, link = await draw_and_invite(lead, seed.reviewed)
    label(there, reviewed, key(there, "ann"), LABELLED_BEFORE)
    before = await agreement(lead, seed.reviewed)
    assert await lead.page.locator("#calibrated [data-available=yes]").count() == 0
    assert "calibrated" in (await lead.text()).lower()  # that there will be one is said

    bob = await visit()
    await sign_in_by(link, bob)
    await bob.page.locator(f"a[href='/review/{reviewed}']", has_text="Start").click()
    await is_done(bob.page, 0)
    await label_some(bob, 0, 7)
    await undo_once(bob, 7)
    await label_some(bob, 7, 9)
    question = await bob.page.locator("#question").inner_text()
    await bob.context.close()  # in the middle: nothing is lost, and the same pair is in front of them again

    bob = await visit()
    await sign_in_by(link, bob)
    await bob.page.locator(f"a[href='/review/{reviewed}']", has_text="Go on").click()
    await is_done(bob.page, 9)
    assert await bob.page.locator("#question").inner_text() == question
    await label_some(bob, 9, TO_DO)
    await bob.page.wait_for_url(f"**/review/{reviewed}/done")
    await expect(bob.page.locator("main")).to_contain_text(str(TO_DO))

    await expect_after_reloads(lead.page, "#calibrated [data-available=yes]")
    rate = await lead.page.locator("#calibrated [data-available=yes]").first.inner_text()
    assert "%" in rate
    assert await agreement(lead, seed.reviewed) != before


async def draw_and_invite(lead: Visit, job: str) -> tuple[str, str]:
    """A review of all pairs by the lead's form, and a labeller's link: the review's id and the link."""
    await lead.go(f"/dashboard/jobs/{job}/reviews")
    await lead.page.get_by_label("Title").fill("First round")
    await lead.page.get_by_label("Pairs", exact=True).fill(str(REVIEWED))
    await lead.page.get_by_role("button", name="Draw the pairs").click()
    close = lead.page.locator("a[href$='/close']")
    address = await close.first.get_attribute("href") or ""
    await lead.page.get_by_label("Name", exact=True).fill("bob")
    await lead.page.get_by_role("button", name="Make the link").click()
    return address.split("/")[-2], await lead.page.locator("#made-text").inner_text()


async def expect_after_reloads(page: Page, selector: str, times: int = 40) -> None:
    """What is computed in the background comes without anybody waiting for it: look again until it is there."""
    for _ in range(times):
        if await page.locator(selector).count():
            return
        await page.wait_for_timeout(250)
        await page.reload()
    raise AssertionError(f"{selector} never came:\n{await page.locator('main').inner_text()}")


async def agreement(lead: Visit, job: str) -> str:
    """The table of how far judges and people agree, once it is there."""
    await lead.go(f"/dashboard/jobs/{job}/reviews")
    await expect_after_reloads(lead.page, "#agreement table")
    return await lead.page.locator("#agreement table").inner_text()


async def undo_once(visitor: Visit, done: int) -> None:
    """The last pair comes back with what was said; saying it again goes on."""
    await visitor.page.keyboard.press("z")
    await is_done(visitor.page, done - 1)
    picks = {"1": "first", "2": "second", "t": "tie", "u": "unable"}
    checked = visitor.page.locator(f"input[type=radio][value={picks[KEYS[done - 1]]}]:checked")
    assert await checked.count() == len(AXES)
    await press(visitor.page, KEYS[done - 1])
    await is_done(visitor.page, done)


async def test_a_labeller_sees_nothing_but_reviews(visit, there, seed, planned) -> None:
    labeller = await visit(planned.labeller)
    labeller.expected = ("403",)
    job = f"/dashboard/jobs/{seed.done}"
    paths = ["/dashboard", job, f"{job}/pairs", f"{job}/pairs/0", f"{job}/reviews", f"{job}/comparison"]
    for path in [*paths, "/dashboard/leaderboard", "/dashboard/judges", "/dashboard/rubrics", "/dashboard/settings"]:
        await labeller.go(path, 403)
        assert await labeller.page.locator("h1").count() == 1
        assert "tuned" not in await labeller.page.content()
    cookies = {"Cookie": f"tracejudge_session={(await labeller.context.cookies())[0]['value']}"}
    for path in ("jobs", f"jobs/{seed.done}", f"jobs/{seed.done}/report", "judges", "keys", "dashboard"):
        answer = await labeller.context.request.get(f"{there.url}/v1/{path}", headers=cookies)
        assert answer.status == 403, path
