"""The portable transport, on httpx."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

import httpx

from app.judging.transport import Response, TransportFault

CONNECT_SECONDS = 5.0
IDLE_SECONDS = 30.0
# Beside httpx's own errors: what sockets, ports, host names and headers that are none make its layers raise.
_NO_ANSWER = (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError, OSError, ValueError, OverflowError, ExceptionGroup)


class HttpxTransport:
    """A Transport whose connections live as long as the event loop it was first used on."""

    def __init__(self, max_connections: int = 1_024) -> None:
        self._client = httpx.AsyncClient(
            trust_env=False,
            follow_redirects=False,
            timeout=httpx.Timeout(None, connect=CONNECT_SECONDS),
            limits=httpx.Limits(
                max_connections=None, max_keepalive_connections=max_connections, keepalive_expiry=IDLE_SECONDS
            ),
            headers={"Accept-Encoding": "identity", "User-Agent": "tracejudge"},
        )

    async def post(
        self, url: str, headers: Mapping[str, str], body: bytes, deadline_seconds: float, max_reply_bytes: int
    ) -> Response:
        return await self._exchange(
            "POST", url, headers, body=body, deadline_seconds=deadline_seconds, most=max_reply_bytes
        )

    async def get(
        self, url: str, headers: Mapping[str, str], deadline_seconds: float, max_reply_bytes: int
    ) -> Response:
        return await self._exchange(
            "GET", url, headers, body=None, deadline_seconds=deadline_seconds, most=max_reply_bytes
        )

    async def aclose(self) -> None:
        await self._client.aclose()

    async def _exchange(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        *,
        body: bytes | None,
        deadline_seconds: float,
        most: int,
    ) -> Response:
        try:
            async with (
                asyncio.timeout(deadline_seconds),
                self._client.stream(method, url, headers=headers, content=body) as reply,
            ):
                return Response(reply.status_code, dict(reply.headers), await _capped(reply, most))
        except (TimeoutError, httpx.TimeoutException):
            raise TransportFault(f"no complete answer within {deadline_seconds:g} s", timed_out=True) from None
        except _NO_ANSWER as fault:
            raise TransportFault(f"{type(fault).__name__}: {fault}"[:300]) from None


async def _capped(reply: httpx.Response, most: int) -> bytes:
    """The body up to `most` bytes, as sent: a content coding that we did not ask for stays undecoded."""
    found = bytearray()
    async for chunk in reply.aiter_raw():
        found += chunk
        if len(found) >= most:
            break
    return bytes(found[:most])
