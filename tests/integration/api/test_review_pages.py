"""The pages of blind review: a labeller's way through pairs by plain forms, and the lead's page beside it."""

from __future__ import annotations

import itertools
import re
from typing import Any

import httpx
import pytest

from tests.integration.api.conftest import draft, hidden, upload
from tests.world.pairs import ndjson, pairs

JOB = "tuned against base, secret job"
AXES = ["perception", "overall"]
MODELS = ("model-alpha-7b", "model-beta-7b")


@pytest.fixture
async def job(http) -> str:
    """A started job of eight pairs."""
    job_id = await draft(http, name=JOB, axes=AXES)
    content = ndjson(pairs(8, models=MODELS))
    assert (await upload(http, job_id, content)).status_code == 200
    assert (await http.post(f"/v1/jobs/{job_id}/start")).status_code == 202
    return job_id


async def review(http: httpx.AsyncClient, job: str, **choices: Any) -> str:
    answer = await http.post(f"/v1/jobs/{job}/reviews", json={"title": "First round", "pairs": 3, **choices})
    assert answer.status_code == 201, answer.text
    made: str = answer.json()["id"]
    return made


def place(text: str) -> str:
    found = re.search(r'data-place="(\d+)"', text)
    assert found, text
    return found[1]


async def answer(browser: httpx.AsyncClient, review_id: str, **changes: str) -> httpx.Response:
    """Send the form of the pair in front of the browser."""
    text = (await browser.get(f"/review/{review_id}")).text
    form = {"csrf": hidden(text, "csrf"), "seconds": "3.5", "axis-0": "first", "axis-1": "tie", **changes}
    return await browser.post(f"/review/{review_id}/{place(text)}", data=form)


async def test_a_labeller_goes_through_a_review_by_plain_forms(http, job, visit):
    review_id, browser = await review(http, job), await visit("labeller", "ann")
    home = (await browser.get("/review")).text
    assert "First round" in home
    assert "0 of 3 done" in home
    assert ">Start<" in home
    for done in range(3):
        sent = await answer(browser, review_id)
        assert (sent.status_code, sent.headers["location"]) == (303, f"/review/{review_id}")
        assert f"{done + 1} of 3 done" in (await browser.get("/review")).text
    over = await browser.get(f"/review/{review_id}")
    assert (over.status_code, over.headers["location"]) == (303, f"/review/{review_id}/done")
    thanks = (await browser.get(f"/review/{review_id}/done")).text
    assert "Thank you" in thanks
    assert "<dd>3</dd>" in thanks
    assert "4 s" in thanks
    labels = (await http.get(f"/v1/jobs/{job}/labels")).json()["items"]
    assert [label["axis"] for label in labels] == ["perception", "overall"] * 3
    assert {label["labeller"] for label in labels} == {"ann"}
    assert {label["winner"] for label in labels if label["axis"] == "overall"} == {"tie"}


async def test_undo_brings_the_pair_back_with_what_was_said(http, job, visit):
    review_id, browser = await review(http, job), await visit("labeller", "ann")
    first = place((await browser.get(f"/review/{review_id}")).text)
    await answer(browser, review_id, **{"axis-0": "unable"})
    after = (await browser.get(f"/review/{review_id}")).text
    assert place(after) != first
    undone = await browser.post(f"/review/{review_id}/undo", data={"csrf": hidden(after, "csrf")})
    assert (undone.status_code, undone.headers["location"]) == (303, f"/review/{review_id}")
    again = (await browser.get(f"/review/{review_id}")).text
    assert place(again) == first
    assert re.search(r'name="axis-0" value="unable" required checked', again)
    assert "0 of 3 done" in again
    nothing = await browser.post(f"/review/{review_id}/undo", data={"csrf": hidden(again, "csrf")})
    assert (nothing.status_code, nothing.headers["location"]) == (303, f"/review/{review_id}")


async def test_a_form_with_a_choice_missing_comes_back_and_one_sent_twice_does_no_harm(http, job, visit):
    review_id, browser = await review(http, job), await visit("labeller", "ann")
    text = (await browser.get(f"/review/{review_id}")).text
    form = {"csrf": hidden(text, "csrf"), "axis-0": "second"}
    address = f"/review/{review_id}/{place(text)}"
    missing = await browser.post(address, data=form)
    assert missing.status_code == 422
    assert "Please choose" in missing.text
    assert re.search(r'name="axis-0" value="second" required checked', missing.text)
    assert place(missing.text) == place(text)
    for _ in range(2):
        assert (await browser.post(address, data=form | {"axis-1": "first"})).status_code == 303
    assert "1 of 3 done" in (await browser.get("/review")).text
    otherwise = await browser.post(address, data=form | {"axis-1": "second"})
    assert otherwise.status_code == 409
    assert "undo first" in otherwise.text
    assert "This answer was not saved" in otherwise.text
    undone = await browser.post(f"/review/{review_id}/undo", data={"csrf": hidden(otherwise.text, "csrf")})
    assert undone.status_code == 303
    assert (await browser.post(address, data=form | {"axis-1": "second"})).status_code == 303
    for wrong in ({"axis-1": "third"}, {"axis-1": "first", "seconds": "soon"}, {"axis-1": "first", "seconds": "nan"}):
        assert (await browser.post(address, data=form | wrong)).status_code == 422
    forged = await browser.post(address, data=form | {"axis-1": "first", "csrf": "no"})
    assert forged.status_code == 403


