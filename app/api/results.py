"""What came out of a job, row by row: pairs with their verdicts, and judgments."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from starlette.responses import StreamingResponse

from app.api import ndjson
from app.api.auth import JobsReader, Running
from app.api.jobs import JobId
from app.services import look
from app.services.paging import LONGEST_PAGE, Page
from app.wire.pages import FilterIn, PageOut
from app.wire.results import JudgmentOut, PairOut

router = APIRouter(prefix="/v1/jobs", tags=["results"])

AsLines: dict[int | str, dict[str, Any]] = {
    200: {"content": {ndjson.MEDIA_TYPE: {"schema": {"type": "string"}}}, "description": "one page, or all as lines"}
}
Filters = Annotated[FilterIn, Query()]


@router.get("/{job_id}/pairs", response_model=PageOut[PairOut], responses=AsLines)
async def list_pairs(job_id: JobId, asked: Filters, request: Request, who: JobsReader, running: Running) -> Any:
    """A job's pairs with their stances and verdicts. `Accept: application/x-ndjson` streams all of them."""
    read = partial(look.list_pairs, running.database, who.project, str(job_id), filters=asked.filters())
    return await _answer(request, asked, read)


@router.get("/{job_id}/judgments", response_model=PageOut[JudgmentOut], responses=AsLines)
async def list_judgments(job_id: JobId, asked: Filters, request: Request, who: JobsReader, running: Running) -> Any:
    """A job's judgments with reasons and usage. `Accept: application/x-ndjson` streams all of them."""
    read = partial(look.list_judgments, running.database, who.project, str(job_id), filters=asked.filters())
    return await _answer(request, asked, read)


async def _answer(request: Request, asked: FilterIn, read: Callable[..., Awaitable[Page]]) -> StreamingResponse | Page:
    """One page as JSON, or everything from there on as lines. The first page is read before the answer begins,
    so that an error is still a problem document.
    """
    page = await read(after=asked.after, limit=asked.limit)
    if ndjson.MEDIA_TYPE not in request.headers.get("accept", ""):
        return page

    async def following(after: str) -> Page:
        return await read(after=after, limit=LONGEST_PAGE)

    return StreamingResponse(ndjson.rows(page, following), media_type=ndjson.MEDIA_TYPE)
