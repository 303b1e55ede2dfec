"""What came out of a job, row by row: pairs with their verdicts, and judgments."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request
from starlette.responses import StreamingResponse

from app.api import ndjson, parquet
from app.api.auth import JobsReader, Running
from app.api.jobs import JobId
from app.bootstrap import App
from app.domain.access import Principal
from app.services import look, pair_view
from app.services.paging import LONGEST_PAGE, Page
from app.wire.pages import FilterIn, NarrowIn, PageOut
from app.wire.pair import WholePairOut
from app.wire.results import STREAMED, JudgmentOut, PairsPageOut
from app.wire.shape import LARGEST_INT

router = APIRouter(prefix="/v1/jobs", tags=["results"])

STREAMS: dict[int | str, dict[str, Any]] = {
    200: {
        "content": {
            STREAMED["ndjson"]: {"schema": {"type": "string"}},
            STREAMED["parquet"]: {"schema": {"type": "string", "format": "binary"}},
        },
        "description": "one page, or all as lines or as Parquet",
    }
}
Seq = Annotated[int, Path(ge=0, le=LARGEST_INT, description="the pair's number in the job")]
Filters = Annotated[FilterIn, Query()]


@router.get("/{job_id}/pairs", response_model=PairsPageOut, responses=STREAMS)
async def list_pairs(job_id: JobId, asked: Filters, request: Request, who: JobsReader, running: Running) -> Any:
    """A job's pairs with their stances and verdicts. `Accept: application/x-ndjson` or
    `application/vnd.apache.parquet` streams all of them.
    """
    read = partial(look.list_pairs, running.database, who.project, str(job_id), filters=asked.filters())
    return await _answer(request, asked, read, parquet.PAIRS)


async def page_of_pairs(job_id: JobId, asked: FilterIn, who: Principal, running: App) -> PairsPageOut:
    """One page of a job's pairs."""
    found = await look.list_pairs(
        running.database, who.project, str(job_id), after=asked.after, limit=asked.limit, filters=asked.filters()
    )
    return PairsPageOut.model_validate(found)


@router.get("/{job_id}/pairs/{seq}")
async def get_pair(
    job_id: JobId, seq: Seq, asked: Annotated[NarrowIn, Query()], who: JobsReader, running: Running
) -> WholePairOut:
    """A pair with everything that is known of it. The filters say in which list its neighbours are looked for."""
    found = await pair_view.get_pair(running.database, who.project, str(job_id), seq, filters=asked.filters())
    return WholePairOut.model_validate(found)


@router.get("/{job_id}/judgments", response_model=PageOut[JudgmentOut], responses=STREAMS)
async def list_judgments(job_id: JobId, asked: Filters, request: Request, who: JobsReader, running: Running) -> Any:
    """A job's judgments with reasons and usage. `Accept: application/x-ndjson` or
    `application/vnd.apache.parquet` streams all of them.
    """
    read = partial(look.list_judgments, running.database, who.project, str(job_id), filters=asked.filters())
    return await _answer(request, asked, read, parquet.JUDGMENTS)


async def _answer(
    request: Request, asked: FilterIn, read: Callable[..., Awaitable[Page]], table: parquet.Table
) -> StreamingResponse | Page:
    """One page as JSON, or everything from there on as lines or as Parquet. The first page is read before the answer
    begins, so that an error is still a problem document.
    """
    page = await read(after=asked.after, limit=asked.limit)
    media_type = STREAMED[asked.format] if asked.format else _streamed(request.headers.get("accept", ""))
    if media_type is None:
        return page

    async def following(after: str) -> Page:
        return await read(after=after, limit=LONGEST_PAGE)

    if media_type == STREAMED["parquet"]:
        content = parquet.row_groups(table, page, following)
    else:
        content = ndjson.rows(page, following)
    return StreamingResponse(content, media_type=media_type)


def _streamed(header: str) -> str | None:
    """The first of our streams that an Accept header names."""
    wanted = (part.partition(";")[0].strip().lower() for part in header.split(","))
    return next((media_type for media_type in wanted if media_type in STREAMED.values()), None)
