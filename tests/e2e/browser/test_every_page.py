"""Every page: accessible in both colour schemes and on a phone, by keyboard alone, and small enough."""

from __future__ import annotations

import pytest
from playwright.async_api import Response

from tests.e2e.browser.pages import LABELLER, LEAD, NOBODY, address
from tests.e2e.browser.visiting import Visit

COLOURS = ["color-contrast", "link-in-text-block"]
LIMIT = 300_000  # bytes of a page with its styles and scripts, without pictures


async def axe_in_every_look(visitor: Visit, page: str) -> None:
    """All rules in light; what depends on colours in dark; all rules at the width of a phone."""
    found = [f"light: {one}" for one in await visitor.violations()]
    await visitor.page.emulate_media(color_scheme="dark")
    found += [f"dark: {one}" for one in await visitor.violations(COLOURS)]
    await visitor.page.set_viewport_size({"width": 390, "height": 844})
    found += [f"dark, 390 px: {one}" for one in await visitor.violations()]
    wider = await visitor.overflow()
    assert not found, "\n".join([page, *found])
    assert wider <= 0, f"{page} is {wider} px wider than a phone"


@pytest.mark.parametrize("name", LEAD)
async def test_a_lead_s_page_is_accessible(visit, there, seed, planned, name) -> None:
    lead = await visit(there.key)
    await lead.go(address(LEAD[name], seed, planned))
    assert await lead.page.locator("h1").count() == 1
    await axe_in_every_look(lead, name)


@pytest.mark.parametrize("name", LABELLER)
async def test_a_labeller_s_page_is_accessible(visit, seed, planned, name) -> None:
    labeller = await visit(planned.labeller)
    await labeller.go(address(LABELLER[name], seed, planned))
    assert await labeller.page.locator("h1").count() == 1
    await axe_in_every_look(labeller, name)


@pytest.mark.parametrize("name", NOBODY)
async def test_a_page_for_anybody_is_accessible(visit, there, seed, planned, name) -> None:
    path, status = NOBODY[name]
    somebody = await visit(there.key if status == 404 else None)
    somebody.expected = ("404",)
    await somebody.go(address(path, seed, planned), status)
    await axe_in_every_look(somebody, name)


# Elements that Tab must reach: those a pointer can use. Radios of one name are one stop.
REACHABLE = """
() => {
  const seen = new Set(), stops = [];
  for (const e of document.querySelectorAll("a[href], button, input, select, textarea, summary, [tabindex='0']")) {
    if (e.disabled || e.type === "hidden" || !e.checkVisibility({visibilityProperty: true})) continue;
    if (e.closest("[inert]") || e.tabIndex < 0) continue;
    if (e.type === "radio") { const k = e.form + e.name; if (seen.has(k)) continue; seen.add(k); }
    stops.push(e);
  }
  window.__stops = stops;
  return stops.length;
}
"""
# Where the focus is now: its place among the stops (a radio counts for its group), and whether it shows.
FOCUSED = """
() => {
  const at = document.activeElement, style = getComputedStyle(at);
  const shows = style.outlineStyle !== "none" || style.boxShadow !== "none";
  const place = window.__stops.findIndex((e) => e === at || (e.type === "radio" && e.name === at.name));
  return [place, shows, at.outerHTML.slice(0, 120)];
}
"""


@pytest.mark.parametrize("name", ["overview", "job", "pairs", "pair", "reviews", "leaderboard", "settings"])
async def test_tab_reaches_everything_and_the_focus_shows(visit, there, seed, planned, name) -> None:
    lead = await visit(there.key)
    await lead.go(address(LEAD[name], seed, planned))
    keyboard = lead.page.keyboard
    await keyboard.press("Tab")
    await keyboard.press("Enter")  # the skip link is the first stop
    assert await lead.page.evaluate("document.activeElement.id") == "content"
    await lead.page.evaluate("document.activeElement.blur(); window.scrollTo(0, 0)")
    await lead.page.reload()
    stops = await lead.page.evaluate(REACHABLE)
    reached, unseen = set(), []
    for _ in range(min(stops, 80) + 5):
        await keyboard.press("Tab")
        place, shows, html = await lead.page.evaluate(FOCUSED)
        reached.add(place)
        if place >= 0 and not shows:
            unseen.append(html)
    assert not unseen, f"focus does not show on {unseen}"
    missed = [place for place in range(min(stops, 80)) if place not in reached]
    html = await lead.page.evaluate("(m) => m.map((i) => window.__stops[i].outerHTML.slice(0, 160))", missed)
    assert not missed, f"Tab never reaches {html}"


def is_weighed(answer: Response) -> bool:
    kind = answer.headers.get("content-type", "")
    return answer.request.resource_type in ("document", "stylesheet", "script") and "event-stream" not in kind


@pytest.mark.parametrize("name", ["overview", "job", "pair", "pairs", "leaderboard"])
async def test_a_page_is_small(visit, there, seed, planned, name) -> None:
    lead = await visit(there.key)
    answers: list[Response] = []

    def keep(answer: Response) -> None:
        answers.append(answer)

    lead.page.on("response", keep)
    await lead.go(address(LEAD[name], seed, planned))
    # Bodies are read here and not in the listener: what a listener still waits for when the test is over fails the next
    # test, and a body that came late would not have been weighed.
    sizes = {answer.url: len(await answer.body()) for answer in answers if is_weighed(answer)}
    assert len(sizes) >= 3
    assert sum(sizes.values()) <= LIMIT, sizes
