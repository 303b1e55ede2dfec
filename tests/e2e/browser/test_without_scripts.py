"""With JavaScript off everything can still be read, and pairs labelled."""

from __future__ import annotations

import re

from playwright.async_api import Page, expect

from tests.e2e.browser.seeded import AXES, key, review


async def test_pages_can_be_read(visit, there, seed) -> None:
    lead = await visit(there.key, script=False)
    await lead.go("/dashboard?limit=100")  # other tests have made jobs since
    await lead.page.get_by_role("link", name="tuned against base").first.click()
    await lead.page.wait_for_url(f"**/dashboard/jobs/{seed.done}")
    await look_again_until(lead.page, re.compile(r"\d+\.\d %\s+\(95 % CI"))
    await lead.page.get_by_role("link", name="Pairs", exact=True).click()
    await lead.page.wait_for_url(f"**/dashboard/jobs/{seed.done}/pairs")
    assert await lead.page.locator("tbody tr").count() > 5
    await lead.page.locator("tbody tr").first.get_by_role("link").first.click()
    await lead.page.wait_for_url(re.compile(r"/pairs/\d+"))
    await expect(lead.page.locator("main")).to_contain_text("Compared on overall")


async def look_again_until(page: Page, text: re.Pattern[str], times: int = 40) -> None:
    """What is being computed is looked at again, by reloading."""
    for _ in range(times):
        if text.search(await page.locator("main").inner_text()):
            return
        await page.wait_for_timeout(250)
        await page.reload()
    raise AssertionError(await page.locator("main").inner_text())


async def test_a_labeller_can_label_by_the_form(visit, there, seed) -> None:
    made = review(there, seed.done, pairs=2, per_pair=2, seed=99, title="by form")  # nobody has labelled these
    labeller = await visit(key(there, "edith"), script=False)
    await labeller.go(f"/review/{made}")
    save = labeller.page.get_by_role("button", name="Save and next")
    await save.click()  # nothing chosen: the form itself asks for a choice, nothing is sent
    assert await labeller.page.locator("input:invalid").count() > 0
    for _ in range(2):
        for number in range(len(AXES)):
            await labeller.page.locator(f"input[name=axis-{number}][value=first]").check()
        await save.click()
    await labeller.page.wait_for_url(f"**/review/{made}/done")
    await labeller.page.get_by_role("button", name="Undo last").click()
    await labeller.page.wait_for_url(f"**/review/{made}")
    assert await labeller.page.locator("input[value=first]:checked").count() == len(AXES)
