"""Signing in and out of the dashboard: a key once, then a cookie that means nothing anywhere else."""

from __future__ import annotations

import hashlib
import hmac
import secrets

from app.domain.access import REVIEWS_LABEL, Principal
from app.domain.errors import Unauthenticated
from app.store import keys, sessions
from app.store.database import Database
from app.store.keys import KeyInfo

DAYS = 86_400.0
LIFE_SECONDS = 14 * DAYS
TOKEN_BYTES = 32


async def sign_in(database: Database, key: str) -> str:
    """The cookie of a new session; Unauthenticated, saying why, when the key is unknown, revoked or expired.

    Only who holds the whole key learns that it was good once.
    """
    cookie, digest = secrets.token_urlsafe(TOKEN_BYTES), _digest(key.strip())
    async with database.transaction() as tx:
        if await sessions.add_session(tx, key_digest=digest, digest=_digest(cookie), seconds=LIFE_SECONDS):
            return cookie
        found = await keys.key_of(tx, digest)
    raise Unauthenticated(_why_not(found))


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
    """What a form of this session's pages carries; nobody can make it who does not hold the cookie. It looks different
    every time, so that the size of a compressed page tells nothing about it.
    """
    mask = secrets.token_bytes(TOKEN_BYTES)
    return (mask + _xor(mask, _csrf(cookie))).hex()


def is_csrf_token(cookie: str, token: str) -> bool:
    try:
        told = bytes.fromhex(token)
    except ValueError:
        return False
    mask, masked = told[:TOKEN_BYTES], told[TOKEN_BYTES:]
    return len(masked) == TOKEN_BYTES and hmac.compare_digest(_csrf(cookie), _xor(mask, masked))


def _csrf(cookie: str) -> bytes:
    return hmac.new(cookie.encode(), b"csrf", hashlib.sha256).digest()


def _xor(one: bytes, other: bytes) -> bytes:
    return bytes(a ^ b for a, b in zip(one, other, strict=True))


def _why_not(key: KeyInfo | None) -> str:
    """Why nobody can sign in with it, and what to do."""
    if key is None:
        return "this key is unknown; see that all of it was copied, from tj_ to its last character"
    thing = "link" if key.scopes == {REVIEWS_LABEL} else "key"
    if key.revoked_at is not None:
        return f"this {thing} was revoked on {key.revoked_at:%Y-%m-%d}; ask whoever sent it for a new one"
    return f"this {thing} expired on {key.expires_at:%Y-%m-%d}; ask whoever sent it for a new one"


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode(errors="replace")).digest()
