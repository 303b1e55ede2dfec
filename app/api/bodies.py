"""Reading request bodies: type, size and strictness are checked before anything is parsed."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Coroutine
from typing import Any

from fastapi import Request, Response
from fastapi.routing import APIRoute

from app.api.auth import identify, running
from app.domain.errors import Malformed, TooLarge, UnsupportedMediaType
from app.wire.strict import parse

JSON = "application/json"


async def chunks(request: Request, most: int) -> AsyncIterator[bytes]:
    """The body as it arrives. Raises TooLarge by its declared length, or as soon as it has passed `most` bytes."""
    _declared_within(request, most)
    size = 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > most:
            raise _too_large(most)
        yield chunk


async def whole(request: Request, most: int) -> bytes:
    """The body in one piece."""
    return b"".join([chunk async for chunk in chunks(request, most)])


def require_type(request: Request, *allowed: str) -> None:
    """Raise UnsupportedMediaType unless the Content-Type is one of these."""
    given = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if given not in allowed:
        raise UnsupportedMediaType(f"send the body as Content-Type {' or '.join(allowed)}")


class StrictRoute(APIRoute):
    """A route whose JSON body is read by our rules instead of the framework's. Asks for the key first."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()
        if self.body_field is None:
            return handle

        async def strictly(request: Request) -> Response:
            await identify(request)
            return await handle(await _read(request))

        return strictly


class _ParsedRequest(Request):
    """A request whose body has been read and parsed."""

    def __init__(self, request: Request, body: bytes) -> None:
        super().__init__(request.scope, request.receive)
        self._body = body
        self._value = parse(body) if body else None

    async def json(self) -> Any:
        return self._value


async def _read(request: Request) -> Request:
    body = await whole(request, running(request).settings.max_body_bytes)
    if body:
        require_type(request, JSON)
    return _ParsedRequest(request, body)


def _declared_within(request: Request, most: int) -> None:
    declared = request.headers.get("content-length", "0")
    if not declared.isascii() or not declared.isdigit():
        raise Malformed("the Content-Length is not a number")
    if int(declared) > most:
        raise _too_large(most)


def _too_large(most: int) -> TooLarge:
    return TooLarge(f"the body may have at most {most:,} bytes here")
