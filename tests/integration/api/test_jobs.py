"""Jobs over HTTP: making them, their verbs, their lists, and who may do what."""

from __future__ import annotations

import asyncio
from uuid import uuid4

import pytest
from structlog.testing import capture_logs

from app.api import jobs, once
from app.services import look
from tests.integration.api.conftest import JUDGE, draft, upload
from tests.world.pairs import ndjson, pairs

NEW = {"name": "n", "judges": [JUDGE], "seed": 3, "metadata": {"git": "abc"}}


def problem(answer, status: int, slug: str) -> dict:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    document = answer.json()
    assert document["type"] == f"urn:tracejudge:problem:{slug}"
    assert document["request_id"] == answer.headers["x-request-id"]
    return document


async def test_a_job_with_pairs_is_running_when_it_is_answered(http):
    answer = await http.post("/v1/jobs", json=NEW | {"pairs": list(pairs(5))})
    assert answer.status_code == 202, answer.text
    job = answer.json()
    assert (job["status"], job["name"], job["judges"], job["seed"]) == ("running", "n", ["stub"], 3)
    assert (job["orders"], job["metadata"], job["policy"]["name"]) == (["AB", "BA"], {"git": "abc"}, "half")
    assert (job["progress"]["pairs"], job["progress"]["units"], job["progress"]["pending"]) == (5, 10, 10)
    assert (await http.get(f"/v1/jobs/{job['id']}")).json()["status"] == "running"


async def test_a_bad_inline_pair_leaves_nothing_behind(http):
    bad = list(pairs(3))
    bad[1]["b"] = bad[1]["a"]
    document = problem(await http.post("/v1/jobs", json=NEW | {"pairs": bad}), 422, "invalid")
    assert (document["problems"][0]["line"], document["problems"][0]["field"]) == (2, "b")
    clash = [*pairs(2), *pairs(1, seed=9)]
    assert problem(await http.post("/v1/jobs", json=NEW | {"pairs": clash}), 422, "invalid")["problem_count"] >= 1
    picture = list(pairs(1))
    picture[0]["item"]["images"] = [{"data": "data:image/png;base64,aGVsbG8="}]
    found = problem(await http.post("/v1/jobs", json=NEW | {"pairs": picture}), 422, "invalid")["problems"]
    assert [(each["line"], each["field"]) for each in found] == [(1, "item.images.0.data")]
    assert (await http.get("/v1/jobs")).json() == {"items": [], "next": None}


async def test_too_many_or_no_inline_pairs_are_refused(http):
    for number in (0, 21):
        document = problem(await http.post("/v1/jobs", json=NEW | {"pairs": list(pairs(number))}), 422, "invalid")
        assert document["problems"][0]["field"] == "pairs"


async def test_the_verbs_follow_the_table(http):
    job = await draft(http)
    assert (await upload(http, job, ndjson(pairs(4)))).status_code == 200
    for verb, status, after in (
        ("pause", 409, "draft"), ("start", 202, "running"), ("start", 409, "running"), ("resume", 409, "running"),
        ("pause", 200, "paused"), ("retry", 409, "paused"), ("resume", 200, "running"), ("cancel", 200, "cancelled"),
        ("cancel", 409, "cancelled"), ("retry", 409, "cancelled"),
    ):  # fmt: skip
        answer = await http.post(f"/v1/jobs/{job}/{verb}")
        assert answer.status_code == status, (verb, answer.text)
        if status == 409:
            assert after in problem(answer, 409, "conflict")["detail"]
        else:
            assert answer.json()["status"] == after
    assert (await http.delete(f"/v1/jobs/{job}")).status_code == 204
    problem(await http.get(f"/v1/jobs/{job}"), 404, "not-found")
    problem(await http.delete(f"/v1/jobs/{job}"), 404, "not-found")


async def test_a_draft_without_pairs_does_not_start(http):
    problem(await http.post(f"/v1/jobs/{await draft(http)}/start"), 422, "invalid")


async def test_jobs_are_listed_in_pages_newest_first(http):
    made = [await draft(http, name=f"n{number}") for number in range(5)]
    seen, after, pages = [], {}, 0
    while True:
        page = (await http.get("/v1/jobs", params={"limit": 2, **after})).json()
        seen += [job["id"] for job in page["items"]]
        pages += 1
        if page["next"] is None:
            break
        after = {"after": page["next"]}
    assert seen == made[::-1]
    assert pages == 3


@pytest.mark.parametrize(
    "query", ["limit=0", "limit=1001", "limit=x", "after=%27%3B--", "sort=name", "after=" + "x" * 400]
)
async def test_a_bad_page_is_a_422(http, query):
    problem(await http.get(f"/v1/jobs?{query}"), 422, "invalid")


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"judges": ["nobody"]}, "judges"),
        ({"judges": [JUDGE | {"url": "http://elsewhere.example/v1"}]}, "url"),
        ({"policy": "debias"}, "policy"),
        ({"primary_axis": "beauty"}, "axes"),
        ({"winner": "A"}, "winner"),
    ],
)
async def test_choices_that_do_not_fit_are_named(http, changes, field):
    document = problem(await http.post("/v1/jobs", json=NEW | changes), 422, "invalid")
    assert document["problems"][0]["field"] == field


