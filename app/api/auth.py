"""Who is asking: bearer keys become principals, routes name the scope they need."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Annotated, cast

from fastapi import Depends, Request
from fastapi.security import HTTPBearer

from app.bootstrap import App
from app.domain.access import JOBS_READ, JOBS_WRITE, JUDGES_READ, JUDGES_WRITE, KEYS_WRITE, PROJECTS_WRITE, Principal
from app.domain.errors import Unauthenticated
from app.services import admin
from app.services.publish import Publisher

# Only for the OpenAPI description: the header is read below, so that every failure looks the same.
SCHEME = HTTPBearer(auto_error=False, scheme_name="key", description="An API key: `tj_...`")


def running(request: Request) -> App:
    """The application's adapters, built when the process started."""
    return cast("App", request.app.state.running)


async def identify(request: Request) -> Principal:
    """The principal of the request's key. Raises Unauthenticated, in one form whatever the reason."""
    known: Principal | None = getattr(request.state, "principal", None)
    if known is not None:
        return known
    kind, _, token = request.headers.get("authorization", "").partition(" ")
    if kind.lower() != "bearer" or not token.strip():
        raise Unauthenticated("send a valid API key as 'Authorization: Bearer tj_...'")
    try:
        principal = await admin.authenticate(running(request).database, token.strip())
    except Unauthenticated:
        raise Unauthenticated("send a valid API key as 'Authorization: Bearer tj_...'") from None
    request.state.principal = principal
    return principal


def needs(scope: str | None) -> Callable[..., Awaitable[Principal]]:
    """A dependency: the principal, once it has shown that it holds the scope."""

    async def principal(request: Request, _scheme: Annotated[object, Depends(SCHEME)]) -> Principal:
        who = await identify(request)
        if scope is not None:
            who.require(scope)
        return who

    return principal


def publisher(request: Request) -> Publisher:
    """The publisher of this process, which keeps recent reports."""
    return cast("Publisher", request.app.state.publisher)


Publishing = Annotated[Publisher, Depends(publisher)]
Running = Annotated[App, Depends(running)]
AnyKey = Annotated[Principal, Depends(needs(None))]
JobsReader = Annotated[Principal, Depends(needs(JOBS_READ))]
JobsWriter = Annotated[Principal, Depends(needs(JOBS_WRITE))]
JudgesReader = Annotated[Principal, Depends(needs(JUDGES_READ))]
JudgesWriter = Annotated[Principal, Depends(needs(JUDGES_WRITE))]
KeysWriter = Annotated[Principal, Depends(needs(KEYS_WRITE))]
ProjectsWriter = Annotated[Principal, Depends(needs(PROJECTS_WRITE))]
