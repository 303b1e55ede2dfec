"""Uploads: pairs as NDJSON of any length into a draft, all or nothing, in bounded memory; and single images."""

from __future__ import annotations

import hashlib
import json
from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import APIRouter, Path, Request, Response

from app.api import ndjson
from app.api.auth import JobsWriter, Running
from app.api.bodies import chunks, require_type, whole
from app.api.intake import Intake
from app.api.jobs import JobId
from app.api.once import Key, Once, again
from app.bootstrap.pictures import image_limits
from app.domain.errors import Conflict, Invalid
from app.services import pictures, submit
from app.services.idempotency import Replay
from app.settings import Settings
from app.wire.images import ImageOut
from app.wire.pairs import EXAMPLE, Accepted, read_pair

router = APIRouter(prefix="/v1", tags=["jobs"])

LINES = {"schema": {"type": "string"}, "example": json.dumps(EXAMPLE)}
NDJSON_BODY = {"requestBody": {"required": True, "content": {ndjson.MEDIA_TYPE: LINES}}}
IMAGE_BODY = {
    "requestBody": {"required": True, "content": {"image/*": {"schema": {"type": "string", "format": "binary"}}}}
}
IMAGE_TYPES = ("image/png", "image/jpeg", "image/webp", "application/octet-stream")

ImageHash = Annotated[str, Path(pattern="^[0-9a-f]{64}$", description="SHA-256 of the bytes, in lower-case hex")]


@router.post("/jobs/{job_id}/pairs", response_model=Accepted, openapi_extra=NDJSON_BODY)
async def upload_pairs(job_id: JobId, request: Request, who: JobsWriter, running: Running, key: Key = None) -> Response:
    """Add pairs to a draft, one JSON object a line. All or nothing: with one bad line nothing is stored.

    A refusal lists the first hundred bad lines (number, field, reason) and says how many there were.
    """
    require_type(request, ndjson.MEDIA_TYPE, *ndjson.ALSO)
    settings = running.settings
    once = Once(running.database, who.project, key)
    body = _Digested(request, settings.max_upload_bytes)
    try:
        upload = await submit.begin_upload(running.database, who.project, str(job_id))
    except Conflict:
        # The job may have been started since the first attempt under this key: then that attempt's answer counts.
        replay = await _earlier(once, body)
        if replay is None:
            raise
        return again(replay.status, replay.body)
    async with upload:
        await _stage(body, Intake(running, who.project, upload), settings)
        replay = await once.replay(body.digest)
        if replay is not None:
            return again(replay.status, replay.body)
        async with once:
            return await once.answer(200, Accepted.model_validate(await upload.promote()))


@router.put("/images/{sha256}", openapi_extra=IMAGE_BODY)
async def put_image(sha256: ImageHash, request: Request, who: JobsWriter, running: Running) -> ImageOut:
    """Store an image once; pairs then refer to it by its hash. PNG, JPEG or WEBP."""
    require_type(request, *IMAGE_TYPES)
    data = await whole(request, running.settings.max_image_bytes)
    info = await pictures.put_image(running.database, who.project, sha256, data, image_limits(running.settings))
    return ImageOut.model_validate(info)


class _Digested:
    """A body in chunks, with a digest over what has passed."""

    def __init__(self, request: Request, most: int) -> None:
        self._chunks = chunks(request, most)
        self._hash = hashlib.sha256(f"{request.method} {request.url.path}\n".encode())

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for chunk in self._chunks:
            self._hash.update(chunk)
            yield chunk

    @property
    def digest(self) -> bytes:
        return self._hash.digest()


async def _stage(body: _Digested, intake: Intake, settings: Settings) -> None:
    """Stage every line; from the first bad one on only count. Raises Invalid when there was one, or no line."""
    bad = ndjson.BadLines()
    number = 0
    async for number, line in ndjson.lines(body.__aiter__(), settings.max_line_bytes):
        try:
            pair = read_pair(line, number, settings.max_trace_characters)
            if not bad:
                await intake.add(number, pair, len(line))
        except Invalid as error:
            bad.add(error.problems)
    if bad:
        raise bad.error()
    if number == 0:
        raise Invalid("the upload holds no pairs")
    await intake.flush()


async def _earlier(once: Once, body: _Digested) -> Replay | None:
    """The answer this same upload got before, if it did."""
    if not once.keyed:
        return None
    async for _ in body:
        pass
    replay = await once.replay(body.digest)
    if replay is None:
        await once.forget()
    return replay
