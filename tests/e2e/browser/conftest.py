"""One browser process and one World for all browser tests; every test gets contexts of its own.

The asynchronous Playwright runs on the loop the other tests run on: the synchronous one would keep a loop running
between tests, and whatever needs one of its own would fail.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator

import pytest
from playwright.async_api import Browser, async_playwright

from tests.e2e.browser import browsers, seeded
from tests.e2e.browser.seeded import Planned, Seeded
from tests.e2e.browser.visiting import WATCHING, Visit, cookie_of
from tests.world.world import World, world

PATIENCE = 10_000  # milliseconds until a thing that does not come is a failure
SETTINGS = {"max_trace_characters": "1200000", "allowed_hosts": "127.0.0.1", "flush_seconds": "0.1"}

Visitor = Callable[..., Awaitable[Visit]]


@pytest.fixture(scope="session")
async def browser() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        path = browsers.find_browser(playwright.chromium.executable_path)
        if path is None:
            (pytest.fail if browsers.is_required() else pytest.skip)(browsers.HOW_TO_GET_ONE)
        started = await playwright.chromium.launch(executable_path=path, args=browsers.flags())
        yield started
        await started.close()


@pytest.fixture(scope="session")
def there(browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Asks for the browser first: without one there is no need of a World."""
    made = world(tmp_path_factory.mktemp("browser"), settings=SETTINGS, slots=16, position_pull=0.9, tie_band=0.15)
    with made as running:
        yield running


@pytest.fixture(scope="session")
def seed(there: World) -> Seeded:
    return seeded.seed(there)


@pytest.fixture(scope="session")
def planned(there: World, seed: Seeded) -> Planned:
    return seeded.plan(there, seed)


@pytest.fixture
async def visit(browser: Browser, there: World) -> AsyncIterator[Visitor]:
    """`await visit(key, scheme=, width=, script=)`: somebody with a browser, signed in when there is a key.

    At the end of the test each visitor must have met nothing wrong.
    """
    made: list[Visit] = []

    async def come(key: str | None = None, *, scheme: str = "light", width: int = 1280, script: bool = True) -> Visit:
        context = await browser.new_context(
            color_scheme=scheme,
            viewport={"width": width, "height": 900 if width > 500 else 844},
            java_script_enabled=script,
            reduced_motion="reduce",
        )
        context.set_default_timeout(PATIENCE)
        if script:
            await context.add_init_script(WATCHING)
        if key is not None:
            await context.add_cookies([cookie_of(there.url, key)])
        visitor = Visit(context, await context.new_page(), there.url)
        visitor.watch()
        made.append(visitor)
        return visitor

    yield come
    for visitor in made:
        await visitor.context.close()
    for visitor in made:
        visitor.is_clean()
