"""Who you are here, and the project's keys: made, shown once, revoked."""

from __future__ import annotations

from http import HTTPStatus

from fastapi import APIRouter, Request
from pydantic import ValidationError
from starlette.responses import RedirectResponse, Response

from app.api import access
from app.api.access import KeyId
from app.api.auth import JobsReader, KeysWriter, Running
from app.api.forms import form_of
from app.api.pages.frame import page
from app.domain.access import KEYS_WRITE, LABELLER_DAYS, ROLES, Principal
from app.domain.errors import Invalid, NotFound, Problem
from app.wire.keys import MOST_DAYS, KeyIn, KeyOut, NewKeyOut
from app.wire.problems import problems_of

router = APIRouter(include_in_schema=False)
SETTINGS = "/dashboard/settings"
LONGEST_NUMBER = 9  # digits; what is no number stays text, and is refused as such


@router.get(SETTINGS)
async def settings(request: Request, who: JobsReader, running: Running) -> Response:
    return await _shown(request, who, running)


@router.post(SETTINGS)
async def create_key(request: Request, who: KeysWriter, running: Running) -> Response:
    """Make a key. The page that answers is the only one that ever shows it, so nothing is redirected."""
    form = await form_of(request)
    try:
        made = await access.create_key(_wanted(form), who, running)
    except Invalid as error:
        return await _shown(request, who, running, form=form, problems=error.problems)
    return await _shown(request, who, running, made=made)


@router.get(SETTINGS + "/keys/{key_id}/revoke")
async def ask_to_revoke(request: Request, key_id: KeyId, who: KeysWriter, running: Running) -> Response:
    """What revoking this key would do."""
    keys = (await access.list_keys(who, running)).items
    key = next((key for key in keys if key.id == key_id), None)
    if key is None:
        raise NotFound("this project has no such key")
    return page(request, "revoke_key.html", key=key, own=key.id == who.key_id)


@router.post(SETTINGS + "/keys/{key_id}/revoke")
async def revoke_key(key_id: KeyId, who: KeysWriter, running: Running) -> Response:
    await access.revoke_key(key_id, who, running)
    return RedirectResponse(SETTINGS, HTTPStatus.SEE_OTHER)


async def _shown(
    request: Request,
    who: Principal,
    running: Running,
    *,
    form: dict[str, str] | None = None,
    problems: tuple[Problem, ...] = (),
    made: NewKeyOut | None = None,
) -> Response:
    """The page: after a refused form with what was filled in and what is wrong, after a good one with the new key."""
    keys: list[KeyOut] = (await access.list_keys(who, running)).items if KEYS_WRITE in who.scopes else []
    return page(
        request,
        "settings.html",
        status=HTTPStatus.UNPROCESSABLE_ENTITY if problems else HTTPStatus.OK,
        me=await access.me(who),
        keys=sorted(keys, key=lambda key: key.state != "good"),
        roles=[role for role, scopes in ROLES.items() if scopes <= who.scopes],
        labeller_days=LABELLER_DAYS,
        most_days=MOST_DAYS,
        form=form or {},
        wrong={problem.field: problem.reason for problem in problems},
        made=made,
    )


def _wanted(form: dict[str, str]) -> KeyIn:
    """The key that a form asks for. Raises Invalid, naming the fields."""
    days = form.get("expires_days", "").strip()
    asked = {
        "name": form.get("name", "").strip(),
        "role": form.get("role") or None,
        "expires_days": int(days) if days.isdecimal() and len(days) <= LONGEST_NUMBER else days or None,
    }
    try:
        return KeyIn.model_validate(asked)
    except ValidationError as error:
        raise Invalid("see problems", problems_of(error.errors())) from None
