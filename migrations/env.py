"""Runs the migrations on the database named by the caller, or by TRACEJUDGE_DATABASE_URL."""

from __future__ import annotations

import asyncio

from alembic import context
from sqlalchemy import Connection, pool, text
from sqlalchemy.ext.asyncio import create_async_engine

from app.settings import Settings
from app.store.database import async_url
from app.store.tables import metadata

# Two processes that start together must not migrate at once; the number is arbitrary and ours.
LOCK = 7_426_331


def _migrate(connection: Connection) -> None:
    connection.execute(text(f"SELECT pg_advisory_lock({LOCK})"))
    connection.commit()
    context.configure(connection=connection, target_metadata=metadata, transaction_per_migration=True)
    with context.begin_transaction():
        context.run_migrations()


async def _run(url: str) -> None:
    engine = create_async_engine(async_url(url), poolclass=pool.NullPool)
    async with engine.connect() as connection:
        await connection.run_sync(_migrate)
        await connection.commit()
    await engine.dispose()


url = context.config.attributes.get("database_url")
if not url:
    found = Settings().database_url
    if found is None:
        raise SystemExit("set TRACEJUDGE_DATABASE_URL to the database to migrate")
    url = found.get_secret_value()
asyncio.run(_run(url))
