"""A job's life as Server-Sent Events."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from typing import Annotated, Any, cast

from fastapi import APIRouter, Depends, Header, Request, status
from fastapi.sse import KEEPALIVE_COMMENT, EventSourceResponse, format_sse_event
from starlette.responses import Response, StreamingResponse

from app.api.auth import JobsReader
from app.api.jobs import JobId
from app.services.feed import Feed, Feeds, Seen
from app.wire.events import DELETED, DONE, PROGRESS, WARNING, TextOut
from app.wire.jobs import JobOut

router = APIRouter(prefix="/v1/jobs", tags=["jobs"])

RETRY_MS = 2_000
PING_SECONDS = 15.0
# Somebody may sign out while a tab of theirs listens: who comes back shows who they are, and misses nothing. A key that
# is revoked is noticed sooner, by the feed.
LONGEST_SECONDS = 600.0
HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
ANSWERS: dict[int | str, dict[str, Any]] = {
    200: {"content": {"text/event-stream": {"schema": {"type": "string"}}}, "description": "events as they happen"},
    204: {"description": "all was told before: there is no need to come back"},
}

LastSeen = Annotated[str, Header(alias="Last-Event-ID", description="id of the last event that arrived")]


async def feed_of(job_id: JobId, who: JobsReader, request: Request) -> AsyncIterator[Feed]:
    """The feed of a job, held until the answer has ended."""
    feeds = cast("Feeds", request.app.state.feeds)
    async with feeds.listen(who.project, str(job_id), who.key_id) as feed:
        yield feed


# FastAPI's own streaming begins before a job is looked for, and cannot say 204: only its words are used here.
@router.get("/{job_id}/events", response_class=StreamingResponse, responses=ANSWERS)
async def events(feed: Annotated[Feed, Depends(feed_of)], who: JobsReader, last: LastSeen = "") -> Response:
    """The job as it moves: `progress` (the job as in GET) at once, unless Last-Event-ID names the present state, and
    then at most once a second; `warning` {text} for each new one; `done` (the job) when it is over or `deleted` {text}
    when it is gone, and the end. A reader that is cut off comes back with the last id; a slow one gets the newest
    state only. A key that is revoked hears no more.
    """
    seen = await feed.news("", 0)
    if seen is not None and seen.job.status.final and last == seen.id:
        return Response(status_code=status.HTTP_204_NO_CONTENT)
    return EventSourceResponse(told(feed, last, who.key_id), headers=HEADERS)


async def told(feed: Feed, last: str, key: int | None = None) -> AsyncIterator[bytes]:
    """What a reader with this key who had got `last` is still to hear, until there is nothing more to tell."""
    clock = asyncio.get_running_loop().time
    leave = clock() + LONGEST_SECONDS
    warned: set[str] = set()
    yield format_sse_event(retry=RETRY_MS)
    over = False
    while not over:
        seen = await feed.news(last, PING_SECONDS, key)
        over = feed.is_over(key) or clock() > leave
        if seen is not None:
            last, over = seen.id, over or seen.job.status.final
            yield b"".join(_moved(seen, warned))
        elif feed.deleted:
            yield _event(DELETED, TextOut(text="the job was deleted").model_dump_json())
        elif not over:
            yield KEEPALIVE_COMMENT


def _moved(seen: Seen, warned: set[str]) -> Iterator[bytes]:
    """Events of one state. `warned`: what the reader was warned of before; grows."""
    for text in seen.job.warnings:
        if text not in warned:
            yield _event(WARNING, TextOut(text=text).model_dump_json())
    warned.update(seen.job.warnings)
    job, over = JobOut.of(seen.job).model_dump_json(), seen.job.status.final
    yield _event(PROGRESS, job, None if over else seen.id)
    if over:
        yield _event(DONE, job, seen.id)  # only who has got this has got all


def _event(kind: str, data: str, name: str | None = None) -> bytes:
    return format_sse_event(event=kind, data_str=data, id=name)
