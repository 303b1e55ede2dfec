"""A job's page in each of its states: what it shows, and its report under the parameters of the address."""

from __future__ import annotations

import asyncio
import re

import pytest

from app.domain.judgment import Pick
from app.services import publish
from tests.integration.api.conftest import draft, upload
from tests.integration.api.job_pages import PAIRS, filled, form_of, judged, posts_to, report_of, started
from tests.integration.services.judging import always, finish, judge
from tests.world.pairs import ndjson, pairs


async def test_a_judged_job_is_told_whole_without_scripts(http, database, visit):
    job, browser = await judged(http, database), await visit("reader")
    await report_of(browser, job)
    answer = await browser.get(f"/dashboard/jobs/{job}")
    text = answer.text
    assert answer.status_code == 200
    assert "completed" in text
    assert re.search(
        r'<blockquote id="headline-text">no clear preference between model-&lt;b&gt;alpha[^<]*100\.0 % \(95 % CI', text
    )
    assert 'data-copy="headline-text"' in text
    for title in ("Axes", "Slices", "Strengths", "Position bias", "Losses", "Provenance", "Cost", "Downloads"):
        assert f">{title}</h2>" in text
    assert set(re.findall(r'href="#([^"]+)"', text)) <= set(re.findall(r'\bid="([^"]+)"', text))
    assert "<dt>Prompt tokens</dt><dd>1,200, 720 of them from a cache</dd>" in text
    assert text.count("<h1>") == 1
    assert "hx-get" not in text
    assert posts_to(text) == set()  # a reader changes nothing


async def test_names_are_text_and_nothing_else(http, database, visit):
    job, browser = await judged(http, database), await visit()
    shown = await report_of(browser, job)
    text = (await browser.get(f"/dashboard/jobs/{job}")).text
    for one in (shown, text, (await browser.get(f"/dashboard/jobs/{job}/delete")).text):
        assert "alert(" not in one.replace("&lt;script&gt;alert(", "")
        assert "<b>alpha" not in one
        assert not re.search(r"\sstyle=|\son[a-z]+=|<script(?! defer src=)", one)
    title = re.search(r"<h1>(.*?)</h1>", text)
    assert title
    assert "\u202e" not in title[1]


async def test_parameters_are_in_the_address(http, database, visit):
    job, browser = await judged(http, database), await visit()
    address = {"level": "0.9", "policy": "drop", "slice_by": "", "tokens_per_second": "50"}
    assert "90 % CI" in await report_of(browser, job, **address)
    text = (await browser.get(f"/dashboard/jobs/{job}", params=address)).text
    assert '<option value="0.9" selected>90 %</option>' in text
    assert '<option value="drop" selected>' in text
    assert "about 29, at 50 tokens a second" in text
    links = set(re.findall(rf'href="(/v1/jobs/{job}/[^"]*)"', text))
    assert f"/v1/jobs/{job}/report?format=tex&amp;policy=drop&amp;level=0.9" in links
    assert len(links) == len(publish.FORMATS) + 4
    for link in sorted(links):
        assert (await browser.get(link.replace("&amp;", "&"))).status_code == 200, link


async def test_an_axis_is_seen_alone(http, database, visit):
    job, browser = await judged(http, database), await visit()
    text = await report_of(browser, job, axis="rationale")
    assert "win rate of model-&lt;b&gt;alpha&lt;/b&gt; on rationale" in text
    assert ">Axes</h2>" in text
    assert ">Strengths</h2>" not in text  # those of the primary axis
    wrong = await browser.get(f"/dashboard/jobs/{job}/report", params={"axis": "taste"})
    assert "must be one of rationale, overall" in wrong.text


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"level": "2"}, "should be less than 1"),
        ({"policy": "coin"}, "policy"),
        ({"anchor": "nobody"}, "anchor"),
        ({"judges": "nobody"}, "judges"),
        ({"colour": "red"}, "unknown field"),
        ({"format": "png"}, "unknown field"),
        ({"seed": "\ud7ff<i>"}, "seed"),
    ],
)
async def test_what_does_not_fit_is_said_on_the_page(http, database, visit, wrong, told):
    job, browser = await judged(http, database), await visit()
    await report_of(browser, job, **wrong)
    answer = await browser.get(f"/dashboard/jobs/{job}", params=wrong)
    assert answer.status_code == 422
    assert "No report with these parameters" in answer.text
    assert told in answer.text
    assert "<i>" not in answer.text
    assert "Traceback" not in answer.text


