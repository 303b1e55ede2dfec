"""Projects: everything else belongs to one, and none sees another's."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection


@dataclass(frozen=True, slots=True)
class ProjectInfo:
    """A project. `id` is internal."""

    id: int
    name: str
    created_at: datetime


async def add_project(tx: AsyncConnection, name: str) -> ProjectInfo | None:
    """A new project; None when the name is taken."""
    made = await tx.execute(
        text("INSERT INTO projects (name) VALUES (:name) ON CONFLICT (name) DO NOTHING RETURNING id, name, created_at"),
        {"name": name},
    )
    row = made.one_or_none()
    return None if row is None else ProjectInfo(*row)


async def project_named(tx: AsyncConnection, name: str) -> ProjectInfo | None:
    found = await tx.execute(text("SELECT id, name, created_at FROM projects WHERE name = :name"), {"name": name})
    row = found.one_or_none()
    return None if row is None else ProjectInfo(*row)


async def all_projects(tx: AsyncConnection) -> list[ProjectInfo]:
    found = await tx.execute(text("SELECT id, name, created_at FROM projects ORDER BY name"))
    return [ProjectInfo(*row) for row in found]
