"""Migrations: one line of them, up and down again, and the tables of the code are the tables they make."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest
from alembic import command
from alembic.script import ScriptDirectory

from app.store import migrate
from tests.integration.conftest import named

ROOT = Path(__file__).parents[2]


@pytest.fixture
async def empty_url(postgres_url) -> AsyncIterator[str]:
    """A database without a single table."""
    server = await asyncpg.connect(postgres_url)
    await server.execute("CREATE DATABASE migrations")
    yield named(postgres_url, "migrations")
    await server.execute("DROP DATABASE migrations WITH (FORCE)")
    await server.close()


async def tables(url: str) -> set[str]:
    connection = await asyncpg.connect(url)
    found = await connection.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
    await connection.close()
    return {row["tablename"] for row in found}


def test_there_is_one_head():
    script = ScriptDirectory.from_config(migrate.configuration(""))
    assert script.get_heads() == [migrate.newest()]


async def test_up_down_and_up_again(empty_url):
    settings = migrate.configuration(empty_url)
    await asyncio.to_thread(migrate.upgrade, empty_url)
    after = await tables(empty_url)
    assert {"jobs", "shards", "judgments", "alembic_version"} <= after
    await asyncio.to_thread(migrate.upgrade, empty_url)  # a second time does nothing
    await asyncio.to_thread(command.downgrade, settings, "-1")
    await asyncio.to_thread(command.upgrade, settings, "head")
    await asyncio.to_thread(command.downgrade, settings, "base")
    assert await tables(empty_url) == {"alembic_version"}
    await asyncio.to_thread(migrate.upgrade, empty_url)
    assert await tables(empty_url) == after


async def test_the_code_and_the_migrations_agree(empty_url):
    await asyncio.to_thread(migrate.upgrade, empty_url)
    await asyncio.to_thread(command.check, migrate.configuration(empty_url))


async def test_processes_that_start_together_migrate_once(empty_url):
    program = f"from app.store.migrate import upgrade; upgrade({empty_url!r})"
    started = [await asyncio.create_subprocess_exec(sys.executable, "-c", program, cwd=ROOT) for _ in range(3)]
    assert await asyncio.gather(*(process.wait() for process in started)) == [0, 0, 0]
    assert "jobs" in await tables(empty_url)


async def test_what_autogenerate_cannot_see_is_set(empty_url):
    await asyncio.to_thread(migrate.upgrade, empty_url)
    connection = await asyncpg.connect(empty_url)
    stored = await connection.fetch(
        """
        SELECT attrelid::regclass || '.' || attname AS name, attstorage::text FROM pg_attribute
        WHERE (attrelid, attname) IN (('traces'::regclass, 'text'), ('image_bytes'::regclass, 'data'))
        """
    )
    staged = await connection.fetchrow(
        "SELECT relpersistence::text, reloptions FROM pg_class WHERE relname = 'staged_pairs'"
    )
    await connection.close()
    assert {row["name"]: row["attstorage"] for row in stored} == {"traces.text": "e", "image_bytes.data": "e"}
    assert (staged["relpersistence"], staged["reloptions"]) == ("u", ["toast_tuple_target=8160"])
