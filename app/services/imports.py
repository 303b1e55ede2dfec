"""Verdicts made elsewhere: checked as a whole, then stored as a whole."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from app.domain.errors import Invalid, NotFound
from app.domain.imported import Verdicts
from app.domain.pairing import place
from app.services.import_checks import Choices, checked, contradicting, refuse, strange_labels
from app.services.paging import Page, check_limit, cursor, place_of
from app.store import audit, imported_rows, imports
from app.store.database import Database, Transaction


@dataclass(frozen=True, slots=True)
class ImportInfo:
    """What users see of an import. `rows` and `verdicts` (rows times their counts) are those of the judges."""

    id: str
    name: str
    rows: int
    verdicts: int
    pairs: int
    models: list[str]
    judges: list[str]
    axes: list[str]
    primary_axis: str
    policy: str
    labels: int
    created_at: str


async def add_import(
    database: Database,
    project: int,
    name: str,
    verdicts: Verdicts,
    choices: Choices | None = None,
    *,
    actor: str = audit.SYSTEM,
) -> ImportInfo:
    """A new import. Raises Invalid, naming lines, when rows contradict each other or hold no verdict."""
    spec = checked(verdicts, choices or Choices())
    async with database.transaction() as tx:
        made = await imports.add_import(tx, project, name, spec)
        await imported_rows.add_verdicts(tx, made.id, 0, verdicts, spec)
        await audit.record(tx, project, actor, "create", f"import {made.public_id}")
    return _info(made)


async def get_import(database: Database, project: int, import_id: str) -> ImportInfo:
    """NotFound for another project's."""
    async with database.transaction() as tx:
        return _info(await _held(tx, project, import_id, held=False))


async def list_imports(database: Database, project: int, *, after: str | None = None, limit: int = 100) -> Page:
    """A project's imports, newest first."""
    check_limit(limit)
    before = place_of(after, 1)[0] if after else None
    async with database.transaction() as tx:
        found = await imports.list_imports(tx, project, before, limit + 1)
    more = len(found) > limit
    return Page([_info(facts) for facts in found[:limit]], cursor((found[limit - 1].id,)) if more else None)


async def delete_import(database: Database, project: int, import_id: str, *, actor: str = audit.SYSTEM) -> None:
    """The import with its rows and labels."""
    async with database.transaction() as tx:
        facts = await _held(tx, project, import_id, held=True)
        await imports.delete_import(tx, facts.id)
        await audit.record(tx, project, actor, "delete", f"import {facts.public_id}")


async def add_labels(
    database: Database, project: int, import_id: str, labels: Verdicts, *, actor: str = audit.SYSTEM
) -> None:
    """Append people's labels of pairs that an import has. Raises Invalid, naming lines, and keeps nothing then."""
    async with database.transaction() as tx:
        facts = await _held(tx, project, import_id, held=True)
        if facts.spec["summary"]["human"]:
            raise Invalid("this import holds people's verdicts already: import the judges' verdicts and label those")
        summary = dict(facts.spec["summary"])
        summary["labels"] += len(labels)
        spec = {**facts.spec, "summary": summary}
        await imported_rows.add_verdicts(tx, facts.id, facts.rows, labels, spec)
        found = await imported_rows.verdicts_of(tx, facts.id)
        found = replace(found, line=np.concatenate([found.line[: facts.rows], labels.line]))
        placed = place(found)
        refuse(strange_labels(found, placed), "some labels do not fit this import")
        refuse(*contradicting(found, placed))
        await audit.record(tx, project, actor, "label", f"import {facts.public_id}")


async def _held(tx: Transaction, project: int, import_id: str, *, held: bool) -> imports.ImportFacts:
    facts = await imports.import_facts(tx, project, import_id, held=held)
    if facts is None:
        raise NotFound("there is no such import")
    return facts


def _info(facts: imports.ImportFacts) -> ImportInfo:
    summary: dict[str, Any] = {name: value for name, value in facts.spec["summary"].items() if name != "human"}
    return ImportInfo(
        id=facts.public_id,
        name=facts.name,
        primary_axis=facts.spec["primary_axis"],
        policy=facts.spec["policy"]["name"],
        created_at=facts.created_at.isoformat(timespec="seconds"),
        **summary,
    )
