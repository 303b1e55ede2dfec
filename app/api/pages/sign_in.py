"""Signing in with a key and out again. A link with the key behind # fills the form: it never reaches a log."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.responses import RedirectResponse, Response

from app.api.auth import COOKIE, Running
from app.api.forms import form_of
from app.api.pages.frame import is_page, page
from app.domain.access import JOBS_READ
from app.domain.errors import Unauthenticated
from app.services import sessions

router = APIRouter(include_in_schema=False)
HOME, REVIEWS = "/dashboard", "/review"

Next = Annotated[str, Query(max_length=2_000)]


@router.get("/dashboard/sign-in")
async def sign_in_page(request: Request, next: Next = "") -> Response:  # noqa: A002 - the address says next
    return page(request, "sign_in.html", next=next, problem="")


@router.post("/dashboard/sign-in")
async def sign_in(request: Request, running: Running) -> Response:
    """Begin a session. The answer to a wrong key is the form again, with what is wrong."""
    form = await form_of(request)
    to = form.get("next", "")
    try:
        cookie = await sessions.sign_in(running.database, form.get("key", ""))
    except Unauthenticated as error:
        return page(request, "sign_in.html", status=HTTPStatus.UNAUTHORIZED, next=to, problem=error.detail)
    principal = await sessions.visitor(running.database, cookie)
    home = HOME if JOBS_READ in principal.scopes else REVIEWS
    answer = RedirectResponse(to if _is_ours(to) else home, HTTPStatus.SEE_OTHER)
    answer.set_cookie(
        COOKIE,
        cookie,
        max_age=int(sessions.LIFE_SECONDS),
        httponly=True,
        samesite="lax",
        secure=request.url.scheme == "https",
    )
    return answer


@router.post("/dashboard/sign-out")
async def sign_out(request: Request, running: Running) -> Response:
    """End the session; without one there is nothing to end."""
    cookie = request.cookies.get(COOKIE)
    if cookie is not None and sessions.is_csrf_token(cookie, (await form_of(request)).get("csrf", "")):
        await sessions.sign_out(running.database, cookie)
    answer = RedirectResponse("/dashboard/sign-in", HTTPStatus.SEE_OTHER)
    answer.delete_cookie(COOKIE)
    return answer


def _is_ours(address: str) -> bool:
    """Whether a page of ours: anything else would send people on to somebody's copy of it."""
    return is_page(address.partition("?")[0]) and "\\" not in address and not address.startswith("//")
