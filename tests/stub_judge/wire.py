"""HTTP/1.1 by hand, as little as the stub needs: keep-alive, Content-Length, and several ways to misbehave."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import cast

REASONS = {status.value: status.phrase for status in HTTPStatus}


@dataclass(frozen=True, slots=True)
class Request:
    method: str
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer. `drop`: close without a byte. `truncate`: close after so many bytes of the body. `drip`:
    seconds between single bytes of the body.
    """

    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    content_type: str = "application/json"
    drop: bool = False
    truncate: int | None = None
    drip: float | None = None


Answer = Callable[[Request], Awaitable[Reply]]


class Connection(asyncio.Protocol):
    """One client connection: takes requests one after the other and writes what `answer` says."""

    def __init__(self, answer: Answer) -> None:
        self._answer = answer
        self._buffer = bytearray()
        self._task: asyncio.Task[None] | None = None
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def connection_lost(self, _: Exception | None) -> None:
        if self._task is not None:
            self._task.cancel()

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        self._next()

    def _next(self) -> None:
        if self._task is not None:
            return
        request = take_request(self._buffer)
        if request is not None:
            self._task = asyncio.get_running_loop().create_task(self._serve(request))

    async def _serve(self, request: Request) -> None:
        await self._send(await self._answer(request))
        self._task = None
        self._next()

    async def _send(self, reply: Reply) -> None:
        transport = self._transport
        assert transport is not None
        if reply.drop:
            transport.abort()
            return
        if reply.truncate is None and reply.drip is None:
            transport.write(_head(reply) + reply.body)
            return
        transport.write(_head(reply))
        if reply.drip is not None:
            for byte in reply.body:
                transport.write(bytes((byte,)))
                await asyncio.sleep(reply.drip)
        else:
            transport.write(reply.body[: reply.truncate])
            transport.close()


def _head(reply: Reply) -> bytes:
    extra = "".join(f"{name}: {value}\r\n" for name, value in reply.headers.items())
    return (
        f"HTTP/1.1 {reply.status} {REASONS.get(reply.status, 'Status')}\r\n"
        f"Content-Type: {reply.content_type}\r\nContent-Length: {len(reply.body)}\r\n{extra}\r\n"
    ).encode("latin-1")


def take_request(buffer: bytearray) -> Request | None:
    """Take one whole request off the front of the buffer; None while it is not complete."""
    end = buffer.find(b"\r\n\r\n")
    if end < 0:
        return None
    first, *lines = buffer[:end].decode("latin-1").split("\r\n")
    headers = {}
    for line in lines:
        name, _, value = line.partition(":")
        headers[name.lower()] = value.strip()
    stop = end + 4 + int(headers.get("content-length", "0"))
    if len(buffer) < stop:
        return None
    method, path, _ = first.split(" ", 2)
    request = Request(method, path, headers, bytes(buffer[end + 4 : stop]))
    del buffer[:stop]
    return request
