"""Judges, rubrics, keys, projects, reports, health: over HTTP, with their refusals."""

from __future__ import annotations

import httpx
import pytest
from fastapi import FastAPI

from app.api.app import create
from app.client import Client
from app.settings import Settings
from tests.integration.api.conftest import JUDGE, draft, upload
from tests.integration.api.test_jobs import problem
from tests.world.pairs import ndjson, pairs

SECRET = "sk-canary-4471"
RUBRIC = {
    "name": "proofs", "version": 1, "title": "Proofs", "guidance": "You compare proofs.",
    "axes": [{"name": "overall", "title": "Overall", "instruction": "Which is better?"}],
}  # fmt: skip


async def test_a_judges_key_goes_in_and_never_comes_out(http):
    answers = [await http.post("/v1/judges", json=JUDGE | {"api_key": SECRET})]
    assert answers[0].status_code == 201, answers[0].text
    answers += [await http.get("/v1/judges"), await http.get("/v1/judges/stub")]
    answers += [await http.post("/v1/judges", json=JUDGE | {"api_key": SECRET})]
    problem(answers[-1], 409, "conflict")
    assert answers[2].json()["api_key"] == "set"
    assert answers[2].json()["status"] == "unverified"
    assert all(SECRET not in answer.text for answer in answers)


async def test_judges_on_other_hosts_and_other_peoples_judges(http, login):
    elsewhere = JUDGE | {"url": "http://169.254.169.254/v1"}
    assert problem(await http.post("/v1/judges", json=elsewhere), 422, "invalid")["problems"][0]["field"] == "url"
    assert (await http.post("/v1/judges", json=JUDGE)).status_code == 201
    stranger = await login()
    assert (await stranger.get("/v1/judges")).json()["items"] == []
    for method, path in (("GET", ""), ("POST", "/resume"), ("POST", "/test")):
        problem(await stranger.request(method, f"/v1/judges/stub{path}"), 404, "not-found")
    assert (await http.post("/v1/judges/stub/resume")).json()["status"] == "unverified"


async def test_rubrics_can_be_added_but_not_changed(http):
    built_in = [rubric["name"] for rubric in (await http.get("/v1/rubrics")).json()["items"]]
    assert "reasoning-trace" in built_in
    added = await http.post("/v1/rubrics", json=RUBRIC)
    assert added.status_code == 201, added.text
    assert (await http.get("/v1/rubrics/proofs")).json() == added.json()
    assert (await http.post("/v1/rubrics", json=RUBRIC)).json() == added.json()
    problem(await http.post("/v1/rubrics", json=RUBRIC | {"title": "Other"}), 409, "conflict")
    problem(await http.post("/v1/rubrics", json=RUBRIC | {"axes": []}), 422, "invalid")
    problem(await http.get("/v1/rubrics/none"), 404, "not-found")
    assert await draft(http, rubric="proofs")


async def test_keys_are_shown_once_and_revoked_for_good(http, api):
    made = await http.post("/v1/keys", json={"name": "ci", "role": "reader"})
    assert made.status_code == 201, made.text
    key = made.json()["key"]
    listed = (await http.get("/v1/keys")).text
    assert key not in listed
    assert made.json()["prefix"] in listed
    transport = httpx.ASGITransport(api)
    async with httpx.AsyncClient(transport=transport, base_url="http://api") as other:
        other.headers["Authorization"] = f"bearer {key}"
        me = (await other.get("/v1/me")).json()
        assert (me["key_name"], me["scopes"]) == ("ci", ["jobs:read", "judges:read"])
        assert (await http.delete(f"/v1/keys/{made.json()['id']}")).json()["revoked_at"]
        revoked = problem(await other.get("/v1/me"), 401, "unauthenticated")
        del other.headers["Authorization"]
        none = problem(await other.get("/v1/me"), 401, "unauthenticated")
        assert revoked | {"request_id": ""} == none | {"request_id": ""}


async def test_a_key_gives_no_more_than_it_has(http, login):
    problem(await http.post("/v1/keys", json={"name": "big", "role": "operator"}), 403, "forbidden")
    problem(await http.post("/v1/keys", json={"name": "big", "scopes": ["projects:write"]}), 403, "forbidden")
    problem(await http.post("/v1/keys", json={"name": "odd", "scopes": ["everything"]}), 422, "invalid")
    problem(await http.post("/v1/keys", json={"name": "odd"}), 422, "invalid")
    problem(await http.delete("/v1/keys/999999"), 404, "not-found")
    problem(await http.delete("/v1/keys/99999999999999"), 422, "invalid")
    mine = (await http.post("/v1/keys", json={"name": "mine", "role": "reader"})).json()["id"]
    problem(await (await login()).delete(f"/v1/keys/{mine}"), 404, "not-found")


