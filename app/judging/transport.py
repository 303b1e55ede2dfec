"""What the engine needs of an HTTP client: one POST or GET with a total deadline and a cap on the reply."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Response:
    """An answer as it came. `headers`: lower-case names. `body`: at most `max_reply_bytes`, the rest unread."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


class TransportFault(Exception):
    """No answer was to be had: refused, reset, cut short, or not complete by the deadline (`timed_out`)."""

    def __init__(self, detail: str, *, timed_out: bool = False) -> None:
        super().__init__(detail)
        self.detail = detail
        self.timed_out = timed_out


class Transport(Protocol):
    """One exchange with an endpoint.

    The deadline counts from the call to the last byte, so an endpoint that drips cannot stretch it. Redirects
    are answers like any other, nothing is retried, proxies of the environment are not used, and no content
    coding is accepted. Raises TransportFault and nothing else.
    """

    async def post(
        self, url: str, headers: Mapping[str, str], body: bytes, deadline_seconds: float, max_reply_bytes: int
    ) -> Response: ...

    async def get(
        self, url: str, headers: Mapping[str, str], deadline_seconds: float, max_reply_bytes: int
    ) -> Response: ...

    async def aclose(self) -> None: ...
