"""A migrated database for this folder, and a running job in it for each test."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass

import asyncpg
import pytest
from cryptography.fernet import Fernet

from app.domain.job import NewJob
from app.domain.judge import Judge
from app.embedded import postgres
from app.services import admin, submit
from app.services.vault import Vault
from app.store.database import Database
from app.store.migrate import upgrade
from app.wire.pairs import PairIn
from tests.world.pairs import pairs

VAULT = Vault(Fernet.generate_key().decode())
EMPTY = "TRUNCATE projects, workers RESTART IDENTITY CASCADE"


@dataclass(frozen=True, slots=True)
class RunningJob:
    """A started job of a fresh project."""

    project: int
    id: str
    judge: Judge


@pytest.fixture(scope="session")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    service = postgres.start(tmp_path_factory.mktemp("protocol"))
    upgrade(service.url)
    yield service.url
    service.stop()


@pytest.fixture
async def database(url: str) -> AsyncIterator[Database]:
    connection = await asyncpg.connect(url)
    await connection.execute(EMPTY)
    await connection.close()
    made = Database(url)
    yield made
    await made.close()


@pytest.fixture
async def sql(url: str, database: Database) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(url)
    yield connection
    await connection.close()


Starter = Callable[..., Awaitable[RunningJob]]


@pytest.fixture
def start_job(database: Database, sql: asyncpg.Connection) -> Starter:
    """Start a job of `count` pairs; `ready` False leaves the judge to its canary."""

    async def start(
        count: int = 8,
        *,
        judge: Judge | None = None,
        api_key: str | None = None,
        ready: bool = True,
        shard_units: int = 8,
        project: str = "lab",
    ) -> RunningJob:
        judge = judge or Judge("stub", ("http://127.0.0.1:9/v1",), "stub-judge")
        owner = (await admin.create_project(database, project)).id
        new = NewJob("job", ((judge, api_key),), "reasoning-trace")
        job = await submit.create_draft(database, VAULT, owner, new, hosts="*", may_write_judges=True)
        upload = await submit.begin_upload(database, owner, job.id)
        async with upload:
            staged = [
                submit.StagedPair(line, PairIn.model_validate(document).to_domain())
                for line, document in enumerate(pairs(count), start=1)
            ]
            await upload.stage(staged)
            await upload.promote()
        await submit.start(database, owner, job.id, shard_units=shard_units)
        if ready:
            await sql.execute("UPDATE judges SET status = 'ready'")
        return RunningJob(owner, job.id, judge)

    return start


async def until(condition: Callable[[], Awaitable[bool]], seconds: float = 20.0) -> None:
    """Wait for a condition, or fail."""
    give_up = time.monotonic() + seconds
    while not await condition():
        assert time.monotonic() < give_up, "it did not happen in time"
        await asyncio.sleep(0.05)
