"""Imports: verdicts made elsewhere, without their rows."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from app.store.jobs import as_uuid

_READ = "SELECT id, public_id, name, spec, rows, created_at FROM imports WHERE project_id = :project"


@dataclass(frozen=True, slots=True)
class ImportFacts:
    """An import without its rows. `id` is internal; `rows` moves with every file added."""

    id: int
    public_id: str
    name: str
    spec: Mapping[str, Any]
    rows: int
    created_at: datetime


async def add_import(tx: AsyncConnection, project: int, name: str, spec: Mapping[str, Any]) -> ImportFacts:
    """A new import without rows."""
    made = await tx.execute(
        text(
            """
            INSERT INTO imports (project_id, name, spec) VALUES (:project, :name, CAST(:spec AS jsonb))
            RETURNING id, public_id, name, spec, rows, created_at
            """
        ),
        {"project": project, "name": name, "spec": json.dumps(spec)},
    )
    return _facts(made.one())


async def import_facts(tx: AsyncConnection, project: int, public_id: str, *, held: bool = False) -> ImportFacts | None:
    """None when the project has no such import. `held`: nobody else adds to it until the transaction ends."""
    lock = " FOR UPDATE" if held else ""
    found = await tx.execute(
        text(f"{_READ} AND public_id = CAST(:id AS uuid){lock}"), {"project": project, "id": as_uuid(public_id)}
    )
    row = found.one_or_none()
    return None if row is None else _facts(row)


async def list_imports(tx: AsyncConnection, project: int, before: int | None, limit: int) -> list[ImportFacts]:
    """Newest first, from the one before the id `before` on."""
    found = await tx.execute(
        text(f"{_READ} AND (CAST(:before AS int) IS NULL OR id < :before) ORDER BY id DESC LIMIT :limit"),
        {"project": project, "before": before, "limit": limit},
    )
    return [_facts(row) for row in found]


async def delete_import(tx: AsyncConnection, import_id: int) -> None:
    """The import and its rows."""
    await tx.execute(text("DELETE FROM imports WHERE id = :id"), {"id": import_id})


def _facts(row: Any) -> ImportFacts:
    return ImportFacts(row.id, str(row.public_id), row.name, row.spec, row.rows, row.created_at)
