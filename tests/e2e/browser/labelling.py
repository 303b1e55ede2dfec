"""What people who label do in a browser, at the speed of people."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from playwright.async_api import Locator, Page, Route, expect

LOOK = 500  # milliseconds: longer than keys do nothing after a pair has come


async def look(page: Page) -> None:
    """Look at the pair before a key judges it, from when the page's script is there."""
    await page.wait_for_selector("#label-form.by-steps")
    await page.wait_for_timeout(LOOK)


def choice(page: Page, word: str) -> Locator:
    return page.locator(f"fieldset:not([hidden]) input[value={word}]")


async def choose(page: Page, word: str) -> None:
    await page.locator(f"fieldset:not([hidden]) label:has(input[value={word}])").click()


async def is_done(page: Page, count: int) -> None:
    await expect(page.locator("#progress-text")).to_have_text(f"{count} of 6 done")


async def was_stored(page: Page, word: str) -> None:
    """An undo brings back what is stored."""
    await page.get_by_role("button", name="Undo last").click()
    await is_done(page, 0)
    assert await page.locator("input[type=radio]:checked").get_attribute("value") == word


def turns(page: Page, answer: Callable[[Route], Awaitable[None]]) -> Awaitable[None]:
    """Answers on their way pass through `answer`."""
    return page.route("**/turns/*", answer)
