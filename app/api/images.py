"""The bytes of stored pictures, for those who look at pairs."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path
from starlette.responses import Response

from app.api.auth import AnyKey, Running
from app.domain.access import JOBS_READ, REVIEWS_LABEL
from app.services import pictures

router = APIRouter(prefix="/v1/images", tags=["jobs"])

# A hash names the same bytes for ever. Whatever they are, a browser that opens them runs nothing.
HEADERS = {
    "Cache-Control": "private, max-age=31536000, immutable",
    "Content-Security-Policy": "default-src 'none'; sandbox",
}
BYTES: dict[int | str, dict[str, Any]] = {
    200: {"content": {"image/*": {"schema": {"type": "string", "format": "binary"}}}}
}

ImageHash = Annotated[str, Path(pattern="^[0-9a-f]{64}$", description="SHA-256 of the bytes, in lower-case hex")]


@router.get("/{sha256}", response_class=Response, responses=BYTES)
async def get_image(sha256: ImageHash, who: AnyKey, running: Running) -> Response:
    """A stored image, as it was received. Needs `jobs:read` or `reviews:label`."""
    if REVIEWS_LABEL not in who.scopes:
        who.require(JOBS_READ)
    media_type, data = await pictures.get_image(running.database, who.project, sha256)
    return Response(data, media_type=media_type, headers=HEADERS)
