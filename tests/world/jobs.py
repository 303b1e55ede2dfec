"""Runs a job through the API of a World, as a user's own script would."""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import Any

import httpx

from tests.world.pairs import ndjson
from tests.world.world import World

JSON_LINES = {"Content-Type": "application/x-ndjson"}
FINAL = ("completed", "completed_with_failures", "cancelled")


def stub_judge(there: World, **more: Any) -> dict[str, Any]:
    """The stub as an inline judge."""
    return {"name": "stub", "url": there.judge.url, "served_model": "stub-judge", "max_in_flight": 8, **more}


def draft(there: World, documents: Iterable[dict], judge: dict[str, Any] | str | None = None, **more: Any) -> str:
    """A draft with these pairs; its id. `judge`: in full, or the name of a stored one."""
    body = {"name": "job", "judges": [judge or stub_judge(there)], "rubric": "reasoning-trace", **more}
    made = there.http.post("/jobs", json=body)
    assert made.status_code == 202, made.text
    job: str = made.json()["id"]
    uploaded = there.http.post(f"/jobs/{job}/pairs", content=ndjson(iter(documents)), headers=JSON_LINES)
    assert uploaded.status_code == 200, uploaded.text
    return job


def start(there: World, job: str) -> None:
    assert there.http.post(f"/jobs/{job}/start").status_code == 202


def wait_for_end(there: World, job: str, seconds: float = 240.0) -> dict[str, Any]:
    """Poll until the job is over, through whatever happens to the API meanwhile; its last state."""
    deadline = time.monotonic() + seconds
    last: dict[str, Any] = {}
    while time.monotonic() < deadline:
        try:
            answer = there.http.get(f"/jobs/{job}")
            last = answer.json() if answer.status_code == 200 else last
        except httpx.TransportError:
            pass  # it is being killed or restarted
        if last.get("status") in FINAL:
            return last
        time.sleep(0.2)
    raise AssertionError(f"the job did not end: {last}")


def report(there: World, job: str, **parameters: str) -> bytes:
    answer = there.http.get(f"/jobs/{job}/report", params={"format": "json", **parameters})
    assert answer.status_code == 200, answer.text
    return answer.content


def run_job(there: World, documents: Iterable[dict], **more: Any) -> dict[str, Any]:
    """Draft, start, wait, report."""
    job = draft(there, documents, **more)
    start(there, job)
    last = wait_for_end(there, job)
    assert last["status"] == "completed", last
    found: dict[str, Any] = httpx.Response(200, content=report(there, job)).json()
    return found
