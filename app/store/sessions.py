"""Sign-ins of people at the dashboard: a digest of the cookie to find them by, never the cookie."""

from __future__ import annotations

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from app.domain.access import Principal
from app.store.keys import principal_from


async def add_session(tx: AsyncConnection, *, key_digest: bytes, digest: bytes, seconds: float) -> bool:
    """Begin a session of a good key; False when the key is unknown, revoked or expired. It ends with its key."""
    made = await tx.execute(
        text(
            """
            INSERT INTO sessions (digest, key_id, expires_at)
            SELECT :digest, id,
              least(clock_timestamp() + make_interval(secs => :seconds), coalesce(expires_at, 'infinity'))
            FROM api_keys
            WHERE digest = :key_digest AND revoked_at IS NULL AND coalesce(expires_at > clock_timestamp(), true)
            RETURNING id
            """
        ),
        {"digest": digest, "key_digest": key_digest, "seconds": seconds},
    )
    return made.one_or_none() is not None


async def principal_of_session(tx: AsyncConnection, digest: bytes) -> Principal | None:
    """Whose session this is; None when it is over, unknown, or its key was revoked."""
    found = await tx.execute(
        text(
            """
            SELECT p.id AS project, p.name AS project_name, k.name AS key_name, k.scopes, k.id AS key_id, k.expires_at
            FROM sessions s JOIN api_keys k ON k.id = s.key_id JOIN projects p ON p.id = k.project_id
            WHERE s.digest = :digest AND s.expires_at > clock_timestamp() AND k.revoked_at IS NULL
            """
        ),
        {"digest": digest},
    )
    row = found.one_or_none()
    return None if row is None else principal_from(row)


async def end_session(tx: AsyncConnection, digest: bytes) -> None:
    await tx.execute(text("DELETE FROM sessions WHERE digest = :digest"), {"digest": digest})


async def end_sessions_of(tx: AsyncConnection, key: int) -> None:
    """Sign out whoever signed in with this key."""
    await tx.execute(text("DELETE FROM sessions WHERE key_id = :key"), {"key": key})


async def forget_expired(tx: AsyncConnection) -> None:
    await tx.execute(text("DELETE FROM sessions WHERE expires_at < clock_timestamp()"))