async def test_a_running_job_follows_its_events_and_its_numbers_come_as_a_part(http, database, visit):
    job, browser = await started(http), await visit()
    text = (await browser.get(f"/dashboard/jobs/{job}")).text
    assert "No pair is judged yet" in text
    assert f'sse-connect="/v1/jobs/{job}/events"' in text
    await judge(database, job, lambda _judge, seq, _slot: Pick.TIE if seq < 3 else None)
    part = (await browser.get(f"/dashboard/jobs/{job}/progress")).text
    assert "<dt>done</dt><dd>6</dd>" in part
    assert "<dt>pending</dt><dd>6</dd>" in part
    assert "<html" not in part
    assert "judging goes on" in await report_of(browser, job)


async def test_what_has_not_changed_is_not_sent_again(http, database, visit):
    job, browser = await started(http), await visit()
    await judge(database, job, lambda _judge, seq, _slot: Pick.TIE if seq < 3 else None)
    text = await report_of(browser, job)
    again = re.search(r'hx-get="([^"]+)"', text)
    assert again
    answer = await browser.get(again[1].replace("&amp;", "&"))
    assert (answer.status_code, answer.content) == (204, b"")
    assert (await browser.get(f"/dashboard/jobs/{job}/report?after=2001-01-01")).status_code == 200
    await finish(database, job, "cancelled")
    over = await browser.get(again[1].replace("&amp;", "&"))  # it waits for the last one
    assert "judging goes on" in text
    assert "judging goes on" not in over.text
    assert "hx-get" not in over.text


async def test_an_older_report_is_served_while_a_newer_one_is_made_once(http, api, database, visit, monkeypatch):
    job, browser = await started(http), await visit()
    await judge(database, job, lambda _judge, seq, _slot: Pick.TIE if seq < 3 else None)
    await report_of(browser, job)
    computed, gate = [], asyncio.Event()
    loop, build = asyncio.get_running_loop(), publish.build

    def slow(sheet, parameters):
        computed.append(parameters)
        asyncio.run_coroutine_threadsafe(gate.wait(), loop).result()
        return build(sheet, parameters)

    monkeypatch.setattr(publish, "build", slow)
    await judge(database, job, always(Pick.TIE))
    await finish(database, job)
    for _ in range(3):
        text = (await browser.get(f"/dashboard/jobs/{job}")).text
        assert "3 missing" in text
        assert "a newer report is being made" in text
    assert len(computed) <= 1
    gate.set()
    for _ in range(100):
        text = (await browser.get(f"/dashboard/jobs/{job}")).text
        if "3 missing" not in text:
            break
        await asyncio.sleep(0.02)
    assert "0 missing" in text
    assert "a newer report" not in text
    assert len(computed) == 1


