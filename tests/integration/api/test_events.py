"""The stream of a job's life: over a real connection, shared by listeners, resumable, and ended in time."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import time
from collections.abc import AsyncIterator, Callable

import httpx
import pytest
from cryptography.fernet import Fernet
from sqlalchemy import text

from app.api.events import told
from app.domain.errors import NotFound, Unavailable
from app.embedded.ports import free_port
from app.services import admin, look, verbs
from app.services.feed import Feeds
from tests.integration.api.conftest import JUDGE
from tests.integration.api.event_stream import Event, read, stream
from tests.integration.services import judging, samples
from tests.world import processes
from tests.world.pairs import pairs


def test_a_job_is_told_from_its_start_to_its_end(client, served, token):
    job = client.create_job({"judges": [JUDGE], "pairs": list(pairs(2))}).id
    with stream(served, token, job) as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        assert (answer.headers["cache-control"], answer.headers["x-accel-buffering"]) == ("no-store", "no")
        events = read(answer.iter_lines())
        first = next(events)
        assert (first.kind, first.data["status"]) == ("progress", "running")
        client.pause(job)
        paused = next(events)
        assert paused.data["status"] == "paused"
        assert paused.id not in (first.id, None)
        client.cancel(job)
        rest = list(events)
    assert [event.kind for event in rest] == ["progress", "done"]
    assert rest[-1].data == client.get_job(job).model_dump(mode="json")
    with stream(served, token, job, **{"Last-Event-ID": rest[-1].id}) as answer:
        assert answer.status_code == 204, "it was told to the end; a browser must not come back"
    with stream(served, token, job, **{"Last-Event-ID": first.id}) as answer:
        assert [event.kind for event in read(answer.iter_lines())] == ["progress", "done"]


async def test_it_needs_a_key_and_a_job_of_ones_own(http, login, api):
    job = (await http.post("/v1/jobs", json={"judges": [JUDGE]})).json()["id"]
    foreign = await login()
    assert (await foreign.get(f"/v1/jobs/{job}/events")).status_code == 404
    assert not api.state.feeds._feeds
    http.headers.pop("Authorization")
    assert (await http.get(f"/v1/jobs/{job}/events")).status_code == 401


# One feed ---------------------------------------------------------------------------------------------------------


@pytest.fixture
async def job(database, vault, project) -> str:
    return (await samples.started(database, vault, project)).id


@pytest.fixture
def looks(monkeypatch) -> list[str]:
    """Every look at the database, as it happens."""
    seen: list[str] = []
    ask = look.get_job

    async def counted(*arguments):
        seen.append(arguments[-1])
        return await ask(*arguments)

    monkeypatch.setattr(look, "get_job", counted)
    return seen


async def events_of(feed, last: str = "", key: int | None = None) -> AsyncIterator[Event]:
    """What a reader hears, event by event."""
    async for chunk in told(feed, last, key):
        for event in read(iter(chunk.decode().splitlines())):
            yield event


async def test_two_listeners_cost_one_look_and_nobody_costs_none(database, project, job, looks):
    feeds = Feeds(database, seconds=0.05)
    async with feeds.listen(project, job) as feed, feeds.listen(project, job) as same:
        assert feed is same
        one, two = events_of(feed), events_of(same)
        first, also = await anext(one), await anext(two)
        assert first == also
        assert len(looks) == 1
        await judging.judge(database, job)
        moved = await anext(one), await anext(two)
        assert moved[0] == moved[1]
        assert moved[0].data["progress"]["pending"] == 0
        assert len(looks) < 20, "a slow reader and a fast one share the looks"
        await one.aclose()
    count = len(looks)
    await asyncio.sleep(0.2)
    assert len(looks) == count
    assert not feeds._feeds


async def test_the_id_means_the_same_in_every_process(database, project, job):
    here, there = Feeds(database), Feeds(database)
    async with here.listen(project, job) as feed, there.listen(project, job) as other:
        known = (await anext(events_of(feed))).id
        assert await other.news(known, 0.0) is None, "nothing again that was told elsewhere"
        assert (await anext(events_of(other, "another"))).id == known


async def test_a_slow_reader_gets_the_newest_state(database, project, job):
    feeds = Feeds(database, seconds=0.02)
    async with feeds.listen(project, job) as feed:
        hears = events_of(feed)
        await anext(hears)
        await verbs.pause(database, project, job)
        await asyncio.sleep(0.1)
        await verbs.resume(database, project, job)
        await judging.judge(database, job)
        await until(lambda: feed._seen.job.progress.pending == 0)
        state = await anext(hears)
        assert (state.data["status"], state.data["progress"]["pending"]) == ("running", 0)


async def test_a_warning_is_told_once(database, project, job):
    feeds = Feeds(database, seconds=0.02)
    async with feeds.listen(project, job) as feed:
        hears = events_of(feed)
        await anext(hears)
        await sql(database, "UPDATE judges SET status = 'waiting', status_reason = 'no answer'")
        try:
            warning, progress = await anext(hears), await anext(hears)
            await judging.judge(database, job)
            after = await anext(hears)
        finally:
            await sql(database, "UPDATE judges SET status = 'unverified', status_reason = NULL")
    assert (warning.kind, warning.data) == ("warning", {"text": "judge stub is waiting: no answer"})
    assert (progress.kind, after.kind) == ("progress", "progress")


async def test_a_deleted_job_is_told_and_ends(database, project, job):
    feeds = Feeds(database, seconds=0.02)
    async with feeds.listen(project, job) as feed:
        hears = events_of(feed)
        await anext(hears)
        await sql(database, "DELETE FROM jobs WHERE public_id = CAST(:job AS uuid)", job=job)
        assert [event.kind async for event in hears] == ["deleted"]
    with pytest.raises(NotFound):
        async with feeds.listen(project, job):
            pass


async def test_an_outage_is_sat_out(database, project, job, looks, monkeypatch):
    feeds = Feeds(database, seconds=0.02)
    async with feeds.listen(project, job) as feed:
        hears = events_of(feed)
        await anext(hears)
        working = look.get_job

        async def away(*_):
            looks.append("away")
            raise Unavailable("the database cannot be reached")

        monkeypatch.setattr(look, "get_job", away)
        await until(lambda: looks.count("away") > 1)
        monkeypatch.setattr(look, "get_job", working)
        await verbs.cancel(database, project, job)
        assert [event.kind async for event in hears] == ["progress", "done"]


async def test_a_key_that_is_revoked_hears_no_more_and_others_do(database, project, job, monkeypatch):
    monkeypatch.setattr("app.services.feed.KEY_SECONDS", 0.05)
    gone, stays = [(await admin.create_key(database, project, name, role="reader"))[0].id for name in ("x", "y")]
    feeds = Feeds(database, seconds=0.02)
    async with feeds.listen(project, job, gone) as feed, feeds.listen(project, job, stays):
        hears, also = events_of(feed, key=gone), events_of(feed, key=stays)
        await anext(hears)
        await anext(also)
        await admin.revoke_key(database, project, gone)
        async with asyncio.timeout(5):
            assert [event async for event in hears] == [], "the end comes without another event"
        await verbs.cancel(database, project, job)
        assert [event.kind async for event in also] == ["progress", "done"]


async def test_keys_are_looked_at_for_all_listeners_at_once_and_seldom(database, project, job, looks, monkeypatch):
    monkeypatch.setattr("app.services.feed.KEY_SECONDS", 0.2)
    asked: list[set[int]] = []

    async def counted(_database, keys) -> set[int]:
        asked.append(set(keys))
        return set(keys)

    monkeypatch.setattr(admin, "working_keys", counted)
    feeds = Feeds(database, seconds=0.02)
    async with feeds.listen(project, job, 7), feeds.listen(project, job, 7), feeds.listen(project, job, 8):
        await until(lambda: len(asked) == 2)
        assert asked == [{7, 8}, {7, 8}]
        assert len(looks) > 5


async def test_a_silent_stream_pings(database, project, job, monkeypatch):
    monkeypatch.setattr("app.api.events.PING_SECONDS", 0.01)
    async with Feeds(database).listen(project, job) as feed:
        hears = told(feed, "")
        assert [await anext(hears) for _ in range(3)][::2] == [b"retry: 2000\n\n", b": ping\n\n"]


async def test_a_stopping_process_ends_its_streams_and_begins_none(database, project, job):
    feeds = Feeds(database)
    async with feeds.listen(project, job) as feed:
        hears = events_of(feed)
        await anext(hears)
        feeds.close()
        assert [event async for event in hears] == []
    with pytest.raises(Unavailable):
        async with feeds.listen(project, job):
            pass


async def test_a_process_told_to_stop_does_not_wait_for_listeners(database, database_url, vault, project, tmp_path):
    """A real server with an open stream and no patience limit ends at the signal."""
    token = (await admin.create_key(database, project, "listener", role="reader"))[1]
    job = (await samples.started(database, vault, project)).id
    port = free_port("127.0.0.1")
    settings = {"TRACEJUDGE_DATABASE_URL": database_url, "TRACEJUDGE_SECRET_KEY": Fernet.generate_key().decode()}
    server = processes.api(port, settings, tmp_path / "api.log")
    server.start()
    try:
        await asyncio.to_thread(answers, f"http://127.0.0.1:{port}")
        took, kinds = await asyncio.to_thread(stopped_while_open, server, f"http://127.0.0.1:{port}", token, job)
    finally:
        server.end()
    assert kinds == ["progress"]
    assert took < 2.5, "it waited for the listener"
    assert "Error" not in (tmp_path / "api.log").read_text(encoding="utf-8")


def answers(url: str) -> None:
    """Wait until the process is up."""
    give_up = time.monotonic() + 30
    while True:
        with contextlib.suppress(httpx.TransportError):
            if httpx.get(f"{url}/healthz").status_code == 200:
                return
        assert time.monotonic() < give_up, "the server did not start"
        time.sleep(0.05)


def stopped_while_open(server: processes.Process, url: str, token: str, job: str) -> tuple[float, list[str]]:
    """Seconds from the signal to the end of the process, and what the listener got: a cut answer would raise."""
    with stream(url, token, job) as answer:
        events = read(answer.iter_lines())
        kinds = [next(events).kind]
        server.signal(signal.SIGTERM)
        begun = time.monotonic()
        kinds += [event.kind for event in events]
    assert server.stop(10) in (0, -signal.SIGTERM)
    return time.monotonic() - begun, kinds


async def until(condition: Callable[[], bool], seconds: float = 10.0) -> None:
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110 - nothing tells of it
            await asyncio.sleep(0.01)


async def sql(database, statement: str, **values: object) -> None:
    async with database.transaction() as tx:
        await tx.execute(text(statement), values)
