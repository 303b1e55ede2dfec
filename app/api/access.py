"""Projects, keys, and who the caller is."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, status

from app.api.auth import AnyKey, KeysWriter, ProjectsWriter, Running
from app.api.bodies import StrictRoute
from app.domain.access import ROLES
from app.domain.errors import Forbidden
from app.services import admin
from app.wire.keys import SIGN_IN, KeyIn, KeyOut, MeOut, NewKeyOut, NewProjectOut, ProjectIn, ProjectOut
from app.wire.pages import PageOut
from app.wire.shape import LARGEST_INT

router = APIRouter(prefix="/v1", tags=["access"], route_class=StrictRoute)

KeyId = Annotated[int, Path(ge=1, le=LARGEST_INT, description="the key's id")]


@router.get("/me")
async def me(who: AnyKey) -> MeOut:
    """Who this key speaks for, and what it may do."""
    return MeOut(
        project=who.project_name,
        key_name=who.key_name,
        key_id=who.key_id,
        scopes=who.scopes,
        expires_at=who.expires_at,
    )


@router.post("/projects", status_code=status.HTTP_201_CREATED)
async def create_project(project: ProjectIn, who: ProjectsWriter, running: Running) -> NewProjectOut:
    """Make a project and its first key, which may do everything inside it. The key is shown this once."""
    made = await admin.create_project(running.database, project.name, actor=who.key_name)
    _, token = await admin.create_key(running.database, made.id, "first", role="admin", actor=who.key_name)
    return NewProjectOut(name=made.name, created_at=made.created_at, key=token)


@router.get("/projects")
async def list_projects(_who: ProjectsWriter, running: Running) -> PageOut[ProjectOut]:
    """All projects."""
    found = await admin.list_projects(running.database)
    return PageOut(items=[ProjectOut.model_validate(info) for info in found], next=None)


@router.post("/keys", status_code=status.HTTP_201_CREATED)
async def create_key(key: KeyIn, who: KeysWriter, running: Running) -> NewKeyOut:
    """Make a key for this project. It is shown this once, and may do no more than the key that makes it."""
    if (key.scopes | ROLES.get(key.role or "", frozenset())) - who.scopes:
        raise Forbidden("a key cannot make one that may do more than itself")
    info, token = await admin.create_key(
        running.database,
        who.project,
        key.name,
        key.scopes,
        key.role,
        expires_days=key.expires_days,
        actor=who.key_name,
    )
    return NewKeyOut(**KeyOut.model_validate(info).model_dump(), key=token, sign_in=SIGN_IN + token)


@router.get("/keys")
async def list_keys(who: KeysWriter, running: Running) -> PageOut[KeyOut]:
    """The project's keys, without the keys themselves."""
    found = await admin.list_keys(running.database, who.project)
    return PageOut(items=[KeyOut.model_validate(info) for info in found], next=None)


@router.delete("/keys/{key_id}")
async def revoke_key(key_id: KeyId, who: KeysWriter, running: Running) -> KeyOut:
    """Make a key useless from now on, and end the sessions that began with it."""
    return KeyOut.model_validate(await admin.revoke_key(running.database, who.project, key_id, actor=who.key_name))
