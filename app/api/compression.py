"""Answers that are texts go out compressed, to whoever can read that."""

from __future__ import annotations

import asyncio
import gzip

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

TEXTS = frozenset({"text/html", "text/css", "text/javascript", "image/svg+xml", "application/json", "text/markdown"})
LEAST_BYTES = 1_400  # less fits into one packet as it is
IN_A_THREAD = 64 << 10
LEVEL = 5


class Compression:
    """ASGI middleware. Only what is sent in one piece is compressed: rows and events are streams whose readers want
    each piece when it is there.

    A page holds its visitor's CSRF token beside text that came with the address, and the size of what is compressed
    tells how alike the two are (BREACH). So the token looks different on every page: `app.services.sessions` masks it.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or "gzip" not in Headers(scope=scope).get("accept-encoding", ""):
            await self._app(scope, receive, send)
            return
        await self._app(scope, receive, _Answer(send).send)


class _Answer:
    """One answer: its head is held back until the first piece of its body says whether there are more."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self._head: Message | None = None

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start" and _is_text(message):
            self._head = message
            return
        head, self._head = self._head, None
        if head is not None:
            if message["type"] == "http.response.body" and not message.get("more_body", False):
                head, message = await _smaller(head, message)
            await self._send(head)
        await self._send(message)


def _is_text(head: Message) -> bool:
    headers = Headers(raw=head["headers"])
    return headers.get("content-type", "").partition(";")[0] in TEXTS and "content-encoding" not in headers


async def _smaller(head: Message, whole: Message) -> tuple[Message, Message]:
    body = whole.get("body", b"")
    headers = MutableHeaders(raw=list(head["headers"]))
    headers.add_vary_header("Accept-Encoding")
    if len(body) >= LEAST_BYTES:
        if len(body) >= IN_A_THREAD:
            body = await asyncio.to_thread(gzip.compress, body, LEVEL, mtime=0)
        else:
            body = gzip.compress(body, LEVEL, mtime=0)
        headers["Content-Encoding"] = "gzip"
        headers["Content-Length"] = str(len(body))
    return {**head, "headers": headers.raw}, {**whole, "body": body}
