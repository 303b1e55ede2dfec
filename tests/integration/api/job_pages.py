"""Jobs in every state, and what their pages hold."""

from __future__ import annotations

import re
from typing import Any

import httpx
import pytest

from tests.integration.api.conftest import draft, upload
from tests.integration.services.judging import finish, judge, prefers_a
from tests.world.pairs import ndjson, pairs

PAIRS = 6
NAME = 'tuned <script>alert("x")</script> & base \u202eesrever'
MODELS = ("model-<b>alpha</b>", "model-beta")


async def filled(http: httpx.AsyncClient, **choices: Any) -> str:
    job = await draft(http, **{"name": NAME, "axes": ["overall", "rationale"], **choices})
    assert (await upload(http, job, ndjson(pairs(PAIRS, models=MODELS)))).status_code == 200
    return job


async def started(http: httpx.AsyncClient, **choices: Any) -> str:
    job = await filled(http, **choices)
    assert (await http.post(f"/v1/jobs/{job}/start")).status_code == 202
    return job


async def judged(http: httpx.AsyncClient, database, *, say=prefers_a, status: str = "completed", **choices: Any) -> str:
    job = await started(http, **choices)
    await judge(database, job, say)
    await finish(database, job, status)
    return job


async def report_of(browser: httpx.AsyncClient, job: str, **parameters: Any) -> str:
    """The part of the page with the report, once it is there."""
    for _ in range(20):
        answer = await browser.get(f"/dashboard/jobs/{job}/report", params=parameters)
        assert answer.status_code == 200, answer.text
        if "being computed" not in answer.text:
            return answer.text
    pytest.fail("the report never came")


def form_of(text: str, action: str) -> dict[str, str]:
    """The hidden fields of the form that posts there."""
    found = re.search(rf'<form method="post" action="{action}">(.*?)</form>', text, re.DOTALL)
    assert found, f"no form posts to {action}"
    return dict(re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)">', found[1]))


def posts_to(text: str) -> set[str]:
    """The verbs that the page can post, and those it asks about first."""
    return set(re.findall(r"/dashboard/jobs/[0-9a-f-]{36}/(start|pause|resume|cancel|retry|delete)\"", text))
