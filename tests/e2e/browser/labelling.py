"""What people who label do in a browser, at the speed of people."""

from __future__ import annotations

from playwright.async_api import Page

LOOK = 500  # milliseconds: longer than keys do nothing after a pair has come


async def look(page: Page) -> None:
    """Look at the pair before a key judges it, from when the page's script is there."""
    await page.wait_for_selector("#label-form.by-steps")
    await page.wait_for_timeout(LOOK)
