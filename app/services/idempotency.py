"""A request repeated under its Idempotency-Key is answered with the bytes of the first answer, not done again."""

from __future__ import annotations

from dataclasses import dataclass

from app.domain.errors import Conflict, Invalid
from app.store import idempotency as stored
from app.store.database import Database

# A first request that has not answered for so long has died with its process.
CRASHED_AFTER = 600.0


@dataclass(frozen=True, slots=True)
class Replay:
    """The first answer."""

    status: int
    body: bytes


async def begin(database: Database, project: int, key: str, digest: bytes) -> Replay | None:
    """None: the request is ours to do, and to `finish` or `forget`. Else the answer it got the first time.

    Conflict while the first request is at work; Invalid when the key came with another request before.
    """
    async with database.transaction() as tx:
        if await stored.take(tx, project, key, digest, crashed_after=CRASHED_AFTER):
            return None
        first = await stored.begun(tx, project, key)
    if first is None:
        raise Conflict("the first request under this Idempotency-Key has just failed; send it again")
    if first.digest != digest:
        raise Invalid("this Idempotency-Key was used for another request")
    if first.status is None:
        raise Conflict("the first request under this Idempotency-Key is still at work")
    return Replay(first.status, first.body)


async def finish(database: Database, project: int, key: str, status: int, body: bytes) -> None:
    """Keep the answer for repetitions."""
    async with database.transaction() as tx:
        await stored.answered(tx, project, key, status, body)


async def forget(database: Database, project: int, key: str) -> None:
    """Free the key of a request that failed in a way worth repeating."""
    async with database.transaction() as tx:
        await stored.drop(tx, project, key)
