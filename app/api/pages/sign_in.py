"""Signing in with a key and out again. A link with the key behind # fills the form: it never reaches a log."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated
from urllib.parse import unquote

from fastapi import APIRouter, Query, Request
from starlette.responses import RedirectResponse, Response

from app.api.auth import COOKIE, Running, identify
from app.api.forms import form_of
from app.api.pages.frame import is_page, page
from app.domain.access import JOBS_READ, Principal
from app.domain.errors import Forbidden, Unauthenticated
from app.services import sessions

router = APIRouter(include_in_schema=False)
HOME, REVIEWS, SIGN_IN = "/dashboard", "/review", "/dashboard/sign-in"
ELSEWHERE = frozenset({"cross-site", "same-site"})  # what browsers say of a form on somebody else's page


@router.get("/dashboard/sign-in")
async def sign_in_page(request: Request, to: Annotated[str, Query(alias="next")] = "") -> Response:
    """The form; who is signed in already is told so and may go on."""
    if COOKIE not in request.cookies:
        return _form(request, to)
    try:
        who = await identify(request)
    except Unauthenticated:
        return _form(request, to, over=True)
    return _form(request, to, onward=_onward(who, to))


@router.post("/dashboard/sign-in")
async def sign_in(request: Request, running: Running) -> Response:
    """Begin a session. The answer to a wrong key is the form again, with what is wrong."""
    if request.headers.get("sec-fetch-site") in ELSEWHERE:
        raise Forbidden("sign in on our own page, not on somebody else's")
    form = await form_of(request)
    to = form.get("next", "")
    try:
        cookie = await sessions.sign_in(running.database, form.get("key", ""))
    except Unauthenticated as error:
        onward = await _onward_in_session(request, running, to)
        return _form(request, to, status=HTTPStatus.UNAUTHORIZED, problem=error.detail, onward=onward)
    if COOKIE in request.cookies:
        await sessions.sign_out(running.database, request.cookies[COOKIE])
    who = await sessions.visitor(running.database, cookie)
    answer = RedirectResponse(_onward(who, to), HTTPStatus.SEE_OTHER)
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
    if cookie is not None:
        if not sessions.is_csrf_token(cookie, (await form_of(request)).get("csrf", "")):
            raise Forbidden("this page is out of date; load it again and sign out there")
        await sessions.sign_out(running.database, cookie)
    answer = RedirectResponse(SIGN_IN, HTTPStatus.SEE_OTHER)
    answer.delete_cookie(COOKIE, httponly=True, samesite="lax", secure=request.url.scheme == "https")
    return answer


def _form(
    request: Request,
    to: str,
    *,
    status: HTTPStatus = HTTPStatus.OK,
    problem: str = "",
    over: bool = False,
    onward: str = "",
) -> Response:
    """`over`: a session has ended. `onward`: where somebody who is signed in goes on to."""
    return page(
        request,
        "sign_in.html",
        status=status,
        next=to,
        problem=problem,
        over=over,
        onward=onward,
        days=round(sessions.LIFE_SECONDS / sessions.DAYS),
    )


async def _onward_in_session(request: Request, running: Running, to: str) -> str:
    """Where somebody goes on to whose session a wrong key has not ended; empty for others."""
    try:
        who = await sessions.visitor(running.database, request.cookies.get(COOKIE, ""))
    except Unauthenticated:
        return ""
    request.state.principal = who  # the page shows who it is
    return _onward(who, to)


def _onward(who: Principal, to: str) -> str:
    """Where people go after signing in: back to where they came from, as far as their key opens it."""
    home = HOME if JOBS_READ in who.scopes else REVIEWS
    return to if _is_ours(to) and (home == HOME or to.startswith(REVIEWS)) else home


def _is_ours(address: str) -> bool:
    """Whether a page of ours, by a plain path: anything else could send people on to somebody's copy of it."""
    path = unquote(address.partition("?")[0])
    steps = path.split("/")[1:]
    return is_page(path) and path.isprintable() and "\\" not in path and not {"", ".", ".."} & set(steps)