async def test_the_first_visit_has_a_page_at_once(http, api, database, visit, monkeypatch):
    job, browser, gate = await judged(http, database), await visit(), asyncio.Event()
    loop, build = asyncio.get_running_loop(), publish.build

    def slow(sheet, parameters):
        asyncio.run_coroutine_threadsafe(gate.wait(), loop).result()
        return build(sheet, parameters)

    monkeypatch.setattr(publish, "build", slow)
    text = (await browser.get(f"/dashboard/jobs/{job}")).text
    assert "The report is being computed" in text
    assert 'hx-trigger="load, every 1s"' in text
    assert '<noscript><meta http-equiv="refresh"' in text
    nothing = await http.get(f"/v1/jobs/{job}/report", params={"format": "html", "part": "body", "recent": True})
    assert (nothing.status_code, nothing.content) == (202, b"")
    gate.set()
    assert "being computed" not in await report_of(browser, job)
    found = await http.get(f"/v1/jobs/{job}/report", params={"format": "html", "part": "body", "recent": True})
    assert found.status_code == 200
    assert found.headers["last-modified"].endswith("GMT")
    assert found.text.lstrip().startswith("<h2>")


async def test_a_part_or_an_axis_of_what_has_none_is_refused(http, database):
    job = await judged(http, database)
    for wrong in ({"part": "body"}, {"axis": "overall"}):
        answer = await http.get(f"/v1/jobs/{job}/report", params={"format": "csv", **wrong})
        assert answer.status_code == 422
        assert answer.json()["problems"][0]["field"] == next(iter(wrong))


async def test_a_model_against_itself_is_not_told_as_a_preference(http, database, visit):
    job = await draft(http, axes=["overall"])
    alike = [pair | {"b": pair["b"] | {"sample": 1}} for pair in pairs(PAIRS, models=("same", "same"))]
    assert (await upload(http, job, ndjson(alike))).status_code == 200
    await http.post(f"/v1/jobs/{job}/start")
    await judge(database, job)
    assert "<b>same</b> against itself" in await report_of(await visit(), job)


async def test_a_strangers_job_looks_like_none(http, login, visit):
    theirs = await filled(await login())
    browser = await visit("admin")
    for path in ("", "/progress", "/head", "/report", "/delete"):
        assert (await browser.get(f"/dashboard/jobs/{theirs}{path}")).status_code == 404


async def test_a_labeller_sees_no_job(http, visit):
    job, browser = await started(http), await visit("labeller")
    assert (await browser.get(f"/dashboard/jobs/{job}")).status_code == 403


async def test_an_import_has_a_page(http, visit):
    rows = "model_a,model_b,winner,item\n" + "".join(f"tuned,base,A,q{number}\n" for number in range(5))
    made = await http.post(
        "/v1/imports", params={"name": "votes & <b>"}, content=rows, headers={"Content-Type": "text/csv"}
    )
    found, browser = made.json()["id"], await visit()
    assert "no clear preference between tuned and base" in await report_of(browser, found)
    text = (await browser.get(f"/dashboard/jobs/{found}")).text
    assert "5 verdicts on 5 pairs, made elsewhere" in text
    assert f"/v1/imports/{found}/report?format=json" in text
    assert "/pairs?format" not in text
    assert "votes &amp; &lt;b&gt;" in text
    sure = (await browser.get(f"/dashboard/jobs/{found}/delete")).text
    gone = await browser.post(f"/dashboard/jobs/{found}/delete", data=form_of(sure, f"/dashboard/jobs/{found}/delete"))
    assert gone.status_code == 303
    assert (await http.get(f"/v1/imports/{found}")).status_code == 404


async def test_a_page_is_sent_compressed_and_its_token_never_looks_the_same(http, database, visit):
    job, browser = await judged(http, database), await visit()
    await report_of(browser, job)
    here = f"/dashboard/jobs/{job}"
    answer = await browser.get(here, headers={"Accept-Encoding": "gzip"})
    assert answer.headers["content-encoding"] == "gzip"
    assert int(answer.headers["content-length"]) < len(answer.content) / 4
    again = await browser.get(here)
    tokens = {form_of(text, "/dashboard/sign-out")["csrf"] for text in (answer.text, again.text)}
    assert len(tokens) == 2
    rows = await browser.get(f"/v1/jobs/{job}/judgments?format=ndjson", headers={"Accept-Encoding": "gzip"})
    assert "content-encoding" not in rows.headers
