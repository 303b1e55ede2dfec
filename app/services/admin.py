"""Projects and API keys: making them, showing them, revoking them, and telling whose a key is."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable

from app.domain.access import LABELLER_DAYS, ROLES, SCOPES, Principal
from app.domain.errors import Conflict, Invalid, NotFound, Problem, Unauthenticated
from app.store import audit, keys, projects, sessions
from app.store.database import Database, Transaction
from app.store.keys import KeyInfo
from app.store.projects import ProjectInfo

PREFIX = "tj_"
TOKEN_BYTES = 32  # 43 url-safe characters
SHOWN = 8  # characters of a key that are kept to recognise it by
LONGEST_NAME = 200
EMBEDDED_PROJECT = "default"
EMBEDDED_KEY = "embedded"


async def authenticate(database: Database, token: str) -> Principal:
    """Whose key this is; Unauthenticated, in one form, when it is malformed, unknown, revoked or expired.

    The look-up is by SHA-256 of 256 random bits, so its timing tells nothing about a key.
    """
    async with database.transaction() as tx:
        found = await keys.principal_of(tx, _digest(token))
    if found is None:
        raise Unauthenticated("the API key is not valid")
    return found


async def create_project(database: Database, name: str, *, actor: str = audit.SYSTEM) -> ProjectInfo:
    """A new project; Conflict when the name is taken."""
    _check_name(name)
    async with database.transaction() as tx:
        made = await projects.add_project(tx, name)
        if made is None:
            raise Conflict("a project of that name exists already")
        await audit.record(tx, made.id, actor, "create", f"project {name}")
    return made


async def list_projects(database: Database) -> list[ProjectInfo]:
    async with database.transaction() as tx:
        return await projects.all_projects(tx)


async def create_key(
    database: Database,
    project: int,
    name: str,
    scopes: Iterable[str] = (),
    role: str | None = None,
    *,
    expires_days: int | None = None,
    actor: str = audit.SYSTEM,
) -> tuple[KeyInfo, str]:
    """A new key with these scopes and those of the role. The token is in this answer and nowhere else.

    It expires after so many days: a labeller's after 30 unless told, any other never unless told.
    """
    _check_name(name)
    granted = _granted(scopes, role)
    days = LABELLER_DAYS if expires_days is None and role == "labeller" else expires_days
    async with database.transaction() as tx:
        return await _add_key(tx, project, name, granted, actor=actor, days=days)


async def list_keys(database: Database, project: int) -> list[KeyInfo]:
    async with database.transaction() as tx:
        return await keys.keys_of(tx, project)


async def working_keys(database: Database, key_ids: Iterable[int]) -> set[int]:
    """Those of these keys that are neither revoked nor expired."""
    async with database.transaction() as tx:
        return await keys.working_of(tx, key_ids)


async def revoke_key(database: Database, project: int, key_id: int, *, actor: str = audit.SYSTEM) -> KeyInfo:
    """Make a key useless from now on, and end its sessions; NotFound when the project has no such key."""
    async with database.transaction() as tx:
        revoked = await keys.revoke(tx, project, key_id)
        if revoked is None:
            raise NotFound("there is no such key")
        await sessions.end_sessions_of(tx, key_id)
        await audit.record(tx, project, actor, "revoke", f"key {revoked.name}")
    return revoked


async def ensure_embedded_key(database: Database, token_file_value: str | None) -> str:
    """A key with every scope in the project "default": the given one while it works, else a new one."""
    if token_file_value:
        try:
            principal = await authenticate(database, token_file_value)
        except Unauthenticated:
            pass  # the data directory was made anew, or somebody revoked it
        else:
            if principal.scopes == SCOPES:
                return token_file_value
    async with database.transaction() as tx:
        await projects.add_project(tx, EMBEDDED_PROJECT)
        project = await projects.project_named(tx, EMBEDDED_PROJECT)
        assert project is not None  # noqa: S101 - made by the line above if by nobody before
        _, token = await _add_key(tx, project.id, EMBEDDED_KEY, SCOPES, actor=audit.SYSTEM)
    return token


async def _add_key(
    tx: Transaction, project: int, name: str, scopes: frozenset[str], *, actor: str, days: int | None = None
) -> tuple[KeyInfo, str]:
    token = PREFIX + secrets.token_urlsafe(TOKEN_BYTES)
    prefix = token[: len(PREFIX) + SHOWN]
    made = await keys.add_key(tx, project, name=name, prefix=prefix, digest=_digest(token), scopes=scopes, days=days)
    await audit.record(tx, project, actor, "create", f"key {name}")
    return made, token


def _granted(scopes: Iterable[str], role: str | None) -> frozenset[str]:
    if role is not None and role not in ROLES:
        raise Invalid("there is no such role", (Problem(f"one of {', '.join(ROLES)}", field="role"),))
    wanted = frozenset(scopes) | ROLES.get(role or "", frozenset())
    if not wanted or wanted - SCOPES:
        problem = Problem(f"one or more of {', '.join(sorted(SCOPES))}", field="scopes")
        raise Invalid("the scopes of the key are not usable", (problem,))
    return wanted


def _check_name(name: str) -> None:
    if not 0 < len(name.strip()) <= LONGEST_NAME or not name.isprintable():
        problem = Problem(f"1 to {LONGEST_NAME} printable characters", field="name")
        raise Invalid("the name is not usable", (problem,))


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode(errors="replace")).digest()
