"""Bringing a database to the newest schema, and asking how far it is."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

MIGRATIONS = Path(__file__).resolve().parents[2] / "migrations"


def configuration(database_url: str) -> Config:
    """Alembic's configuration for one database; nothing is read from the environment."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["database_url"] = database_url
    return config


def upgrade(database_url: str) -> None:
    """Run all migrations that are still to be run. Blocking; call it outside an event loop."""
    command.upgrade(configuration(database_url), "head")


def newest() -> str:
    """The revision this code was written for."""
    head = ScriptDirectory.from_config(configuration("")).get_current_head()
    assert head is not None  # noqa: S101 - a repository without migrations cannot start
    return head


async def revision(tx: AsyncConnection) -> str | None:
    """The revision this database is at; None when it was never upgraded."""
    known = await tx.execute(text("SELECT to_regclass('alembic_version') IS NOT NULL"))
    if not known.scalar_one():
        return None
    found: str | None = (await tx.execute(text("SELECT version_num FROM alembic_version"))).scalar_one_or_none()
    return found