async def test_nothing_on_a_labellers_pages_tells_whose_traces_they_are(http, job, visit):
    review_id, browser = await review(http, job), await visit("labeller", "ann")
    addresses = ["/review", f"/review/{review_id}", f"/review/{review_id}/done"]
    await answer(browser, review_id)
    texts = [(await browser.get(address)).text for address in addresses]
    named = [*MODELS, JOB, "secret job", job, "seq", "verdict", "stance", "INCONSISTENT", "random", "filtered"]
    for text, word in itertools.product(texts, named):
        assert word not in text, word


async def test_two_labellers_share_the_last_pairs(http, job, visit):
    review_id = await review(http, job, pairs=1)
    ann, bob = await visit("labeller", "ann"), await visit("labeller", "bob")
    assert "data-place" in (await ann.get(f"/review/{review_id}")).text
    waits = (await bob.get(f"/review/{review_id}")).text
    assert "Others are working on the last pairs" in waits
    assert "Look again" in waits
    await answer(ann, review_id)
    assert "Others have done all pairs" in (await bob.get(f"/review/{review_id}")).text
    assert (await ann.get(f"/review/{review_id}")).status_code == 303


async def test_closed_foreign_and_unknown_reviews_have_pages_of_their_own(http, job, visit, login):
    review_id, browser = await review(http, job), await visit("labeller", "ann")
    text = (await browser.get(f"/review/{review_id}")).text
    await http.post(f"/v1/reviews/{review_id}/close")
    assert "This review is closed" in (await browser.get(f"/review/{review_id}")).text
    form = {"csrf": hidden(text, "csrf"), "axis-0": "first", "axis-1": "first"}
    late = await browser.post(f"/review/{review_id}/{place(text)}", data=form)
    assert late.status_code == 409
    for told in (
        "This answer was not saved",
        "closed while you were choosing",
        "You need not do anything",
        "All reviews",
    ):
        assert told in late.text, told
    for untrue in ("present state", "Undo", "What you saved before"):
        assert untrue not in late.text, untrue
    undo = await browser.post(f"/review/{review_id}/undo", data=form)
    assert undo.status_code == 303
    assert "Nothing to label now" in (await browser.get("/review")).text
    stranger = await login()
    foreign = await review(stranger, await _other_job(stranger))
    for address in (f"/review/{foreign}", "/review/00000000-0000-0000-0000-000000000000"):
        missing = await browser.get(address)
        assert (missing.status_code, missing.headers["content-type"]) == (404, "text/html; charset=utf-8")
        assert "There is nothing here" in missing.text
    assert (await browser.get(f"/dashboard/jobs/{job}/reviews")).status_code == 403
    browser.cookies.clear()
    nobody = await browser.get(f"/review/{review_id}")
    assert (nobody.status_code, nobody.headers["location"]) == (303, f"/dashboard/sign-in?next=/review/{review_id}")


async def _other_job(http: httpx.AsyncClient) -> str:
    job_id = await draft(http, axes=AXES)
    await upload(http, job_id, ndjson(pairs(3)))
    await http.post(f"/v1/jobs/{job_id}/start")
    return job_id


async def test_hostile_texts_stay_texts(http, visit):
    job_id = await draft(http, axes=["overall"])
    evil = "<script>alert(1)</script></textarea>![x](http://evil.example/x.png)\u202egnp\x1b[31m"
    one = next(iter(pairs(1)))
    one["a"]["trace"] = one["b"]["trace"] = one["item"]["question"] = evil
    one["item"]["options"] = {"<b>": evil}
    assert (await upload(http, job_id, ndjson([one]))).status_code == 200
    await http.post(f"/v1/jobs/{job_id}/start")
    review_id = await review(http, job_id, pairs=1, title="<img src=x>")
    text = (await (await visit("labeller", "ann")).get(f"/review/{review_id}")).text
    assert "<script>alert" not in text
    assert "&lt;script&gt;alert(1)" in text
    assert "<b>:" not in text
    assert 'src="http' not in text
    assert "\u202e" not in text
    assert "\x1b" not in text


