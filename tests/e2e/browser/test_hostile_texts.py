"""Texts that are scripts, links, styles or control characters stay texts on every page that shows them."""

from __future__ import annotations

import pytest

from tests.e2e.browser import hostile
from tests.e2e.browser.labelling import look
from tests.e2e.browser.pages import HOSTILE, address
from tests.e2e.browser.seeded import AXES, key, review

# Characters that would change how what comes after them is shown, or end it, were they sent on as they are.
UNSEEN = "\x1b\x07\x08\x0b\x7f\x85\u202e\u2066\u200b\ufeff"


@pytest.mark.parametrize("name", HOSTILE)
async def test_a_page_shows_hostile_texts_as_text(visit, there, seed, planned, name) -> None:
    lead = await visit(there.key)
    await lead.go(address(HOSTILE[name], seed, planned))
    await lead.page.wait_for_timeout(100)  # for whatever would load or run
    await lead.is_untouched()
    assert not set(UNSEEN) & set(await lead.page.locator("main").inner_text())
    if name not in ("reviews", "comparison"):
        assert "pwned" in await lead.page.content(), "this page shows nothing hostile, so it proves nothing"


async def test_a_pair_page_shows_hostile_texts_as_text(visit, there, seed) -> None:
    rows = there.http.get(f"/jobs/{seed.hostile}/pairs?limit=100").json()["items"]
    assert len(rows) == len(hostile.TEXTS)
    lead = await visit(there.key)
    longest = 0
    for row in rows:
        answer = await lead.go(f"/dashboard/jobs/{seed.hostile}/pairs/{row['seq']}")
        longest = max(longest, len(await answer.body()))
        await lead.is_untouched()
        text = await lead.page.locator("main").inner_text()
        assert not set(UNSEEN) & set(text)
        assert hostile.SCRIPT in text
        assert hostile.TEXTS["markdown"] in text
        wider = await lead.overflow()
        assert wider <= 0, f"the page is {wider} px too wide"
    assert longest > len(hostile.LONG) or longest < 600_000  # shown whole, or cut; not half way to the browser's death


async def test_labelling_shows_hostile_texts_as_text(visit, there, seed) -> None:
    made = review(there, seed.hostile, pairs=len(hostile.TEXTS), title=hostile.NAME)
    labeller = await visit(key(there, "dora"))
    await labeller.go("/review")
    await labeller.is_untouched()
    for _ in range(3):
        await labeller.go(f"/review/{made}")
        await labeller.is_untouched()
        assert not set(UNSEEN) & set(await labeller.page.locator("main").inner_text())
        await look(labeller.page)
        for _ in AXES:
            await labeller.page.keyboard.press("t")
        await labeller.page.get_by_text("Saved.").wait_for()


async def test_a_parameter_is_no_way_in(visit, there, seed) -> None:
    lead = await visit(there.key)
    lead.expected = ("400", "404", "422")
    for path in ("/dashboard", f"/dashboard/jobs/{seed.done}", f"/dashboard/jobs/{seed.done}/pairs"):
        for name in ("axis", "tag", "judge", "slice_by", "after", "level", "policy", "next"):
            await lead.page.goto(f'{there.url}{path}?{name}="><script>window.pwned=1</script>{hostile.FOREIGN}')
            await lead.is_untouched()
            assert await lead.page.locator("h1").count() == 1
