"""Style sheets and scripts: our own and vendored ones, named by their content so that browsers keep them."""

from __future__ import annotations

import hashlib
import mimetypes
from functools import cache
from pathlib import Path

from fastapi import APIRouter
from starlette.responses import Response

from app.domain.errors import NotFound

STATIC = Path(__file__).parents[2] / "dashboard" / "static"
# The look of reports is the look of pages.
REPORT_STYLE = Path(__file__).parents[2] / "reports" / "templates" / "report.css"
FOREVER = "public, max-age=31536000, immutable"

router = APIRouter(prefix="/dashboard/static", include_in_schema=False)


@router.get("/{name:path}")
async def asset(name: str) -> Response:
    """One file. The address `address` gives changes with the content, so it may be kept for ever."""
    content = _files().get(name)
    if content is None:
        raise NotFound("there is no such file")
    kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
    return Response(content, media_type=kind, headers={"Cache-Control": FOREVER})


@cache
def address(name: str) -> str:
    """Where a file is. KeyError for one that is not there, so that a wrong name is found by the first test."""
    return f"/dashboard/static/{name}?v={hashlib.sha256(_files()[name]).hexdigest()[:12]}"


@cache
def _files() -> dict[str, bytes]:
    files = {path.relative_to(STATIC).as_posix(): path.read_bytes() for path in STATIC.rglob("*") if path.is_file()}
    return files | {"report.css": REPORT_STYLE.read_bytes()}
