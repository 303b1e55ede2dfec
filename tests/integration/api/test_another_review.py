"""Another review of a job: it asks for pairs of its own, and says so when there are none left to ask."""

from __future__ import annotations

import re
from typing import Any

import httpx
import pytest

from tests.integration.api.conftest import draft, hidden, upload
from tests.world.pairs import ndjson, pairs

PAIRS = 40
DRAWN = {"pairs": "5", "per_pair": "1", "axis-0": "overall"}
FINISHED = "were labelled before it was drawn"


@pytest.fixture
async def job(http) -> str:
    job_id = await draft(http, axes=["overall"])
    assert (await upload(http, job_id, ndjson(pairs(PAIRS)))).status_code == 200
    assert (await http.post(f"/v1/jobs/{job_id}/start")).status_code == 202
    return job_id


def proposed(text: str) -> str:
    found = re.search(r'name="seed"[^>]* value="(\d+)"', text)
    assert found, text
    return found[1]


async def draw(lead: httpx.AsyncClient, page: str, **changes: str) -> None:
    """Send the form as it stands."""
    text = (await lead.get(page)).text
    form = {"csrf": hidden(text, "csrf"), "seed": proposed(text), **DRAWN, **changes}
    assert (await lead.post(page, data=form)).status_code == 303


async def newest(http: httpx.AsyncClient, job: str) -> dict[str, Any]:
    found: dict[str, Any] = (await http.get(f"/v1/jobs/{job}/reviews")).json()["items"][0]
    return found


async def label_all(http: httpx.AsyncClient, review: str) -> None:
    while (turn := await http.post(f"/v1/queues/{review}/turn")).status_code == 200:
        place = turn.json()["place"]
        said = await http.put(f"/v1/queues/{review}/turns/{place}", json={"picks": {"overall": "first"}})
        assert said.status_code == 200, said.text


async def test_the_page_proposes_a_seed_that_no_review_has_drawn_by(http, job, visit):
    lead, page = await visit("admin", "lead"), f"/dashboard/jobs/{job}/reviews"
    await draw(lead, page)
    await label_all(http, (await newest(http, job))["id"])
    await draw(lead, page)
    again = await newest(http, job)
    assert (again["seed"], again["done"] < again["pairs"]) == (1, True)
    assert FINISHED not in (await lead.get(page)).text
    await draw(lead, page, seed="7")
    assert proposed((await lead.get(page)).text) == "2"
    await draw(lead, page, seed="")
    assert (await newest(http, job))["seed"] == 2, "an emptied field leaves the choice to the page"


async def test_a_refused_form_keeps_the_seed_that_was_typed(http, job, visit):
    lead, page = await visit("admin", "lead"), f"/dashboard/jobs/{job}/reviews"
    csrf = hidden((await lead.get(page)).text, "csrf")
    refused = await lead.post(page, data={"csrf": csrf, **DRAWN, "seed": "31", "pairs": "0"})
    assert (refused.status_code, proposed(refused.text)) == (422, "31")


async def test_a_review_with_nothing_left_to_label_says_so(http, job, visit):
    lead, page = await visit("admin", "lead"), f"/dashboard/jobs/{job}/reviews"
    await draw(lead, page)
    await label_all(http, (await newest(http, job))["id"])
    assert FINISHED not in (await lead.get(page)).text, "it was labelled in this review"
    await draw(lead, page, seed="0")
    text = (await lead.get(page)).text
    assert FINISHED in text
    assert "Nobody has begun" not in text
