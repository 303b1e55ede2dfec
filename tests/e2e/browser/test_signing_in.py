"""Signing in by link and by key, and pages for who may not see what they asked for."""

from __future__ import annotations

import uuid

from playwright.async_api import expect

from tests.e2e.browser import seeded


async def test_a_link_signs_in_and_leaves_no_key_in_the_address(visit, there) -> None:
    somebody = await visit()
    await somebody.go(f"/dashboard/sign-in#{there.key}")
    await somebody.page.wait_for_url(f"{there.url}/dashboard")
    assert await somebody.page.locator("h1").count() == 1
    await somebody.page.go_back()
    assert there.key not in somebody.page.url
    assert there.key not in await somebody.page.content()


async def test_who_is_signed_out_is_asked_to_sign_in_and_comes_back(visit, there, seed) -> None:
    somebody = await visit()
    await somebody.go(f"/dashboard/jobs/{seed.done}?level=0.9")
    assert "/dashboard/sign-in" in somebody.page.url
    await somebody.page.get_by_label("API key").fill(there.key)
    await somebody.page.get_by_role("button", name="Sign in").click()
    await somebody.page.wait_for_url(f"{there.url}/dashboard/jobs/{seed.done}?level=0.9")
    await somebody.page.get_by_role("button", name="Sign out").click()
    await somebody.page.wait_for_url("**/dashboard/sign-in")
    await somebody.go("/dashboard")
    assert "/dashboard/sign-in" in somebody.page.url


async def test_a_wrong_key_is_told_in_the_form(visit) -> None:
    somebody = await visit()
    somebody.expected = ("401",)
    await somebody.go("/dashboard/sign-in")
    await somebody.page.get_by_label("API key").fill("tj_wrong")
    await somebody.page.get_by_role("button", name="Sign in").click()
    await somebody.page.locator("#key-problem").wait_for()
    assert "unknown" in await somebody.page.locator("#key-problem").inner_text()


async def test_a_job_of_another_project_is_a_page_that_says_so(visit, there, seed) -> None:
    made = there.http.post("/projects", json={"name": "elsewhere"})
    lead = await visit(made.json()["key"])
    lead.expected = ("404",)
    for path in (f"/dashboard/jobs/{seed.done}", f"/dashboard/jobs/{uuid.uuid4()}", "/dashboard/jobs/nonsense"):
        answer = await lead.page.goto(there.url + path)
        assert answer.status in (404, 422)
        assert await lead.page.locator("h1").count() == 1
        assert await lead.page.get_by_role("link").count() > 1


async def test_a_pair_that_is_not_there_is_a_page_that_says_so(visit, there, seed) -> None:
    lead = await visit(there.key)
    lead.expected = ("404",)
    await lead.go(f"/dashboard/jobs/{seed.done}/pairs/99999", 404)
    assert await lead.page.locator("h1").count() == 1


async def test_a_removed_job_takes_its_pairs_with_it(visit, there) -> None:
    job = seeded.draft(there, seeded.documents(2), name="to be removed")
    assert there.http.delete(f"/jobs/{job}").status_code in (200, 204)
    lead = await visit(there.key)
    lead.expected = ("404",)
    for path in (f"/dashboard/jobs/{job}", f"/dashboard/jobs/{job}/pairs", f"/dashboard/jobs/{job}/pairs/0"):
        await lead.go(path, 404)
        assert await lead.page.locator("h1").count() == 1


async def by_hand(somebody, token: str) -> None:
    """Signed in by the form: in a session of the test's own, which may end."""
    await somebody.go("/dashboard/sign-in")
    await somebody.page.get_by_label("API key").fill(token)
    await somebody.page.get_by_role("button", name="Sign in").click()
    await somebody.page.wait_for_url(lambda url: "sign-in" not in url)


async def test_a_link_for_somebody_else_asks_before_it_ends_a_session(visit, there, seed) -> None:
    lead = await visit()
    await by_hand(lead, there.key)
    link = f"/dashboard/sign-in#{seeded.key(there, 'mona')}"
    await lead.go(link)
    await expect(lead.page.locator("#another")).to_contain_text("another key")
    assert "#" not in lead.page.url
    await lead.page.get_by_role("link", name="Go on").click()
    await lead.page.wait_for_url(f"{there.url}/dashboard")  # still the lead
    await lead.go(link)
    await lead.page.locator("#another").wait_for()
    await lead.page.get_by_role("button", name="Sign in").click()
    await lead.page.wait_for_url(f"{there.url}/review")
    await expect(lead.page.locator("nav")).to_contain_text("mona")


async def test_a_link_of_ones_own_goes_on_by_itself(visit, there, seed) -> None:
    labeller = await visit()
    token = seeded.key(there, "nils")
    await by_hand(labeller, token)
    await labeller.go(f"/dashboard/sign-in#{token}")
    await labeller.page.wait_for_url(f"{there.url}/review")


async def test_a_link_that_is_no_good_says_so_and_ends_nothing(visit, there, seed) -> None:
    lead = await visit()
    lead.expected = ("401",)
    await by_hand(lead, there.key)
    await lead.go("/dashboard/sign-in#tj_wrong")
    await expect(lead.page.locator("#key-problem")).to_contain_text("unknown")
    await lead.page.evaluate("(key) => { location.hash = key }", seeded.key(there, "olga"))
    await expect(lead.page.locator("#another")).to_contain_text("another key")
    await lead.page.get_by_role("link", name="Go on").click()
    await expect(lead.page.locator("h1")).to_have_text("Overview")


async def test_a_picture_that_was_seen_is_gone_with_the_session(visit, there, seed) -> None:
    lead = await visit()
    lead.expected = ("401",)
    await by_hand(lead, there.key)
    await lead.go(f"/dashboard/jobs/{seed.done}/pairs/{seed.pictured}")
    picture = await lead.page.locator("[data-zoom]").first.get_attribute("href")
    assert picture is not None
    await lead.go("/dashboard")
    await lead.page.get_by_role("button", name="Sign out").click()
    await lead.page.wait_for_url("**/dashboard/sign-in")
    assert await lead.page.evaluate("(address) => fetch(address).then((answer) => answer.status)", picture) == 401


async def test_a_form_sent_after_the_session_leads_back_to_where_it_stood(visit, there, seed) -> None:
    lead = await visit()
    lead.expected = ("401",)
    job = seeded.running(there)
    await by_hand(lead, there.key)
    await lead.go(f"/dashboard/jobs/{job}")
    await lead.context.clear_cookies()
    await lead.page.get_by_role("button", name="Start").click()
    await lead.page.get_by_role("link", name="Sign in").click()
    await lead.page.get_by_label("API key").fill(there.key)
    await lead.page.get_by_role("button", name="Sign in").click()
    await lead.page.wait_for_url(f"{there.url}/dashboard/jobs/{job}")
    assert there.http.delete(f"/jobs/{job}").status_code in (200, 204)
