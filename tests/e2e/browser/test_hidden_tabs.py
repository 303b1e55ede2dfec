"""Pages that follow what happens: not in a tab nobody looks at, and not under a reader's hands."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.async_api import Page, expect

from tests.e2e.browser.seeded import key, label, plan, review, running
from tests.world.jobs import start

CONNECTIONS = 6  # to one host at a time, over HTTP/1.1
LOOK = 'document.dispatchEvent(new Event("visibilitychange"))'
HIDE = f'Object.defineProperty(document, "hidden", {{get: () => true, configurable: true}}); {LOOK}'
SHOW = f"delete document.hidden; {LOOK}"


@pytest.fixture
def paused(there, seed) -> Iterator[str]:
    """A job whose page listens for as long as anybody likes; gone afterwards, as the overview shows so many only."""
    job = running(there)
    start(there, job)
    assert there.http.post(f"/jobs/{job}/pause").status_code in (200, 202)
    yield job
    there.http.post(f"/jobs/{job}/cancel")
    assert there.http.delete(f"/jobs/{job}").status_code in (200, 204)


async def follow(page: Page, address: str) -> None:
    """Open a job's page, until it listens."""
    async with page.expect_response("**/events"):
        await page.goto(address)


async def test_hidden_tabs_of_jobs_leave_the_connections_to_the_one_that_is_read(visit, there, paused) -> None:
    lead = await visit(there.key)
    address = f"{there.url}/dashboard/jobs/{paused}"
    for _ in range(CONNECTIONS):
        tab = await lead.context.new_page()
        await follow(tab, address)
        await tab.evaluate(HIDE)
    await lead.page.goto(f"{there.url}/dashboard", timeout=5_000)
    await expect(lead.page.locator("h1")).to_have_text("Overview")


async def test_a_tab_that_is_shown_again_hears_what_it_missed(visit, there, paused) -> None:
    lead = await visit(there.key)
    await follow(lead.page, f"{there.url}/dashboard/jobs/{paused}")
    await expect(lead.page.locator(".badge.paused")).to_be_visible()
    await lead.page.evaluate(HIDE)
    assert there.http.post(f"/jobs/{paused}/cancel").status_code in (200, 202)
    await lead.page.wait_for_timeout(2_500)  # more than a look of the server
    await expect(lead.page.locator(".badge.paused")).to_be_visible()
    await lead.page.evaluate(SHOW)
    await expect(lead.page.locator(".badge.cancelled")).to_be_visible()
    await expect(lead.page.locator(".job-progress")).to_contain_text("cancelled")


async def test_a_tab_opened_in_the_background_listens_to_nothing(visit, there, paused) -> None:
    lead = await visit(there.key)
    await lead.context.add_init_script(HIDE)
    await lead.go(f"/dashboard/jobs/{paused}")
    await lead.page.wait_for_timeout(500)
    assert f"/v1/jobs/{paused}/events" not in lead.asked


@pytest.fixture
async def reviews(visit, there, seed):
    """A lead at the reviews of a job that has labels, with a clock that can be put forward."""
    plan(there, seed)
    lead = await visit(there.key)
    address = f"/dashboard/jobs/{seed.done}/reviews"
    await lead.go(address)
    await expect(lead.page.locator("#agreement")).to_contain_text("As of")
    await lead.page.clock.install()
    await lead.go(address)
    lead.asked.clear()
    return lead


async def test_reviews_are_looked_at_again_but_not_where_somebody_reads(reviews) -> None:
    page, path = reviews.page, reviews.page.url.removeprefix(reviews.origin)
    await page.clock.run_for(16_000)
    await page.wait_for_timeout(500)
    assert path in reviews.asked
    reviews.asked.clear()
    region = page.get_by_role("region", name="Agreement with people")
    await region.focus()
    await page.clock.run_for(16_000)
    await page.wait_for_timeout(300)
    await expect(region).to_be_focused()
    assert path not in reviews.asked


async def test_reviews_in_a_hidden_tab_ask_for_nothing(reviews) -> None:
    path = reviews.page.url.removeprefix(reviews.origin)
    await reviews.page.evaluate(HIDE)
    await reviews.page.clock.run_for(40_000)
    await reviews.page.wait_for_timeout(300)
    assert path not in reviews.asked


async def test_the_notes_on_agreement_are_read_whole(visit, there, seed) -> None:
    made = review(there, seed.done, pairs=3, seed=5)
    label(there, made, key(there, "nora"), 3)
    lead = await visit(there.key)
    await lead.go(f"/dashboard/jobs/{seed.done}/reviews")
    table = lead.page.get_by_role("region", name="Agreement with people")
    await expect(table).to_be_visible()
    await table.locator("td").last.evaluate("(cell) => { cell.textContent = 'kappa is not known, for '.repeat(12) }")
    assert await table.evaluate("(one) => one.scrollWidth <= one.clientWidth")


async def test_a_page_that_a_form_leads_away_from_asks_for_nothing_more(visit, there, seed) -> None:
    """Signed out meanwhile, it would be sent to sign in and come back, instead of where the form leads."""
    lead = await visit(there.key)
    await lead.go(f"/dashboard/jobs/{seed.done}")
    await expect(lead.page.locator("#report")).to_contain_text("As of")
    lead.asked.clear()
    await lead.page.evaluate(
        "document.querySelector('form[method=post]').dispatchEvent(new Event('submit', {bubbles: true}))"
    )
    await lead.page.evaluate("htmx.ajax('GET', `${location.pathname}/report`, {source: '#report'})")
    await lead.page.wait_for_timeout(300)
    assert not lead.asked