async def test_a_lead_draws_watches_and_closes(http, job, visit):
    lead, page = await visit("admin", "lead"), f"/dashboard/jobs/{job}/reviews"
    text = (await lead.get(page)).text
    assert "Draw the first review" in text
    form = {"csrf": hidden(text, "csrf"), "title": "Round one", "pairs": "3", "per_pair": "2", "axis-1": "overall"}
    drawn = await lead.post(page, data=form)
    assert (drawn.status_code, drawn.headers["location"]) == (303, page)
    review_id = (await http.get(f"/v1/jobs/{job}/reviews")).json()["items"][0]["id"]
    assert (await answer(await visit("labeller", "ann"), review_id)).status_code == 303
    text = (await lead.get(page)).text
    for told in (
        "Round one",
        "drawn from all 8 pairs",
        "0 of 3 pairs done",
        "Two labellers",
        ">ann<",
        "4 s",
        "axis overall",
    ):
        assert told in text, told
    filtered = await lead.post(page, data=form | {"title": "Some", "filter-tag": "modality:CT", "pairs": "1"})
    assert filtered.status_code == 303
    assert "do not count for the calibrated rate" in (await lead.get(page)).text
    asked = (await lead.get(f"{page}/{review_id}/close")).text
    assert "0 of 3 pairs are done" in asked
    closed = await lead.post(f"{page}/{review_id}/close", data={"csrf": hidden(asked, "csrf")})
    assert (closed.status_code, closed.headers["location"]) == (303, page)
    assert (await http.get(f"/v1/reviews/{review_id}")).json()["closed_at"]
    assert "closed already" in (await lead.get(f"{page}/{review_id}/close")).text


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"pairs": "9"}, "at most 8 pairs"),
        ({"pairs": "many"}, "valid integer"),
        ({"pairs": "0"}, "greater than or equal to 1"),
        ({"axis-1": ""}, "at least one"),
        ({"filter-tag": "modality"}, "wrong-filters-tag"),
        ({"filter-verdict": "NOBODY"}, "wrong-filters-verdict"),
        ({"seed": "-1"}, "wrong-seed"),
        ({"title": "x" * 201}, "wrong-title"),
    ],
)
async def test_a_form_that_does_not_fit_comes_back_with_what_is_wrong(job, visit, change, told):
    lead, page = await visit("admin"), f"/dashboard/jobs/{job}/reviews"
    csrf = hidden((await lead.get(page)).text, "csrf")
    form = {"csrf": csrf, "title": "Kept title", "pairs": "3", "per_pair": "1", "axis-1": "overall"} | change
    if not form["axis-1"]:
        del form["axis-1"]
    answer = await lead.post(page, data=form)
    assert answer.status_code == 422, answer.text
    assert told in answer.text
    assert form["title"] in answer.text


async def test_a_lead_invites_somebody_by_a_link_that_is_shown_once(http, job, visit, api):
    await review(http, job)
    lead, page = await visit("admin", "lead"), f"/dashboard/jobs/{job}/reviews"
    csrf = hidden((await lead.get(page)).text, "csrf")
    made = await lead.post(f"{page}/labellers", data={"csrf": csrf, "name": "Dr. Bea"})
    found = re.search(r"http://api/dashboard/sign-in#(tj_[\w-]+)", made.text)
    assert made.status_code == 200
    assert found
    assert found[1] not in (await lead.get(page)).text
    async with httpx.AsyncClient(transport=httpx.ASGITransport(api), base_url="http://api") as bea:
        signed_in = await bea.post("/dashboard/sign-in", data={"key": found[1]})
        assert (signed_in.status_code, signed_in.headers["location"]) == (303, "/review")
        assert "First round" in (await bea.get("/review")).text
    nameless = await lead.post(f"{page}/labellers", data={"csrf": csrf, "name": " "})
    assert nameless.status_code == 422
    assert "wrong-labeller" in nameless.text


async def test_a_reader_sees_reviews_and_changes_nothing(http, job, visit):
    review_id = await review(http, job)
    reader, page = await visit("reader", "rita"), f"/dashboard/jobs/{job}/reviews"
    text = (await reader.get(page)).text
    assert "First round" in text
    assert "new-review" not in text
    assert "Close…" not in text
    csrf = hidden(text, "csrf")
    for address in (page, f"{page}/labellers", f"{page}/{review_id}/close"):
        assert (await reader.post(address, data={"csrf": csrf})).status_code == 403
    other = await visit("admin", "lead")
    foreign = f"/dashboard/jobs/00000000-0000-0000-0000-000000000000/reviews/{review_id}/close"
    assert (await other.get(foreign)).status_code == 404
