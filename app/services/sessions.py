"""Signing in and out of the dashboard: a key once, then a cookie that means nothing anywhere else."""

from __future__ import annotations

import hashlib
import hmac
import secrets

from app.domain.access import Principal
from app.domain.errors import Unauthenticated
from app.store import sessions
from app.store.database import Database

DAYS = 86_400.0
LIFE_SECONDS = 14 * DAYS
TOKEN_BYTES = 32


async def sign_in(database: Database, key: str) -> str:
    """The cookie of a new session; Unauthenticated when the key is unknown, revoked or expired."""
    cookie = secrets.token_urlsafe(TOKEN_BYTES)
    async with database.transaction() as tx:
        good = await sessions.add_session(
            tx, key_digest=_digest(key.strip()), digest=_digest(cookie), seconds=LIFE_SECONDS
        )
    if not good:
        raise Unauthenticated("this key is not valid: it is unknown, revoked or expired")
    return cookie


async def sign_out(database: Database, cookie: str) -> None:
    async with database.transaction() as tx:
        await sessions.end_session(tx, _digest(cookie))


async def visitor(database: Database, cookie: str) -> Principal:
    """Whose cookie this is; Unauthenticated when its session is over."""
    async with database.transaction() as tx:
        found = await sessions.principal_of_session(tx, _digest(cookie))
    if found is None:
        raise Unauthenticated("the session is over; sign in again")
    return found


def csrf_token(cookie: str) -> str:
    """What a form of this session's pages carries; nobody can make it who does not hold the cookie."""
    return hmac.new(cookie.encode(), b"csrf", hashlib.sha256).hexdigest()


def is_csrf_token(cookie: str, token: str) -> bool:
    return hmac.compare_digest(csrf_token(cookie).encode(), token.encode(errors="replace"))


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode(errors="replace")).digest()
