"""The World: one service with its database, broker and judge, all on this machine, all real."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import redis
from cryptography.fernet import Fernet

from app.embedded import postgres, valkey
from app.embedded.service import Service
from app.services.admin import ensure_embedded_key
from app.store.database import Database
from app.store.migrate import upgrade
from tests.stub_judge.handle import StubJudge
from tests.world import processes
from tests.world.processes import Process


@dataclass
class World:
    """Handles to everything. `url` is the API's base URL, `key` an embedded key with all scopes."""

    database: Service
    broker: Service
    judge: StubJudge
    api: Process
    workers: list[Process]
    url: str
    key: str
    environment: dict[str, str]
    http: httpx.Client = field(init=False)

    def __post_init__(self) -> None:
        self.http = httpx.Client(
            base_url=f"{self.url}/v1", headers={"Authorization": f"Bearer {self.key}"}, trust_env=False, timeout=60
        )

    def sql(self, query: str, *arguments: object) -> list[Any]:
        """Rows of a query on a connection of its own."""

        async def ask() -> list[Any]:
            connection = await asyncpg.connect(self.database.url)
            try:
                return await connection.fetch(query, *arguments)
            finally:
                await connection.close()

        return asyncio.run(ask())

    def empty_broker(self) -> None:
        """FLUSHALL."""
        with redis.Redis.from_url(self.broker.url) as client:
            client.flushall()

    def restart_api(self) -> None:
        self.api.start()
        processes.wait_until_ready(self.url, self.api)


@contextmanager
def world(
    directory: Path, *, workers: int = 1, settings: dict[str, str] | None = None, **judge: Any
) -> Iterator[World]:
    """Start a World in an empty directory; on exit every process of it is gone.

    `settings`: environment without the TRACEJUDGE_ prefix. `judge`: options of the stub judge.
    """
    directory.mkdir(parents=True, exist_ok=True)
    database = postgres.start(directory / "postgres")
    broker = valkey.start(directory / "valkey")
    stub = StubJudge.start(**judge)
    made: list[Process] = []
    try:
        upgrade(database.url)
        port = _free_port()
        environment = {
            "TRACEJUDGE_DATABASE_URL": database.url,
            "TRACEJUDGE_BROKER_URL": broker.url,
            "TRACEJUDGE_SECRET_KEY": Fernet.generate_key().decode(),
            "TRACEJUDGE_JUDGE_HOSTS": "*",
            **{f"TRACEJUDGE_{name.upper()}": value for name, value in (settings or {}).items()},
        }
        api = processes.api(port, environment, directory / "api.log")
        hands = [processes.worker(n, environment, directory / f"worker-{n}.log") for n in range(1, workers + 1)]
        made = [api, *hands]
        for process in made:
            process.start()
        url = f"http://127.0.0.1:{port}"
        processes.wait_until_ready(url, api)
        there = World(database, broker, stub, api, hands, url, _key(database.url), environment)
        with there.http:
            yield there
    finally:
        for process in made:
            process.end()
        stub.stop()
        broker.stop()
        database.stop()


def _key(database_url: str) -> str:
    async def make() -> str:
        database = Database(database_url)
        try:
            return await ensure_embedded_key(database, None)
        finally:
            await database.close()

    return asyncio.run(make())


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
