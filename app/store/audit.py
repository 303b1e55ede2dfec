"""The audit trail: who did what to which object. It holds names and ids, never content."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

# What acts when no API key does: workers, the command line on the server itself.
SYSTEM = "system"


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the trail."""

    at: datetime
    actor: str
    verb: str
    object: str


async def record(tx: AsyncConnection, project: int, actor: str, verb: str, thing: str) -> None:
    """Write one line, in the transaction of the deed itself."""
    await tx.execute(
        text(
            """
            INSERT INTO audit (project_id, actor, verb, object) VALUES (:project, :actor, :verb, :thing)
            """
        ),
        {"project": project, "actor": actor, "verb": verb, "thing": thing},
    )


async def trail(tx: AsyncConnection, project: int) -> list[Entry]:
    """A project's trail, oldest first."""
    found = await tx.execute(
        text("SELECT at, actor, verb, object FROM audit WHERE project_id = :project ORDER BY id"),
        {"project": project},
    )
    return [Entry(*row) for row in found]
