"""The portable transport, on httpx."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import httpx

from app.judging.transport import Response, TransportFault

CONNECT_SECONDS = 5.0
IDLE_SECONDS = 30.0
CALLS_A_CLIENT = 8
# Beside httpx's own errors: what sockets, ports, host names and headers that are none make its layers raise.
_NO_ANSWER = (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError, OSError, ValueError, OverflowError, ExceptionGroup)


class HttpxTransport:
    """A Transport whose connections live as long as the event loop it was first used on.

    Each call of httpx looks at all connections of its client: with 256 of them in one client a call costs ten times
    what it costs with eight. So there are as many small clients as the calls in flight need.
    """

    def __init__(self) -> None:
        self._context = httpx.create_ssl_context(trust_env=False)  # dear to make, and the same for all
        self._clients: list[httpx.AsyncClient] = []
        self._seats: list[httpx.AsyncClient] = []  # a client stands here once for each call it may still take

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
        for client in self._clients:
            await client.aclose()

    @contextmanager
    def _seat(self) -> Iterator[httpx.AsyncClient]:
        """A client with room for one more call; the one used last, whose connections are warm."""
        if not self._seats:
            self._clients.append(self._new_client())
            self._seats += [self._clients[-1]] * CALLS_A_CLIENT
        client = self._seats.pop()
        try:
            yield client
        finally:
            self._seats.append(client)

    def _new_client(self) -> httpx.AsyncClient:
        return httpx.AsyncClient(
            verify=self._context,
            trust_env=False,
            follow_redirects=False,
            timeout=httpx.Timeout(None, connect=CONNECT_SECONDS),
            limits=httpx.Limits(
                max_connections=None, max_keepalive_connections=CALLS_A_CLIENT, keepalive_expiry=IDLE_SECONDS
            ),
            headers={"Accept-Encoding": "identity", "User-Agent": "tracejudge"},
        )

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
            with self._seat() as client:
                async with (
                    asyncio.timeout(deadline_seconds),
                    client.stream(method, url, headers=headers, content=body) as reply,
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
