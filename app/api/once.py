"""Idempotency-Key: a request that is repeated under its key is answered again, not done again."""

from __future__ import annotations

from types import TracebackType
from typing import Annotated, Self

from fastapi import Header
from pydantic import BaseModel
from starlette.responses import Response

from app.domain.errors import Malformed
from app.services import idempotency
from app.store.database import Database

JSON = "application/json"
LONGEST_KEY = 255
Key = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        description="Up to 255 printable characters of your choice. A repeat under the same key with the same body "
        "gets the first answer again (and `Idempotent-Replayed: true`); with another body it is refused. "
        "The body is read to its end either way, since it has to be compared.",
    ),
]


class Once:
    """One request under its key; without a key everything is simply done.

    Use: `replay(digest)` first; when it gives None do the work inside `async with once:` (an error frees the key
    again) and end with `answer(...)`.
    """

    def __init__(self, database: Database, project: int, key: str | None) -> None:
        if key is not None and not (0 < len(key) <= LONGEST_KEY and key.isascii() and key.isprintable()):
            raise Malformed(f"the Idempotency-Key must be 1 to {LONGEST_KEY} printable ASCII characters")
        self._database = database
        self._project = project
        self._key = key

    @property
    def keyed(self) -> bool:
        """Whether there is a key at all."""
        return self._key is not None

    async def replay(self, digest: bytes) -> idempotency.Replay | None:
        """What was answered the first time; None when this is the first time, which then is ours to do."""
        if self._key is None:
            return None
        return await idempotency.begin(self._database, self._project, self._key, digest)

    async def keep(self, status: int, shape: BaseModel) -> bytes:
        """Remember an answer, and give its bytes. A later one takes its place."""
        body = shape.model_dump_json().encode()
        if self._key is not None:
            await idempotency.finish(self._database, self._project, self._key, status, body)
        return body

    async def answer(self, status: int, shape: BaseModel) -> Response:
        """Remember the answer and send it."""
        return Response(await self.keep(status, shape), status, media_type=JSON)

    async def forget(self) -> None:
        """Give the key free again."""
        if self._key is not None:
            await idempotency.forget(self._database, self._project, self._key)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is not None:
            await self.forget()


def again(status: int, body: bytes) -> Response:
    """An answer that was given before."""
    return Response(body, status, {"Idempotent-Replayed": "true"}, JSON)
