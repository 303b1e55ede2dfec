"""The dashboard in one answer: jobs with headlines, judges, workers, throughput; and the page made of it."""

from __future__ import annotations

import itertools

import httpx
import pytest
from sqlalchemy import event, text

from app.domain.judge import Breaker
from app.services.admin import create_project
from app.store import lanes, workers
from app.store.lanes import Lane
from tests.integration.services import judging, samples

NUMBERS = itertools.count(1)
HOSTILE = '<script>alert(1)</script>"\u202e'


@pytest.fixture
async def project(database) -> int:
    """Alone: workers of other tests would count."""
    async with database.transaction() as tx:
        await tx.execute(text("TRUNCATE workers CASCADE"))
    return (await create_project(database, f"dashboard-{next(NUMBERS)}")).id


async def shown(http: httpx.AsyncClient, **asked: object) -> dict:
    answer = await http.get("/v1/dashboard", params=asked)
    assert answer.status_code == 200, answer.text
    found: dict = answer.json()
    return found


async def judge_id(database, project: int) -> int:
    async with database.transaction() as tx:
        found = await tx.execute(text("SELECT id FROM judges WHERE project_id = :project"), {"project": project})
        return int(found.scalar_one())


async def test_a_fresh_install_shows_nothing(http):
    found = await shown(http)
    assert (found["jobs"], found["judges"], found["running"]) == ({"items": [], "next": None}, [], 0)
    assert found["workers"] == {"alive": 0, "slices": 0}
    assert found["throughput"]["units_per_minute"] is None


async def test_jobs_come_with_what_they_say(http, database, vault, project, api):
    job = (await samples.started(database, vault, project)).id
    (line,) = (await shown(http))["jobs"]["items"]
    assert (line["headline"], line["headline_state"]) == (None, "none"), "nothing is judged yet"
    assert line["job"] == (await http.get(f"/v1/jobs/{job}")).json()
    await judging.judge(database, job)
    (line,) = (await shown(http))["jobs"]["items"]
    assert (line["headline"], line["headline_state"]) == (None, "pending")
    for task in list(api.state.publisher._under_way.values()):
        await task
    (line,) = (await shown(http))["jobs"]["items"]
    assert line["headline_state"] == "ready"
    headline = line["headline"]
    assert (headline["model_a"], headline["n_pairs"], headline["estimate"]) == ("base-7b", 10, 1.0)
    report = (await http.get(f"/v1/jobs/{job}/report")).json()["results"]["headline"]
    assert headline["text"] == report["text"]


async def test_pages_of_jobs_go_from_new_to_old(http, database, vault, project):
    made = [(await samples.draft(database, vault, project, name=f"job {number}")).id for number in range(3)]
    first = (await shown(http, limit=2))["jobs"]
    second = (await shown(http, limit=2, after=first["next"]))["jobs"]
    assert [line["job"]["id"] for line in first["items"] + second["items"]] == made[::-1]
    assert second["next"] is None
    assert (await http.get("/v1/dashboard", params={"limit": 101})).status_code == 422
    assert (await http.get("/v1/dashboard", params={"after": "nonsense"})).status_code == 422


@pytest.fixture
def now(api, monkeypatch) -> list[float]:
    """The clock of the throughput."""
    clock = [0.0]
    monkeypatch.setattr(api.state.dashboard._throughput, "_clock", lambda: clock[0])
    return clock


async def test_judges_workers_and_throughput_are_told(http, database, vault, project, now):
    job = (await samples.started(database, vault, project)).id
    await shown(http)
    await judging.judge(database, job)
    judge = await judge_id(database, project)
    async with database.transaction() as tx:
        await workers.seen(tx, "one", slices=3)
        await lanes.tell(tx, "one", [Lane(judge, "http://gpu-1:8000/v1", Breaker.OPEN, "no answer", 2.5, 2, 9, 120.0)])
    now[0] = 30.0
    found = await shown(http)
    assert found["workers"] == {"alive": 1, "slices": 3}
    assert found["running"] == 1
    units = found["jobs"]["items"][0]["job"]["progress"]["done"]
    assert found["jobs"]["items"][0]["units_per_minute"] == found["throughput"]["units_per_minute"] == 2 * units
    (health,) = found["judges"]
    assert (health["name"], health["in_use"], health["in_flight"]) == ("stub", True, 2)
    assert health["tokens"] == {"prompt": 100 * units, "completion": 20 * units}
    assert health["replicas"] == [
        {"host": "gpu-1:8000", "breaker": "open", "reason": "no answer", "slots": 2.5, "in_flight": 2,
         "latency_ms": 120.0, "workers": 1}
    ]  # fmt: skip


