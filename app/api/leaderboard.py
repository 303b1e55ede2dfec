"""The leaderboard over several jobs and imports, in every format."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any, cast

from fastapi import APIRouter, Depends, Query, Request, Response

from app.api.auth import JobsReader
from app.reports.board_formats import BOARD_FORMATS
from app.services.leaderboard import Boards
from app.wire.leaderboard import LeaderboardQuery

router = APIRouter(prefix="/v1", tags=["results"])

# The page needs no script and fetches nothing; this makes sure of it.
PAGE_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)
EXAMPLES: dict[str, Any] = {
    "json": {
        "envelope": {"jobs": [{"id": "0b8f3a52-6f0e-4a3c-9a44-0d8f6c1f2f10"}]},
        "results": {"models": [], "win_probabilities": {}, "tied_groups": [], "warnings": []},
    },
    "md": "# Leaderboard ...",
}
CONTENT: dict[str, Any] = {
    shape.media_type.partition(";")[0]: {
        "schema": {"type": "object" if name == "json" else "string"},
        "example": EXAMPLES.get(name, "..."),
    }
    for name, shape in BOARD_FORMATS.items()
}
MAY_FAIL: dict[int | str, dict[str, Any]] = {
    200: {"content": CONTENT},
    404: {"$ref": "#/components/responses/404"},
    409: {"$ref": "#/components/responses/409"},
}


def boards(request: Request) -> Boards:
    """The leaderboards this process keeps."""
    return cast("Boards", request.app.state.boards)


Ranking = Annotated[Boards, Depends(boards)]


@router.get("/leaderboard", response_class=Response, responses=MAY_FAIL)
async def leaderboard(
    asked: Annotated[LeaderboardQuery, Query()], request: Request, who: JobsReader, ranking: Ranking
) -> Response:
    """Bradley-Terry strengths over the pairs of jobs and imports that measure the same; a 409 names what differs.

    The format comes from `format`, else from Accept, else it is JSON.
    """
    shape = BOARD_FORMATS[asked.format or _accepted(request.headers.get("accept", ""))]
    board = await ranking.board(who.project, [str(job) for job in asked.job], asked.to_domain())
    content = await asyncio.to_thread(shape.render, board)
    headers = {"Content-Disposition": f'inline; filename="leaderboard{shape.suffix}"'}
    if shape.media_type.startswith("text/html"):
        headers["Content-Security-Policy"] = PAGE_POLICY
    return Response(content, headers=headers, media_type=shape.media_type)


def _accepted(header: str) -> str:
    """The first format an Accept header names; JSON when it names none of ours."""
    wanted = [part.partition(";")[0].strip().lower() for part in header.split(",")]
    names = {shape.media_type.partition(";")[0]: name for name, shape in BOARD_FORMATS.items()}
    return next((names[media_type] for media_type in wanted if media_type in names), "json")
