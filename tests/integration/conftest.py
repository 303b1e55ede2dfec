"""Real PostgreSQL for tests: one server a session, one freshly migrated database a module, one project a test."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator, Iterator

import asyncpg
import pytest
from cryptography.fernet import Fernet

from app.embedded import postgres
from app.services.admin import create_project
from app.services.vault import Vault
from app.store import migrate
from app.store.database import Database

TEMPLATE = "template_migrated"
_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def postgres_url(tmp_path_factory) -> Iterator[str]:
    """A server of our own; the URL names its maintenance database."""
    server = postgres.start(tmp_path_factory.mktemp("postgres"))
    yield server.url
    server.stop()


@pytest.fixture(scope="session")
async def migrated(postgres_url) -> str:
    """The name of a migrated database that nobody is connected to, to be cloned."""
    await _run(postgres_url, f"CREATE DATABASE {TEMPLATE}")
    await asyncio.to_thread(migrate.upgrade, named(postgres_url, TEMPLATE))  # it has a loop of its own
    return TEMPLATE


@pytest.fixture(scope="module")
async def database_url(postgres_url, migrated) -> AsyncIterator[str]:
    """A database of the module's own, at the newest schema."""
    name = f"module_{next(_numbers)}"
    await _run(postgres_url, f"CREATE DATABASE {name} TEMPLATE {migrated}")
    yield named(postgres_url, name)
    await _run(postgres_url, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(scope="module")
async def database(database_url) -> AsyncIterator[Database]:
    database = Database(database_url)
    yield database
    await database.close()


@pytest.fixture
async def project(database) -> int:
    """A project nobody else uses."""
    return (await create_project(database, f"project-{next(_numbers)}")).id


@pytest.fixture
async def stranger(database) -> int:
    """Another project, which must never see the first one's things."""
    return (await create_project(database, f"stranger-{next(_numbers)}")).id


@pytest.fixture(scope="session")
def vault() -> Vault:
    return Vault(Fernet.generate_key().decode())


def named(url: str, database: str) -> str:
    """The URL of another database on the same server."""
    return f"{url.rpartition('/')[0]}/{database}"


async def _run(url: str, statement: str) -> None:
    connection = await asyncpg.connect(url)
    await connection.execute(statement)
    await connection.close()
