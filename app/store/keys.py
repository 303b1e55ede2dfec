"""API keys as they are kept: a digest to find them by, a prefix to recognise them by, never the key."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncConnection

from app.domain.access import Principal


@dataclass(frozen=True, slots=True)
class KeyInfo:
    """What may be shown of a key."""

    id: int
    name: str
    prefix: str
    scopes: frozenset[str]
    created_at: datetime
    revoked_at: datetime | None


async def add_key(
    tx: AsyncConnection, project: int, *, name: str, prefix: str, digest: bytes, scopes: Iterable[str]
) -> KeyInfo:
    made = await tx.execute(
        text(
            """
            INSERT INTO api_keys (project_id, name, prefix, digest, scopes)
            VALUES (:project, :name, :prefix, :digest, :scopes)
            RETURNING id, name, prefix, scopes, created_at, revoked_at
            """
        ),
        {"project": project, "name": name, "prefix": prefix, "digest": digest, "scopes": sorted(scopes)},
    )
    return _info(made.one())


async def principal_of(tx: AsyncConnection, digest: bytes) -> Principal | None:
    """Whose key has this digest; None when nobody's has, or it was revoked."""
    found = await tx.execute(
        text(
            """
            SELECT p.id, p.name, k.name, k.scopes FROM api_keys k JOIN projects p ON p.id = k.project_id
            WHERE k.digest = :digest AND k.revoked_at IS NULL
              AND coalesce(k.expires_at > clock_timestamp(), true)
            """
        ),
        {"digest": digest},
    )
    row = found.one_or_none()
    return None if row is None else Principal(row[0], row[1], row[2], frozenset(row[3]))


async def keys_of(tx: AsyncConnection, project: int) -> list[KeyInfo]:
    """All keys of a project, revoked ones included, oldest first."""
    found = await tx.execute(
        text(
            """
            SELECT id, name, prefix, scopes, created_at, revoked_at FROM api_keys
            WHERE project_id = :project ORDER BY id
            """
        ),
        {"project": project},
    )
    return [_info(row) for row in found]


async def revoke(tx: AsyncConnection, project: int, key: int) -> KeyInfo | None:
    """Make a key useless from now on; a second time changes nothing. None when the project has no such key."""
    done = await tx.execute(
        text(
            """
            UPDATE api_keys SET revoked_at = coalesce(revoked_at, clock_timestamp())
            WHERE project_id = :project AND id = :key
            RETURNING id, name, prefix, scopes, created_at, revoked_at
            """
        ),
        {"project": project, "key": key},
    )
    row = done.one_or_none()
    return None if row is None else _info(row)


def _info(row: Row[Any]) -> KeyInfo:
    return KeyInfo(row.id, row.name, row.prefix, frozenset(row.scopes), row.created_at, row.revoked_at)
