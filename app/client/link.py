"""The link to a server: sends a request, again where that is safe, and turns refusals into exceptions."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from typing import Any, TypeVar
from urllib.parse import quote

import httpx
from pydantic import BaseModel, ValidationError

from app.wire.problems import ProblemDocument

Json = Mapping[str, Any]
Shape = TypeVar("Shape", bound=BaseModel)
Body = Callable[[], bytes | Iterator[bytes]]

SHOWN_PROBLEMS = 10
TRIES = 4
FIRST_PAUSE = 0.5  # seconds; doubles
LONGEST_PAUSE = 30.0


class ProblemError(Exception):
    """What the server refused, and why. `document` is its problem document."""

    def __init__(self, document: ProblemDocument) -> None:
        super().__init__(document.detail)
        self.document = document

    @property
    def status(self) -> int:
        return self.document.status

    def __str__(self) -> str:
        document = self.document
        shown = document.problems[:SHOWN_PROBLEMS]
        lines = [f"{document.title}: {document.detail}"]
        for problem in shown:
            where = ", ".join(filter(None, (f"line {problem.line}" if problem.line else "", problem.field)))
            lines.append(f"  {where}: {problem.reason}" if where else f"  {problem.reason}")
        if document.problem_count > len(shown):
            lines.append(f"  ... and {document.problem_count - len(shown):,} more")
        return "\n".join(lines)


class Unreachable(Exception):
    """The server gave no answer, after every try that was safe."""


class Link:
    """One server, one key."""

    def __init__(self, url: str, api_key: str, timeout: float, transport: httpx.BaseTransport | None) -> None:
        self._http = httpx.Client(
            base_url=url,
            headers={"Authorization": f"Bearer {api_key}"},
            timeout=httpx.Timeout(timeout, connect=10.0),
            transport=transport,
        )

    @property
    def url(self) -> str:
        """Where the server is."""
        return str(self._http.base_url)

    def close(self) -> None:
        self._http.close()

    def send(
        self,
        method: str,
        path: str,
        *,
        json: Json | None = None,
        body: Body | None = None,
        params: Json | None = None,
        headers: Mapping[str, str] | None = None,
        again: bool = False,
        timeout: float | None = None,
    ) -> httpx.Response:
        """One request, up to TRIES times when it may be sent `again`; `body` is called for each try. `timeout`: for an
        answer that may take longer than others.
        """

        def ask() -> httpx.Response:
            return self._http.request(
                method,
                path,
                json=json,
                content=body() if body else None,
                params=params,
                headers=headers,
                timeout=httpx.USE_CLIENT_DEFAULT if timeout is None else timeout,
            )

        return self._answered(ask, TRIES if again else 1)

    def stream(self, path: str, params: Json, accept: str, timeout: float) -> Iterator[bytes]:
        """A long answer in the pieces it arrives in; tried again until it begins. `timeout`: seconds between pieces.

        Raises Unreachable when it breaks off.
        """

        def ask() -> httpx.Response:
            headers = {"Accept": accept}
            request = self._http.build_request("GET", path, params=params, headers=headers, timeout=timeout)
            answer = self._http.send(request, stream=True)
            if not answer.is_success:
                answer.read()  # a refusal is short, and told whole
            return answer

        with closing(self._answered(ask, TRIES)) as answer:
            try:
                yield from answer.iter_bytes()
            except httpx.TransportError as error:
                raise Unreachable(f"{self._http.base_url} broke off its answer ({type(error).__name__})") from error

    def _answered(self, ask: Callable[[], httpx.Response], tries: int) -> httpx.Response:
        """A good answer, asked for up to so many times while the server is away."""
        pause = FIRST_PAUSE
        for left in reversed(range(tries)):
            try:
                answer = ask()
            except httpx.TransportError as error:
                if not left:
                    raise Unreachable(f"{self._http.base_url} does not answer ({type(error).__name__})") from error
                asked = 0.0
            else:
                if answer.status_code != httpx.codes.SERVICE_UNAVAILABLE or not left:
                    return _checked(answer)
                asked = _retry_after(answer)
            time.sleep(min(max(pause, asked), LONGEST_PAUSE))
            pause *= 2
        raise AssertionError("unreachable")


def _retry_after(answer: httpx.Response) -> float:
    seconds = answer.headers.get("Retry-After", "")
    return float(seconds) if seconds.isdecimal() else 0.0


def _checked(answer: httpx.Response) -> httpx.Response:
    """The answer itself when it is a good one; ProblemError otherwise."""
    if answer.is_success:
        return answer
    try:
        document = ProblemDocument.model_validate_json(answer.content)
    except ValidationError:  # something between us and the server answered
        document = ProblemDocument(
            type="about:blank",
            title=f"HTTP {answer.status_code}",
            status=answer.status_code,
            detail="the answer is no problem document; is this the address of the API?",
            request_id="",
        )
    raise ProblemError(document)


def path(*parts: str) -> str:
    """The address of a thing, its names quoted."""
    return "/".join(("/v1", *(quote(part, safe="") for part in parts)))


def keyed(key: str | None) -> dict[str, str]:
    """A key of its own for every call, so that the call's repeats are recognised."""
    return {"Idempotency-Key": key or uuid.uuid4().hex}


def read(shape: type[Shape], answer: httpx.Response) -> Shape:
    """What an answer holds."""
    return shape.model_validate_json(answer.content)