async def test_other_projects_are_not_shown(login, database, vault, project):
    await samples.started(database, vault, project)
    foreign = await shown(await login())
    assert (foreign["jobs"]["items"], foreign["judges"], foreign["running"]) == ([], [], 0)


async def test_no_judgment_is_read(http, database, vault, project, api):
    """However many there are: the dashboard lives on counters."""
    await judging.judge(database, (await samples.started(database, vault, project)).id)
    await shown(http)
    for task in list(api.state.publisher._under_way.values()):
        await task
    read: list[str] = []

    def note(_connection, _cursor, statement: str, *_rest: object) -> None:
        read.append(statement)

    engine = api.state.running.database._engine.sync_engine
    event.listen(engine, "before_cursor_execute", note)
    try:
        await shown(http)
    finally:
        event.remove(engine, "before_cursor_execute", note)
    assert len(read) > 5
    assert [statement for statement in read if "judgments" in statement or "replies" in statement] == []


# The page ----------------------------------------------------------------------------------------------------------


async def test_the_page_of_a_fresh_install_says_what_to_do(http):
    page = await http.get("/dashboard")
    assert page.status_code == 200
    assert "tracejudge demo" in page.text
    assert "hx-trigger" not in page.text


async def test_hostile_names_are_shown_as_text(http, database, vault, project):
    await samples.draft(database, vault, project, name=HOSTILE)
    page = await http.get("/dashboard")
    assert page.status_code == 200
    assert "<script>alert" not in page.text
    assert "&lt;script&gt;alert(1)" in page.text


async def test_the_page_follows_a_running_job_and_says_that_nobody_works(http, database, vault, project, api):
    job = await samples.started(database, vault, project)
    page = (await http.get("/dashboard")).text
    assert "No worker is alive" in page
    assert 'hx-trigger="every 2s"' in page
    await judging.judge(database, job.id)
    assert "being computed" in (await http.get("/dashboard")).text
    for task in list(api.state.publisher._under_way.values()):
        await task
    async with database.transaction() as tx:
        await workers.seen(tx, "one", slices=1)
    page = (await http.get("/dashboard")).text
    assert "No worker is alive" not in page
    assert "base-7b preferred to tuned-7b" in page
    assert "10 pairs" in page
    await judging.finish(database, job.id)
    assert "hx-trigger" not in (await http.get("/dashboard")).text, "nothing moves any more"


async def test_the_page_shows_only_what_the_resource_offers(http, database, vault, project):
    for number in range(3):
        await samples.draft(database, vault, project, name=f"job {number}")
    page = await http.get("/dashboard", params={"limit": 2})
    assert "job 2" in page.text
    assert "job 0" not in page.text
    after = (await shown(http, limit=2))["jobs"]["next"]
    assert f"after={after.replace('=', '%3D')}" in page.text
    assert "job 0" in (await http.get("/dashboard", params={"limit": 2, "after": after})).text
    assert (await http.get("/dashboard", params={"after": "nonsense"})).status_code == 422


@pytest.mark.parametrize("jobs", [0, 1])
async def test_what_was_judged_elsewhere_has_its_line(http, database, vault, project, jobs):
    for _ in range(jobs):
        await samples.draft(database, vault, project)
    assert "Judged elsewhere" not in (await http.get("/dashboard")).text
    rows = "model_a,model_b,winner\n" + "tuned,base,A\n" * 3
    for number in range(9):
        answer = await http.post(
            "/v1/imports", content=rows, params={"name": f"arena {number}"}, headers={"Content-Type": "text/csv"}
        )
        assert answer.status_code == 201, answer.text
    page = (await http.get("/dashboard")).text
    assert f'<a href="/dashboard/jobs/{answer.json()["id"]}">arena 8</a>' in page
    assert ("arena 1" in page, "arena 0" in page) == (True, False)
    assert "tuned, base" in page
    assert "The newest 8" in page
