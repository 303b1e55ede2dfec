"""The bytes of stored pictures, for those who look at pairs."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Header, Path
from starlette.responses import Response

from app.api.auth import AnyKey, Running
from app.domain.access import JOBS_READ, REVIEWS_LABEL
from app.services import pictures

router = APIRouter(prefix="/v1/images", tags=["jobs"])

# A hash names the same bytes for ever, but a session ends: a browser that keeps them asks each time whether it still
# may show them. `Clear-Site-Data` would work over https only, and only for those who sign out by hand.
# Whatever the bytes are, a browser that opens them runs nothing.
HEADERS = {"Cache-Control": "private, no-cache", "Content-Security-Policy": "default-src 'none'; sandbox"}
BYTES: dict[int | str, dict[str, Any]] = {
    200: {"content": {"image/*": {"schema": {"type": "string", "format": "binary"}}}},
    304: {"description": "the bytes that If-None-Match names are these"},
}

ImageHash = Annotated[str, Path(pattern="^[0-9a-f]{64}$", description="SHA-256 of the bytes, in lower-case hex")]
Known = Annotated[str, Header(alias="If-None-Match", description="the ETag of an answer before")]


@router.get("/{sha256}", response_class=Response, responses=BYTES)
async def get_image(sha256: ImageHash, who: AnyKey, running: Running, known: Known = "") -> Response:
    """A stored image, as it was received. Needs `jobs:read` or `reviews:label`."""
    if REVIEWS_LABEL not in who.scopes:
        who.require(JOBS_READ)
    headers = HEADERS | {"ETag": f'"{sha256}"'}
    if sha256 in known:  # a hash occurs nowhere by chance, so the list it stands in need not be taken apart
        await pictures.check_image(running.database, who.project, sha256)
        return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=headers)
    media_type, data = await pictures.get_image(running.database, who.project, sha256)
    return Response(data, media_type=media_type, headers=headers)
