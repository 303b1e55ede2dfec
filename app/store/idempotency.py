"""Idempotency keys: which requests were begun, and what they were answered."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection


@dataclass(frozen=True, slots=True)
class Begun:
    """A request under a key; `status` is None while it is at work."""

    digest: bytes
    status: int | None
    body: bytes


async def take(tx: AsyncConnection, project: int, key: str, digest: bytes, *, crashed_after: float) -> bool:
    """Make the key ours: when it is new, or its first request is the same one and died `crashed_after` seconds ago."""
    done = await tx.execute(
        text(
            """
            INSERT INTO idempotency_keys AS k (project_id, key, request_digest) VALUES (:project, :key, :digest)
            ON CONFLICT (project_id, key) DO UPDATE SET created_at = clock_timestamp()
            WHERE k.status IS NULL AND k.request_digest = :digest
              AND k.created_at < clock_timestamp() - make_interval(secs => :seconds)
            """
        ),
        {"project": project, "key": key, "digest": digest, "seconds": crashed_after},
    )
    return bool(done.rowcount)


async def begun(tx: AsyncConnection, project: int, key: str) -> Begun | None:
    found = await tx.execute(
        text("SELECT request_digest, status, body FROM idempotency_keys WHERE project_id = :project AND key = :key"),
        {"project": project, "key": key},
    )
    row = found.one_or_none()
    return None if row is None else Begun(row.request_digest, row.status, row.body or b"")


async def answered(tx: AsyncConnection, project: int, key: str, status: int, body: bytes) -> None:
    """Keep the answer, to be given again."""
    await tx.execute(
        text(
            """
            UPDATE idempotency_keys SET status = :status, body = :body WHERE project_id = :project AND key = :key
            """
        ),
        {"project": project, "key": key, "status": status, "body": body},
    )


async def drop(tx: AsyncConnection, project: int, key: str) -> None:
    """Forget a key whose request came to nothing."""
    await tx.execute(
        text("DELETE FROM idempotency_keys WHERE project_id = :project AND key = :key"),
        {"project": project, "key": key},
    )


async def sweep_keys(tx: AsyncConnection, ttl: float) -> int:
    """Forget keys older than `ttl` seconds; how many."""
    done = await tx.execute(
        text("DELETE FROM idempotency_keys WHERE created_at < clock_timestamp() - make_interval(secs => :ttl)"),
        {"ttl": ttl},
    )
    return int(done.rowcount)
