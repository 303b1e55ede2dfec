"""Keys made, shown once and revoked on a page; who may not is not offered it."""

from __future__ import annotations

import re

import httpx
import pytest

from tests.integration.api.conftest import hidden

SETTINGS = "/dashboard/settings"
KEY = re.compile(r"\btj_[\w-]{20,}\b")


async def make(browser: httpx.AsyncClient, **form: str) -> httpx.Response:
    csrf = hidden((await browser.get(SETTINGS)).text, "csrf")
    return await browser.post(SETTINGS, data={"csrf": csrf, "role": "reader", **form})


async def test_a_key_is_made_works_and_is_shown_this_once(visit, api):
    admin = await visit("admin")
    made = await make(admin, name="nightly <b>", role="submitter", expires_days="3")
    assert made.status_code == 200
    assert "nightly &lt;b&gt;" in made.text
    token = KEY.search(made.text)[0]
    transport = httpx.ASGITransport(api)
    async with httpx.AsyncClient(transport=transport, base_url="http://api") as program:
        me = await program.get("/v1/me", headers={"Authorization": f"Bearer {token}"})
    assert me.json()["key_name"] == "nightly <b>"
    assert me.json()["expires_at"] is not None
    again = (await admin.get(SETTINGS)).text
    assert token not in again
    assert token[:10] in again


async def test_a_labeller_gets_a_link(visit):
    admin = await visit("admin")
    made = (await make(admin, name="ann", role="labeller")).text
    link = re.search(r"http://api(/dashboard/sign-in)#(tj_[\w-]+)", made)
    ann = await visit(None)
    answer = await ann.post(link[1], data={"key": link[2]})
    assert (answer.status_code, answer.headers["location"]) == (303, "/review")
    assert (await ann.get(SETTINGS)).status_code == 403


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ({"name": ""}, "name-problem"),
        ({"name": "x" * 201}, "name-problem"),
        ({"name": "a\x00b"}, "name-problem"),
        ({"name": "x", "role": "queen"}, "role-problem"),
        ({"name": "x", "role": ""}, "role-problem"),
        ({"name": "x", "expires_days": "0"}, "days-problem"),
        ({"name": "x", "expires_days": "soon"}, "days-problem"),
        ({"name": "x", "expires_days": "9" * 30}, "days-problem"),
    ],
)
async def test_what_is_wrong_is_said_at_its_field_and_what_was_typed_stays(visit, form, said):
    admin = await visit("admin")
    answer = await make(admin, **form)
    assert answer.status_code == 422
    assert f'id="{said}"' in answer.text
    assert not KEY.search(answer.text)
    for name in ("name", "expires_days"):
        if (typed := form.get(name, "")).isprintable():
            assert f'value="{typed}"' in answer.text


async def test_a_key_is_revoked_after_a_question(visit):
    admin, other = await visit("admin"), await visit("reader", "rita")
    page = (await admin.get(SETTINGS)).text
    to = re.search(r'href="(/dashboard/settings/keys/\d+/revoke)" aria-label="Revoke rita', page)[1]
    asked = (await admin.get(to)).text
    assert "Revoke the key rita?" in asked
    assert (await other.get("/dashboard")).status_code == 200
    done = await admin.post(to, data={"csrf": hidden(asked, "csrf")})
    assert (done.status_code, done.headers["location"]) == (303, SETTINGS)
    assert (await other.get("/dashboard")).status_code == 303  # signed out
    assert "It was revoked on" in (await admin.get(to)).text


async def test_nothing_is_made_or_revoked_without_the_token_of_the_page(visit):
    admin = await visit("admin")
    before = (await admin.get("/v1/keys")).json()["items"]
    for csrf in ("", "00" * 64):
        assert (await admin.post(SETTINGS, data={"csrf": csrf, "name": "x", "role": "admin"})).status_code == 403
        key = before[0]["id"]
        assert (await admin.post(f"{SETTINGS}/keys/{key}/revoke", data={"csrf": csrf})).status_code == 403
    assert (await admin.get("/v1/keys")).json()["items"] == before


async def test_who_may_not_make_keys_is_not_offered_it(visit, login):
    reader = await visit("reader")
    page = (await reader.get(SETTINGS)).text
    assert "see jobs, pairs and reports" in page
    assert "New key" not in page
    assert '<h2 id="keys">' not in page
    csrf = hidden(page, "csrf")
    assert (await reader.post(SETTINGS, data={"csrf": csrf, "name": "x", "role": "admin"})).status_code == 403


async def test_a_key_of_another_project_is_not_there(visit, login):
    elsewhere = (await (await login()).get("/v1/keys")).json()["items"][0]["id"]
    admin = await visit("admin")
    for key in (elsewhere, 10**12, "x"):
        answer = await admin.get(f"{SETTINGS}/keys/{key}/revoke")
        assert (answer.status_code, "text/html" in answer.headers["content-type"]) == (404, True)
