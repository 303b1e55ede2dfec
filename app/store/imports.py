"""Imports: verdicts made elsewhere, written whole and read back as columns."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from app.domain.imported import Design, ImportedVerdict
from app.domain.order import Order

_COLUMNS = (
    "import_id", "line", "item", "judge", "axis", "model_a", "model_b", "score", "presented", "repeat", "count",
    "cluster", "length_a", "length_b", "tags", "human", "design", "inclusion_probability",
)  # fmt: skip


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


async def import_facts(tx: AsyncConnection, project: int, public_id: str) -> ImportFacts | None:
    """None when the project has no such import."""
    found = await tx.execute(
        text(
            """
            SELECT id, public_id, name, spec, rows, created_at FROM imports
            WHERE project_id = :project AND public_id = CAST(:id AS uuid)
            """
        ),
        {"project": project, "id": public_id},
    )
    row = found.one_or_none()
    return None if row is None else _facts(row)


async def add_verdicts(tx: AsyncConnection, import_id: int, after: int, verdicts: Sequence[ImportedVerdict]) -> None:
    """Append rows by COPY; their line numbers follow on `after`, the rows that are there."""
    await tx.execute(
        text("UPDATE imports SET rows = rows + :rows WHERE id = :id"), {"rows": len(verdicts), "id": import_id}
    )
    connection = (await tx.get_raw_connection()).driver_connection
    await connection.copy_records_to_table(  # type: ignore[union-attr]
        "imported_verdicts", columns=_COLUMNS, records=_records(import_id, after, verdicts)
    )


async def verdicts_of(tx: AsyncConnection, import_id: int) -> list[ImportedVerdict]:
    """All rows in the order of their lines."""
    found = await tx.execute(
        text(
            """
            SELECT line, model_a, model_b, score, item, judge, axis, presented, repeat, count AS verdicts, cluster,
              length_a, length_b, tags, human, design, inclusion_probability
            FROM imported_verdicts WHERE import_id = :id ORDER BY line
            """
        ),
        {"id": import_id},
    )
    return [
        ImportedVerdict(
            row.line, row.model_a, row.model_b, row.score, row.item, row.judge, row.axis,
            None if row.presented is None else Order(row.presented), row.repeat, row.verdicts, row.cluster,
            row.length_a, row.length_b, row.tags, row.human, Design(row.design), row.inclusion_probability,
        )
        for row in found
    ]  # fmt: skip


def _records(import_id: int, after: int, verdicts: Iterable[ImportedVerdict]) -> Iterable[tuple[Any, ...]]:
    for number, row in enumerate(verdicts, start=after + 1):
        yield (
            import_id, number, row.item, row.judge, row.axis, row.model_a, row.model_b, row.score,
            None if row.order is None else int(row.order), row.repeat, row.count, row.cluster, row.length_a,
            row.length_b, json.dumps(dict(row.tags)), row.human, row.design.value, row.inclusion_probability,
        )  # fmt: skip


def _facts(row: Any) -> ImportFacts:
    return ImportFacts(row.id, str(row.public_id), row.name, row.spec, row.rows, row.created_at)
