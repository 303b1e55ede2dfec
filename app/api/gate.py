"""The gate every request passes: request id, Host check, security headers, access log, and the last safety net."""

from __future__ import annotations

import time
import uuid

import structlog
from starlette.requests import ClientDisconnect, Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.api.errors import answered, unexpected
from app.api.metrics import Metrics
from app.domain.errors import Invalid, Malformed, NotFound, TraceJudgeError, UnsupportedMediaType

log = structlog.get_logger("tracejudge.api")

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH"})
HEADERS = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cache-control", b"no-store"),  # traces and reports are nobody else's business
)


class Gate:
    """ASGI middleware around the whole API."""

    def __init__(self, app: ASGIApp, *, allowed_hosts: str, metrics: Metrics) -> None:
        self._app = app
        self._hosts = {host.strip().lower() for host in allowed_hosts.split(",")}
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        exchange = _Exchange(scope, send)
        try:
            self._admit(scope)
            await self._app(scope, receive, exchange.send)
        except TraceJudgeError as error:
            await answered(Request(scope), error)(scope, receive, exchange.send)
        except ClientDisconnect:
            pass  # nobody is left to answer
        except Exception:
            log.exception("request.failed", request_id=exchange.id)
            if exchange.status is None:
                await unexpected(Request(scope))(scope, receive, exchange.send)
            # An answer that has begun cannot be taken back: the server closes the connection, the client sees it.
        finally:
            self._note(exchange)

    def _admit(self, scope: Scope) -> None:
        """What no route should ever see."""
        headers = {name: value.decode("latin-1") for name, value in scope["headers"]}
        host = headers.get(b"host", "").rpartition("@")[2].lower()
        if not self._hosts & {"*", host, host.rpartition(":")[0]}:
            raise Malformed("this server does not answer to that Host")
        if headers.get(b"content-encoding", "identity").lower() != "identity":
            raise UnsupportedMediaType("send the body without a Content-Encoding")
        if "\x00" in scope["path"]:
            raise NotFound("there is nothing at this address")
        if b"%00" in scope["query_string"] or b"\x00" in scope["query_string"]:
            raise Invalid("a query parameter holds a NUL character")

    def _note(self, exchange: _Exchange) -> None:
        """The access log: no bodies, no keys, no query."""
        seconds = time.perf_counter() - exchange.begun
        status = exchange.status or 499  # the client went away first
        method = exchange.method
        self._metrics.note(method, exchange.route, status, seconds)
        log.info(
            "request.done",
            method=method,
            route=exchange.route,
            status=status,
            ms=round(seconds * 1_000, 1),
            request_id=exchange.id,
            key=exchange.key,
        )


class _Exchange:
    """One request and what has been answered so far."""

    def __init__(self, scope: Scope, send: Send) -> None:
        self.id = uuid.uuid4().hex
        self.begun = time.perf_counter()
        self.status: int | None = None
        self._scope = scope
        self._send = send
        scope.setdefault("state", {})["request_id"] = self.id

    @property
    def method(self) -> str:
        """The method, or OTHER: labels of metrics must not be the caller's to choose."""
        method: str = self._scope["method"]
        return method if method in METHODS else "OTHER"

    @property
    def route(self) -> str:
        """The template the path matched; never the path, which may hold names."""
        route = self._scope.get("route")
        return getattr(route, "path", "unmatched")

    @property
    def key(self) -> str | None:
        """The name of the key, where one was recognised."""
        principal = self._scope["state"].get("principal")
        return getattr(principal, "key_name", None)

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            own = {name.lower() for name, _ in message["headers"]}
            added = [(name, value) for name, value in HEADERS if name not in own]
            message = {
                **message,
                "headers": [*message["headers"], *added, (b"x-request-id", self.id.encode())],
            }
        await self._send(message)
