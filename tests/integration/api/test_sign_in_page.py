"""Signing in and out: where people land, what they are told, and what a session does not open."""

from __future__ import annotations

import pytest

from app.api.auth import COOKIE
from app.services import admin
from tests.integration.api.conftest import hidden

SIGN_IN = "/dashboard/sign-in"


@pytest.fixture
async def keys(database, project):
    """role -> a new key of the test's project."""

    async def of(role: str):
        return await admin.create_key(database, project, f"{role}-key", role=role)

    return of


@pytest.mark.parametrize(
    ("role", "to", "lands"),
    [
        ("reader", "", "/dashboard"),
        ("labeller", "", "/review"),
        ("reader", "/dashboard/jobs/x?level=0.9", "/dashboard/jobs/x?level=0.9"),
        ("labeller", "/dashboard/settings", "/review"),
        ("labeller", "/review/x", "/review/x"),
        ("reader", "https://elsewhere.example/dashboard", "/dashboard"),
        ("reader", "//elsewhere.example/dashboard", "/dashboard"),
        ("reader", "/dashboard/../../elsewhere", "/dashboard"),
        ("reader", "/dashboard/%2e%2e//elsewhere.example", "/dashboard"),
        ("reader", "/dashboard\\@elsewhere.example", "/dashboard"),
        ("reader", "/dashboard\r\nSet-Cookie: a=b", "/dashboard"),
    ],
)
async def test_people_land_on_pages_of_ours_that_their_key_opens(visit, keys, role, to, lands):
    browser = await visit(None)
    _, token = await keys(role)
    answer = await browser.post(SIGN_IN, data={"key": f"  {token} ", "next": to})
    assert (answer.status_code, answer.headers["location"]) == (303, lands)
    cookie = answer.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "samesite=lax" in cookie.lower()
    assert token not in cookie


async def test_a_key_that_is_no_good_says_why(visit, keys, database, project):
    browser = await visit(None)
    key, token = await keys("labeller")
    await admin.revoke_key(database, project, key.id)
    told = await browser.post(SIGN_IN, data={"key": token})
    assert (told.status_code, "was revoked on" in told.text) == (401, True)
    assert COOKIE not in told.cookies
    for wrong in ("tj_" + "x" * 43, "", "\x00", "é" * 300):
        told = await browser.post(SIGN_IN, data={"key": wrong})
        assert (told.status_code, "This key is unknown" in told.text) == (401, True)
        assert wrong in ("", "\x00") or wrong not in told.text


async def test_who_is_signed_in_is_told_so_and_signs_out(visit):
    browser = await visit("reader", "rita")
    page = (await browser.get(SIGN_IN + "?next=/dashboard/judges")).text
    assert "<b>rita</b>" in page
    assert 'href="/dashboard/judges">Go on' in page
    forged = await browser.post("/dashboard/sign-out", data={"csrf": "00" * 64})
    assert forged.status_code == 403
    out = await browser.post("/dashboard/sign-out", data={"csrf": hidden(page, "csrf")})
    assert (out.status_code, out.headers["location"]) == (303, SIGN_IN)
    away = await browser.get("/dashboard/judges")
    assert (away.status_code, away.headers["location"]) == (303, SIGN_IN + "?next=/dashboard/judges")


async def test_a_session_that_has_ended_is_said_to_have_ended(visit):
    browser = await visit(None)
    page = (await browser.get(SIGN_IN, headers={"Cookie": f"{COOKIE}=long-gone"})).text
    assert "Your session has ended" in page
    assert "Your session has ended" not in (await browser.get(SIGN_IN)).text


async def test_a_part_of_a_page_sends_the_whole_page_to_sign_in(visit):
    browser = await visit(None)
    headers = {"HX-Request": "true", "HX-Current-URL": "http://api/dashboard/judges?x=1"}
    answer = await browser.get("/dashboard", headers=headers)
    assert (answer.status_code, answer.headers["hx-redirect"]) == (401, SIGN_IN + "?next=/dashboard/judges%3Fx%3D1")


async def test_nobody_signs_others_in_from_a_page_elsewhere(visit, keys):
    browser = await visit(None)
    _, token = await keys("reader")
    answer = await browser.post(SIGN_IN, data={"key": token}, headers={"Sec-Fetch-Site": "cross-site"})
    assert answer.status_code == 403
    assert COOKIE not in answer.cookies


async def test_a_form_of_a_session_that_has_ended_leads_back_to_its_page(visit):
    browser = await visit(None)
    page = "/dashboard/jobs/0b8f3a52-6f0e-4a3c-9a44-0d8f6c1f2f10"
    told = await browser.post(f"{page}/pause", headers={"Referer": f"http://api{page}?level=0.9"})
    assert (told.status_code, told.headers["referrer-policy"]) == (401, "same-origin")
    assert f'href="{SIGN_IN}?next={page}%3Flevel%3D0.9"' in told.text
    for elsewhere in ("", "http://elsewhere.example/dashboard/settings", "http://[", "http://api/v1/jobs"):
        told = await browser.post(f"{page}/pause", headers={"Referer": elsewhere})
        assert f'href="{SIGN_IN}">Sign in' in told.text, elsewhere


async def test_a_labeller_is_told_of_the_link_only_where_it_opens_too_little(visit):
    browser = await visit("labeller", "ann")
    told = {}
    for path, status in (("/dashboard/judges", 403), ("/review/nonsense", 404), ("/review/nonsense/done", 404)):
        answer = await browser.get(path)
        assert answer.status_code == status, answer.text
        told[path] = "You signed in with a link for labelling" in answer.text
    assert list(told.values()) == [True, False, False]
