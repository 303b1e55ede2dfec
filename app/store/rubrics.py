"""A project's own rubrics, every version of them."""

from __future__ import annotations

import orjson
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from app.domain.rubric import Rubric
from app.store.documents import document_of, rubric_of


async def add_rubric(tx: AsyncConnection, project: int, rubric: Rubric) -> bool:
    """Store one version of a rubric; False when that version is there already."""
    made = await tx.execute(
        text(
            """
            INSERT INTO rubrics (project_id, name, version, hash, document)
            VALUES (:project, :name, :version, :hash, CAST(:document AS jsonb)) ON CONFLICT DO NOTHING
            """
        ),
        {
            "project": project,
            "name": rubric.name,
            "version": rubric.version,
            "hash": rubric.hash(),
            "document": orjson.dumps(document_of(rubric)).decode(),
        },
    )
    return bool(made.rowcount)


async def rubric_named(tx: AsyncConnection, project: int, name: str, version: int | None = None) -> Rubric | None:
    """That version of a rubric, or the newest; None when the project has none."""
    found = await tx.execute(
        text(
            """
            SELECT document FROM rubrics
            WHERE project_id = :project AND name = :name AND (CAST(:version AS int) IS NULL OR version = :version)
            ORDER BY version DESC LIMIT 1
            """
        ),
        {"project": project, "name": name, "version": version},
    )
    document = found.scalar_one_or_none()
    return None if document is None else rubric_of(document)


async def rubrics_of(tx: AsyncConnection, project: int) -> list[Rubric]:
    """The newest version of each rubric, by name."""
    found = await tx.execute(
        text(
            """
            SELECT DISTINCT ON (name) document FROM rubrics WHERE project_id = :project ORDER BY name, version DESC
            """
        ),
        {"project": project},
    )
    return [rubric_of(document) for document in found.scalars()]
