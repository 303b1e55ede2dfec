"""The versions a project keeps of a rubric, and the jobs that were judged by it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection


@dataclass(frozen=True, slots=True)
class Version:
    """One stored version; `created_at` is None for what comes with the service."""

    version: int
    hash: str
    created_at: datetime | None


@dataclass(frozen=True, slots=True)
class RubricJob:
    """A job and the version it was judged by."""

    id: str
    name: str
    status: str
    version: int
    created_at: datetime


async def versions_of(tx: AsyncConnection, project: int, name: str) -> list[Version]:
    """Newest first."""
    found = await tx.execute(
        text(
            """
            SELECT version, hash, created_at FROM rubrics WHERE project_id = :project AND name = :name
            ORDER BY version DESC
            """
        ),
        {"project": project, "name": name},
    )
    return [Version(*row) for row in found]


async def jobs_with(tx: AsyncConnection, project: int, rubric: str, limit: int) -> list[RubricJob]:
    """Newest first."""
    found = await tx.execute(
        text(
            """
            SELECT public_id, name, status, (rubric->>'version')::int AS version, created_at FROM jobs
            WHERE project_id = :project AND rubric->>'name' = :rubric ORDER BY id DESC LIMIT :limit
            """
        ),
        {"project": project, "rubric": rubric, "limit": limit},
    )
    return [RubricJob(str(row.public_id), row.name, row.status, row.version, row.created_at) for row in found]
