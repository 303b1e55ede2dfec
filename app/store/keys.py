"""API keys as they are kept: a digest to find them by, a prefix to recognise them by, never the key."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncConnection

from app.domain.access import Principal

State = Literal["good", "revoked", "expired"]
SHOWN = """
    id, name, prefix, scopes, created_at, revoked_at, expires_at,
    CASE WHEN revoked_at IS NOT NULL THEN 'revoked' WHEN expires_at <= clock_timestamp() THEN 'expired' ELSE 'good' END
      AS state
"""


@dataclass(frozen=True, slots=True)
class KeyInfo:
    """What may be shown of a key."""

    id: int
    name: str
    prefix: str
    scopes: frozenset[str]
    created_at: datetime
    revoked_at: datetime | None
    expires_at: datetime | None
    state: State


async def add_key(
    tx: AsyncConnection,
    project: int,
    *,
    name: str,
    prefix: str,
    digest: bytes,
    scopes: Iterable[str],
    days: int | None = None,
) -> KeyInfo:
    """A new key, which expires after so many days; None: never."""
    made = await tx.execute(
        text(
            f"""
            INSERT INTO api_keys (project_id, name, prefix, digest, scopes, expires_at)
            VALUES (:project, :name, :prefix, :digest, :scopes,
              clock_timestamp() + make_interval(days => CAST(:days AS integer)))
            RETURNING {SHOWN}
            """  # noqa: S608 - only the constant above goes in
        ),
        {"project": project, "name": name, "prefix": prefix, "digest": digest, "scopes": sorted(scopes), "days": days},
    )
    return _info(made.one())


async def principal_of(tx: AsyncConnection, digest: bytes) -> Principal | None:
    """Whose key has this digest; None when nobody's has, or it was revoked or has expired."""
    found = await tx.execute(
        text(
            """
            SELECT p.id AS project, p.name AS project_name, k.name AS key_name, k.scopes, k.id AS key_id, k.expires_at
            FROM api_keys k JOIN projects p ON p.id = k.project_id
            WHERE k.digest = :digest AND k.revoked_at IS NULL
              AND coalesce(k.expires_at > clock_timestamp(), true)
            """
        ),
        {"digest": digest},
    )
    row = found.one_or_none()
    return None if row is None else principal_from(row)


async def working_of(tx: AsyncConnection, keys: Iterable[int]) -> set[int]:
    """Those of these keys that are neither revoked nor expired."""
    found = await tx.execute(
        text(
            """
            SELECT id FROM api_keys WHERE id = ANY(CAST(:keys AS int[])) AND revoked_at IS NULL
              AND coalesce(expires_at > clock_timestamp(), true)
            """
        ),
        {"keys": list(keys)},
    )
    return set(found.scalars())


def principal_from(row: Row[Any]) -> Principal:
    """Of a row of project, project_name, key_name, scopes, key_id and expires_at."""
    return Principal(
        project=row.project,
        project_name=row.project_name,
        key_name=row.key_name,
        scopes=frozenset(row.scopes),
        key_id=row.key_id,
        expires_at=row.expires_at,
    )


async def key_of(tx: AsyncConnection, digest: bytes) -> KeyInfo | None:
    """The key with this digest, good or not; None when nobody's has it."""
    found = await tx.execute(
        text(f"SELECT {SHOWN} FROM api_keys WHERE digest = :digest"),  # noqa: S608 - only the constant above goes in
        {"digest": digest},
    )
    row = found.one_or_none()
    return None if row is None else _info(row)


async def keys_of(tx: AsyncConnection, project: int) -> list[KeyInfo]:
    """All keys of a project, revoked ones included, oldest first."""
    found = await tx.execute(
        text(f"SELECT {SHOWN} FROM api_keys WHERE project_id = :project ORDER BY id"),  # noqa: S608 - only the constant above goes in
        {"project": project},
    )
    return [_info(row) for row in found]


async def revoke(tx: AsyncConnection, project: int, key: int) -> KeyInfo | None:
    """Make a key useless from now on; a second time changes nothing. None when the project has no such key."""
    done = await tx.execute(
        text(
            f"""
            UPDATE api_keys SET revoked_at = coalesce(revoked_at, clock_timestamp())
            WHERE project_id = :project AND id = :key
            RETURNING {SHOWN}
            """  # noqa: S608 - only the constant above goes in
        ),
        {"project": project, "key": key},
    )
    row = done.one_or_none()
    return None if row is None else _info(row)


def _info(row: Row[Any]) -> KeyInfo:
    return KeyInfo(
        id=row.id,
        name=row.name,
        prefix=row.prefix,
        scopes=frozenset(row.scopes),
        created_at=row.created_at,
        revoked_at=row.revoked_at,
        expires_at=row.expires_at,
        state=row.state,
    )
