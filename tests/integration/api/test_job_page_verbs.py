"""What can be done to a job from its page: by forms with the page's token, asked about where it cannot be undone."""

from __future__ import annotations

from app.domain.judgment import Outcome, Pick
from tests.integration.api.conftest import draft
from tests.integration.api.job_pages import PAIRS, filled, form_of, judged, posts_to, report_of, started
from tests.integration.services.judging import always, judge


async def test_a_draft_says_what_is_missing_and_is_started_and_steered(http, database, visit):
    browser = await visit()
    empty = (await browser.get(f"/dashboard/jobs/{await draft(http)}")).text
    assert "It has no pairs yet" in empty
    assert posts_to(empty) == {"cancel", "delete"}
    job = await filled(http)
    here = f"/dashboard/jobs/{job}"
    text = (await browser.get(here)).text
    assert f"It holds {PAIRS} pairs" in text
    for verb, status in (("start", "running"), ("pause", "paused"), ("resume", "running")):
        answer = await browser.post(f"{here}/{verb}", data=form_of(text, f"{here}/{verb}"))
        assert (answer.status_code, answer.headers["location"]) == (303, here)
        text = (await browser.get(here)).text
        assert f'<span class="badge {status}">' in text
        if status == "paused":
            assert "Paused by hand" in text
    again = await browser.post(f"{here}/resume", data=form_of(text, f"{here}/pause"))
    assert again.status_code == 409
    assert "does not fit" in again.text


async def test_without_the_token_of_the_page_nothing_is_done(http, visit):
    job, browser = await started(http), await visit()
    for data in ({}, {"csrf": "00" * 64}, {"csrf": "no hex"}):
        assert (await browser.post(f"/dashboard/jobs/{job}/pause", data=data)).status_code == 403
    assert (await http.get(f"/v1/jobs/{job}")).json()["status"] == "running"


async def test_what_failed_is_asked_again(http, database, visit):
    job = await judged(http, database, say=always(Outcome.REFUSAL), status="completed_with_failures")
    browser, here = await visit(), f"/dashboard/jobs/{job}"
    assert "<em>nothing decided</em>" in await report_of(browser, job)
    text = (await browser.get(here)).text
    form = form_of(text, f"{here}/retry")
    assert form["what"] == "abstained"
    assert (await browser.post(f"{here}/retry", data=form | {"what": "all"})).status_code == 422
    assert (await browser.post(f"{here}/retry", data=form)).status_code == 303
    assert 'class="badge running"' in (await browser.get(here)).text


async def test_cancelling_and_deleting_are_asked_about_first(http, database, visit):
    job, browser = await started(http), await visit()
    here = f"/dashboard/jobs/{job}"
    await judge(database, job, lambda _judge, seq, _slot: Pick.TIE if seq < 3 else None)
    assert "cancel it first" in (await browser.get(f"{here}/delete")).text
    sure = (await browser.get(f"{here}/cancel")).text
    assert "6 of 12 units" in sure
    assert (await browser.post(f"{here}/cancel", data=form_of(sure, f"{here}/cancel"))).status_code == 303
    text = (await browser.get(here)).text
    assert "Cancelled before it was done" in text
    assert "3 missing" in await report_of(browser, job)
    sure = (await browser.get(f"{here}/delete")).text
    gone = await browser.post(f"{here}/delete", data=form_of(sure, f"{here}/delete"))
    assert (gone.status_code, gone.headers["location"]) == (303, "/dashboard")
    missing = await browser.get(here)
    assert missing.status_code == 404
    assert "it was deleted, or it belongs to another project" in missing.text
