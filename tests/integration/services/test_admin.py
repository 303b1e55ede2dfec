"""Projects and keys: a key opens its own project, until it is revoked, and is stored nowhere."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import text

from app.domain.access import ROLES, SCOPES
from app.domain.errors import Conflict, Forbidden, Invalid, NotFound, Unauthenticated
from app.services import admin
from app.store import audit


async def test_a_key_opens_its_project(database, project):
    info, token = await admin.create_key(database, project, "ci", {"jobs:read"})
    assert re.fullmatch(r"tj_[A-Za-z0-9_-]{43}", token)
    assert token.startswith(info.prefix)
    assert len(info.prefix) < 12
    principal = await admin.authenticate(database, token)
    assert (principal.project, principal.key_name, principal.scopes) == (project, "ci", {"jobs:read"})
    principal.require("jobs:read")
    with pytest.raises(Forbidden, match="jobs:write"):
        principal.require("jobs:write")


async def test_the_key_itself_is_stored_nowhere(database, project):
    _, token = await admin.create_key(database, project, "ci", role="admin")
    async with database.transaction() as tx:
        rows = (await tx.execute(text("SELECT k::text FROM api_keys k"))).scalars().all()
        rows += (await tx.execute(text("SELECT a::text FROM audit a"))).scalars().all()
    assert rows
    assert not any(token[12:] in row for row in rows)


@pytest.mark.parametrize("token", ["", "tj_", "tj_" + "a" * 43, "Bearer", "\x00", "\ud800", "tj_ü"])
async def test_anything_else_is_refused_alike(database, token):
    with pytest.raises(Unauthenticated) as caught:
        await admin.authenticate(database, token)
    assert caught.value.detail == "the API key is not valid"


async def test_a_revoked_key_opens_nothing(database, project, stranger):
    info, token = await admin.create_key(database, project, "ci", role="reader", actor="ann")
    with pytest.raises(NotFound):
        await admin.revoke_key(database, stranger, info.id)
    revoked = await admin.revoke_key(database, project, info.id, actor="ann")
    assert revoked.revoked_at is not None
    with pytest.raises(Unauthenticated):
        await admin.authenticate(database, token)
    again = await admin.revoke_key(database, project, info.id)
    assert again.revoked_at == revoked.revoked_at
    assert [key.id for key in await admin.list_keys(database, project)] == [info.id]
    assert await admin.list_keys(database, stranger) == []
    async with database.transaction() as tx:
        trail = [(entry.actor, entry.verb, entry.object) for entry in await audit.trail(tx, project)]
    assert ("ann", "create", "key ci") in trail
    assert ("ann", "revoke", "key ci") in trail


async def test_roles_are_sets_of_scopes(database, project):
    for role, scopes in ROLES.items():
        info, _ = await admin.create_key(database, project, role, role=role)
        assert info.scopes == scopes
    both, _ = await admin.create_key(database, project, "both", {"keys:write"}, role="reader")
    assert both.scopes == ROLES["reader"] | {"keys:write"}


@pytest.mark.parametrize(
    ("name", "scopes", "role"),
    [("", {"jobs:read"}, None), ("a\nb", {"jobs:read"}, None), ("x" * 201, {"jobs:read"}, None),
     ("ci", (), None), ("ci", {"jobs:delete"}, None), ("ci", (), "king")],
)  # fmt: skip
async def test_keys_that_cannot_be_are_refused(database, project, name, scopes, role):
    with pytest.raises(Invalid):
        await admin.create_key(database, project, name, scopes, role)


async def test_a_project_has_a_name_of_its_own(database):
    made = await admin.create_project(database, "radiology")
    with pytest.raises(Conflict):
        await admin.create_project(database, "radiology")
    assert made in await admin.list_projects(database)


async def test_the_embedded_key_stays_while_it_works(database):
    first = await admin.ensure_embedded_key(database, None)
    assert await admin.ensure_embedded_key(database, first) == first
    principal = await admin.authenticate(database, first)
    assert (principal.project_name, principal.scopes) == ("default", SCOPES)
    other = await admin.ensure_embedded_key(database, "tj_of-another-data-directory")
    assert other != first
    keys = await admin.list_keys(database, principal.project)
    await admin.revoke_key(database, principal.project, keys[0].id)
    assert await admin.ensure_embedded_key(database, first) != first
    _, weak = await admin.create_key(database, principal.project, "weak", role="reader")
    assert await admin.ensure_embedded_key(database, weak) != weak
