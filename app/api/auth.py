"""Who is asking: bearer keys become principals, routes name the scope they need."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Annotated, cast

from fastapi import Depends, Request
from fastapi.security import HTTPBearer

from app.api.forms import form_of
from app.bootstrap import App
from app.domain.access import (
    JOBS_READ,
    JOBS_WRITE,
    JUDGES_READ,
    JUDGES_WRITE,
    KEYS_WRITE,
    PROJECTS_WRITE,
    REVIEWS_LABEL,
    Principal,
)
from app.domain.errors import Forbidden, Unauthenticated
from app.services import admin, sessions
from app.services.recent import RecentPublisher

# Only for the OpenAPI description: the header is read below, so that every failure looks the same.
SCHEME = HTTPBearer(auto_error=False, scheme_name="key", description="An API key: `tj_...`")

COOKIE = "tracejudge_session"
CSRF_HEADER = "x-csrf-token"
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


def running(request: Request) -> App:
    """The application's adapters, built when the process started."""
    return cast("App", request.app.state.running)


async def identify(request: Request) -> Principal:
    """The principal of the request's key. Raises Unauthenticated, in one form whatever the reason."""
    known: Principal | None = getattr(request.state, "principal", None)
    if known is not None:
        return known
    cookie = request.cookies.get(COOKIE)
    if cookie is not None and "authorization" not in request.headers:
        principal = await _visitor(request, cookie)
    else:
        principal = await _key_holder(request)
    request.state.principal = principal
    return principal


async def _key_holder(request: Request) -> Principal:
    kind, _, token = request.headers.get("authorization", "").partition(" ")
    if kind.lower() != "bearer" or not token.strip():
        raise Unauthenticated("send a valid API key as 'Authorization: Bearer tj_...'")
    try:
        return await admin.authenticate(running(request).database, token.strip())
    except Unauthenticated:
        raise Unauthenticated("send a valid API key as 'Authorization: Bearer tj_...'") from None


async def _visitor(request: Request, cookie: str) -> Principal:
    """Who signed in at the dashboard. What changes something must come from one of our own pages."""
    principal = await sessions.visitor(running(request).database, cookie)
    if request.method not in SAFE and not sessions.is_csrf_token(cookie, await _csrf(request)):
        raise Forbidden("this page is out of date; load it again and repeat what you did")
    return principal


async def _csrf(request: Request) -> str:
    """From the header a script sets, or from the form."""
    header = request.headers.get(CSRF_HEADER)
    return header if header is not None else (await form_of(request)).get("csrf", "")


def needs(scope: str | None) -> Callable[..., Awaitable[Principal]]:
    """A dependency: the principal, once it has shown that it holds the scope."""

    async def principal(request: Request, _scheme: Annotated[object, Depends(SCHEME)]) -> Principal:
        who = await identify(request)
        if scope is not None:
            who.require(scope)
        return who

    return principal


def publisher(request: Request) -> RecentPublisher:
    """The publisher of this process, which keeps recent reports."""
    return cast("RecentPublisher", request.app.state.publisher)


Publishing = Annotated[RecentPublisher, Depends(publisher)]
Running = Annotated[App, Depends(running)]
AnyKey = Annotated[Principal, Depends(needs(None))]
JobsReader = Annotated[Principal, Depends(needs(JOBS_READ))]
JobsWriter = Annotated[Principal, Depends(needs(JOBS_WRITE))]
JudgesReader = Annotated[Principal, Depends(needs(JUDGES_READ))]
JudgesWriter = Annotated[Principal, Depends(needs(JUDGES_WRITE))]
KeysWriter = Annotated[Principal, Depends(needs(KEYS_WRITE))]
ProjectsWriter = Annotated[Principal, Depends(needs(PROJECTS_WRITE))]
Labeller = Annotated[Principal, Depends(needs(REVIEWS_LABEL))]