async def test_an_operator_makes_projects(login, http):
    operator = await login("operator")
    made = await operator.post("/v1/projects", json={"name": "radiology"})
    assert made.status_code == 201, made.text
    http.headers["Authorization"] = f"Bearer {made.json()['key']}"
    assert (await http.get("/v1/me")).json()["project"] == "radiology"
    problem(await operator.post("/v1/projects", json={"name": "radiology"}), 409, "conflict")
    problem(await operator.post("/v1/projects", json={"name": "a/b"}), 422, "invalid")
    assert "radiology" in [project["name"] for project in (await operator.get("/v1/projects")).json()["items"]]
    problem(await http.get("/v1/projects"), 403, "forbidden")


@pytest.fixture
async def started(http) -> str:
    job = await draft(http)
    assert (await upload(http, job, ndjson(pairs(6)))).status_code == 200
    assert (await http.post(f"/v1/jobs/{job}/start")).status_code == 202
    return job


@pytest.mark.parametrize(
    ("query", "accept", "kind"),
    [
        ("", "*/*", "application/json"),
        ("?format=md", "*/*", "text/markdown; charset=utf-8"),
        ("?format=csv", "application/json", "text/csv; charset=utf-8"),
        ("", "text/html,application/xhtml+xml;q=0.9", "text/html; charset=utf-8"),
        ("?policy=drop&level=0.9&judges=stub", "*/*", "application/json"),
    ],
)
async def test_a_report_in_every_format(http, started, query, accept, kind):
    answer = await http.get(f"/v1/jobs/{started}/report{query}", headers={"Accept": accept})
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == kind
    begins = {"application/json": "{", "text/markdown": "#", "text/html": "<!doctype html>"}.get(
        kind.partition(";")[0], ""
    )
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.text.lower().lstrip().startswith(begins)
    if "html" in kind:
        assert "default-src 'none'" in answer.headers["content-security-policy"]


async def test_a_report_in_no_format_of_ours_is_a_406_unless_one_is_named(http, started):
    path, nothing = f"/v1/jobs/{started}/report", {"Accept": "application/pdf"}
    problem(await http.get(path, headers=nothing), 406, "not-acceptable")
    assert (await http.get(f"{path}?format=md", headers=nothing)).status_code == 200


@pytest.mark.parametrize("query", ["format=xlsx", "level=2", "policy=coin", "ties=rao", "colour=red", "judges=nobody"])
async def test_report_parameters_that_do_not_fit_are_a_422(http, started, query):
    problem(await http.get(f"/v1/jobs/{started}/report?{query}"), 422, "invalid")


async def test_pairs_and_judgments_are_listed(http, started):
    page = (await http.get(f"/v1/jobs/{started}/pairs", params={"limit": 4})).json()
    assert len(page["items"]) == 4
    rest = (await http.get(f"/v1/jobs/{started}/pairs", params={"after": page["next"]})).json()
    assert (len(rest["items"]), rest["next"]) == (2, None)
    assert (await http.get(f"/v1/jobs/{started}/judgments")).json() == {"items": [], "next": None}
    tagged = (await http.get(f"/v1/jobs/{started}/pairs", params={"tag": "modality:CT"})).json()
    assert 0 < len(tagged["items"]) < 6
    problem(await http.get(f"/v1/jobs/{started}/pairs?order_by=1"), 422, "invalid")


async def test_health_and_readiness(http):
    assert (await http.get("/healthz")).json() == {"status": "ok"}
    ready = await http.get("/readyz")
    assert (ready.status_code, ready.json()) == (200, {"ready": True, "database": "ok", "broker": "not set"})
    await http.get("/v1/me")
    assert 'route="/v1/me"' in (await http.get("/metrics")).text


async def test_without_a_database_everything_says_so_and_nothing_breaks(settings):
    lost = Settings(
        database_url="postgresql://nobody:nothing@127.0.0.1:9/none",
        secret_key=settings.secret_key,
        broker_url="redis://127.0.0.1:9/0",
    )
    api: FastAPI = create(lost)
    async with (
        api.router.lifespan_context(api),
        httpx.AsyncClient(transport=httpx.ASGITransport(api), base_url="http://api") as http,
    ):
        answer = await http.get("/v1/me", headers={"Authorization": "Bearer tj_x"})
        problem(answer, 503, "unavailable")
        assert int(answer.headers["retry-after"]) > 0
        assert "nobody" not in answer.text
        ready = await http.get("/readyz")
        assert (ready.status_code, ready.json()) == (503, {"ready": False, "database": "down", "broker": "down"})
        assert (await http.get("/healthz")).status_code == 200


def test_the_client_knows_the_rest_too(client: Client):
    assert client.add_judge(JUDGE | {"api_key": SECRET}).api_key == "set"
    assert [judge.name for judge in client.judges()] == ["stub"]
    assert client.get_judge("stub").served_model == "stub-1"
    assert client.resume_judge("stub").status == "unverified"
    assert client.add_rubric(RUBRIC).hash == client.get_rubric("proofs").hash
    assert len(client.rubrics()) > 1
    key = client.create_key("ci", scopes=["jobs:read"])
    assert client.revoke_key(key.id).revoked_at is not None
    listed = client.keys()
    assert "ci" in [each.name for each in listed]
    assert client.me().key_name == "served"
    job = client.create_job({"judges": ["stub"], "pairs": list(pairs(2))})
    assert client.report(job.id, "md").startswith(b"#")