@pytest.mark.parametrize("job_id", ["abc", "1", "0" * 36, "%27%20OR%201=1", "..%2f..%2fetc", "null", "{}", "0" * 500])
async def test_a_malformed_id_is_never_a_defect(http, job_id):
    for method, path in (("GET", ""), ("POST", "/start"), ("DELETE", ""), ("GET", "/report"), ("GET", "/pairs")):
        assert (await http.request(method, f"/v1/jobs/{job_id}{path}")).status_code in (404, 422)


async def test_scopes_are_kept(login, project):
    reader, submitter = await login("reader", project), await login("submitter", project)
    job = await draft(await login(project=project))
    assert (await reader.get(f"/v1/jobs/{job}")).status_code == 200
    for method, path in (
        ("POST", f"/v1/jobs/{job}/start"), ("DELETE", f"/v1/jobs/{job}"), ("POST", f"/v1/jobs/{job}/pairs"),
        ("PUT", "/v1/images/" + "0" * 64), ("GET", "/v1/keys"), ("GET", "/v1/projects"),
    ):  # fmt: skip
        assert "scope" in problem(await reader.request(method, path), 403, "forbidden")["detail"]
    problem(await reader.post("/v1/jobs", json=NEW), 403, "forbidden")
    problem(await submitter.post("/v1/judges", json=JUDGE), 403, "forbidden")
    problem(await submitter.post("/v1/jobs", json=NEW), 403, "forbidden")  # an inline judge
    assert (await submitter.post("/v1/jobs", json=NEW | {"judges": ["stub"]})).status_code == 202


async def test_a_strangers_job_looks_like_none_at_all(http, login):
    job = await draft(http)
    stranger = await login()
    assert (await stranger.get("/v1/jobs")).json()["items"] == []
    for method, path in (
        ("GET", ""), ("DELETE", ""), ("POST", "/start"), ("POST", "/pause"), ("POST", "/resume"), ("POST", "/cancel"),
        ("POST", "/retry"), ("GET", "/pairs"), ("GET", "/judgments"), ("GET", "/report"),
    ):  # fmt: skip
        bodies = []
        for job_id in (job, uuid4()):
            answer = await stranger.request(method, f"/v1/jobs/{job_id}{path}")
            bodies.append(problem(answer, 404, "not-found") | {"request_id": ""})
        assert bodies[0] == bodies[1], path
    bodies = [
        problem(await upload(stranger, str(job_id), ndjson(pairs(1))), 404, "not-found") | {"request_id": ""}
        for job_id in (job, uuid4())
    ]
    assert bodies[0] == bodies[1]
    assert (await http.get(f"/v1/jobs/{job}")).json()["status"] == "draft"


async def test_a_repeated_submission_is_answered_again_not_done_again(http):
    body, headers = NEW | {"pairs": list(pairs(3))}, {"Idempotency-Key": "once"}
    first = await http.post("/v1/jobs", json=body, headers=headers)
    second = await http.post("/v1/jobs", json=body, headers=headers)
    assert first.status_code == second.status_code == 202
    assert first.content == second.content
    assert "idempotent-replayed" not in first.headers
    assert second.headers["idempotent-replayed"] == "true"
    problem(await http.post("/v1/jobs", json=body | {"seed": 4}, headers=headers), 422, "invalid")
    assert len((await http.get("/v1/jobs")).json()["items"]) == 1


async def test_a_refused_submission_frees_its_key(http):
    headers = {"Idempotency-Key": "again"}
    problem(await http.post("/v1/jobs", json=NEW | {"judges": ["nobody"]}, headers=headers), 422, "invalid")
    assert (await http.post("/v1/jobs", json=NEW, headers=headers)).status_code == 202


async def test_two_at_once_under_one_key_make_one_job(http):
    body, headers = NEW | {"pairs": list(pairs(10))}, {"Idempotency-Key": "both"}
    answers = await asyncio.gather(*(http.post("/v1/jobs", json=body, headers=headers) for _ in range(4)))
    assert {answer.status_code for answer in answers} <= {202, 409}
    assert len({answer.json()["id"] for answer in answers if answer.status_code == 202}) == 1
    assert len((await http.get("/v1/jobs")).json()["items"]) == 1


async def test_a_first_attempt_killed_before_its_start_is_finished_by_the_repeat(http, api, project, monkeypatch):
    body, headers = NEW | {"pairs": list(pairs(3))}, {"Idempotency-Key": "killed"}
    with (
        monkeypatch.context() as killed,
        capture_logs(),
    ):  # nothing after the kill happens: neither the start nor the clean-up

        async def die(*_: object, **__: object) -> None:
            raise RuntimeError("killed")

        async def nothing(*_: object, **__: object) -> None: ...

        killed.setattr(jobs.submit, "start", die)
        killed.setattr(once.idempotency, "forget", nothing)
        assert (await http.post("/v1/jobs", json=body, headers=headers)).status_code == 500
    again = await http.post("/v1/jobs", json=body, headers=headers)
    assert again.status_code == 202
    assert again.headers["idempotent-replayed"] == "true"
    job = await look.get_job(api.state.running.database, project, again.json()["id"])
    assert (job.status, job.progress.pairs) == ("running", 3)
    assert len((await http.get("/v1/jobs")).json()["items"]) == 1


@pytest.mark.parametrize("key", ["", "x" * 256, "a\tb"])
async def test_an_unusable_idempotency_key_is_malformed(http, key):
    problem(await http.post("/v1/jobs", json=NEW, headers={"Idempotency-Key": key}), 400, "malformed")
