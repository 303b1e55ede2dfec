"""The real application over a real PostgreSQL: called in process, or served by a real uvicorn."""

from __future__ import annotations

import itertools
import re
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from typing import Any

import httpx
import pytest
import uvicorn
from cryptography.fernet import Fernet
from fastapi import FastAPI

from app.api.app import create
from app.client import Client
from app.services import admin
from app.settings import Settings

JUDGE = {"name": "stub", "url": "http://127.0.0.1:9/v1", "served_model": "stub-1"}
_numbers = itertools.count(1)

Login = Callable[..., Awaitable[httpx.AsyncClient]]
Visit = Callable[..., Awaitable[httpx.AsyncClient]]


@pytest.fixture(scope="module")
def settings(database_url) -> Settings:
    return Settings(
        database_url=database_url,
        secret_key=Fernet.generate_key().decode(),
        judge_hosts="127.0.0.1",
        max_body_bytes=2_000_000,
        max_upload_bytes=20_000_000,
        max_line_bytes=1_000_000,
        max_inline_pairs=20,
        max_trace_characters=50_000,
    )


@pytest.fixture(scope="module")
async def api(settings) -> AsyncIterator[FastAPI]:
    made = create(settings)
    async with made.router.lifespan_context(made):
        yield made


@pytest.fixture
async def login(api) -> AsyncIterator[Login]:
    """`await login(role="admin", project=...)`: an HTTP client with a new key; of a new project unless told."""
    clients: list[httpx.AsyncClient] = []

    async def log_in(role: str = "admin", project: int | None = None) -> httpx.AsyncClient:
        database = api.state.running.database
        if project is None:
            project = (await admin.create_project(database, f"login-{next(_numbers)}")).id
        _, token = await admin.create_key(database, project, f"{role}-key", role=role)
        transport = httpx.ASGITransport(api)
        clients.append(
            httpx.AsyncClient(transport=transport, base_url="http://api", headers={"Authorization": f"Bearer {token}"})
        )
        return clients[-1]

    yield log_in
    for client in clients:
        await client.aclose()


@pytest.fixture
async def http(login, project) -> httpx.AsyncClient:
    """A client of a project of the test's own, which may do everything inside it."""
    return await login(project=project)


@pytest.fixture
async def visit(api, database, project) -> AsyncIterator[Visit]:
    """`await visit(role, name)`: a browser signed in with a new key of the test's project; without a role, a browser
    that is not signed in.
    """
    browsers: list[httpx.AsyncClient] = []

    async def come(role: str | None = "submitter", name: str = "") -> httpx.AsyncClient:
        browser = httpx.AsyncClient(transport=httpx.ASGITransport(api), base_url="http://api")
        browsers.append(browser)
        if role is not None:
            _, token = await admin.create_key(database, project, name or f"visitor-{next(_numbers)}", role=role)
            answer = await browser.post("/dashboard/sign-in", data={"key": token})
            assert answer.status_code == 303, answer.text
        return browser

    yield come
    for browser in browsers:
        await browser.aclose()


def hidden(text: str, name: str) -> str:
    """The value of a hidden field, the first of its name."""
    found = re.search(rf'name="{name}" value="([^"]*)"', text)
    assert found, text
    return found[1]


async def draft(http: httpx.AsyncClient, **choices: Any) -> str:
    """The id of a new draft."""
    answer = await http.post("/v1/jobs", json={"judges": [JUDGE], **choices})
    assert answer.status_code == 202, answer.text
    assert answer.json()["status"] == "draft"
    job_id: str = answer.json()["id"]
    return job_id


async def upload(http: httpx.AsyncClient, job_id: str, body: bytes, **headers: str) -> httpx.Response:
    return await http.post(
        f"/v1/jobs/{job_id}/pairs", content=body, headers={"Content-Type": "application/x-ndjson", **headers}
    )


@pytest.fixture(scope="module")
def served(settings) -> Iterator[str]:
    """The URL of a real server on a free port, in a thread with a loop of its own."""
    config = uvicorn.Config(create(settings), host="127.0.0.1", port=0, log_config=None, lifespan="on", ws="none")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    deadline = time.monotonic() + 20
    while not server.started:
        assert time.monotonic() < deadline, "the server did not start"
        time.sleep(0.02)
    port = server.servers[0].sockets[0].getsockname()[1]
    yield f"http://127.0.0.1:{port}"
    server.should_exit = True
    thread.join(20)
    assert not thread.is_alive()


@pytest.fixture
async def token(database, project) -> str:
    """A key of the test's own project."""
    return (await admin.create_key(database, project, "served", role="admin"))[1]


@pytest.fixture
def client(served, token) -> Iterator[Client]:
    with Client(served, token) as made:
        yield made
