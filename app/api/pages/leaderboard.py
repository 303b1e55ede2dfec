"""The leaderboard: jobs are chosen, their models ranked; jobs that may not be pooled are told apart, not refused."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from app.api import imports, jobs
from app.api.auth import JobsReader, Running
from app.api.leaderboard import Ranking
from app.api.pages.asked import AGAIN, address, read, soon, words_of
from app.api.pages.frame import page
from app.api.pages.words import moment
from app.bootstrap import App
from app.domain.access import Principal
from app.domain.errors import Conflict, Invalid, NotFound, TraceJudgeError
from app.domain.job import JobStatus
from app.reports.board_formats import BOARD_FORMATS, Board, sections
from app.reports.leaderboard import Leaderboard
from app.wire.leaderboard import LeaderboardQuery
from app.wire.pages import PageIn

router = APIRouter(include_in_schema=False)
PAGE, RESOURCE = "/dashboard/leaderboard", "/v1/leaderboard"
LISTED = 100
MOST_NAMED = 4
NOT_YET = (JobStatus.DRAFT, JobStatus.PREPARING)
MOST_OPPONENTS = 12
HALF, SHADES = 0.5, (("3", 0.25), ("2", 0.12), ("1", 0.02))


@router.get(PAGE)
async def show_leaderboard(request: Request, who: JobsReader, running: Running, ranking: Ranking) -> Response:
    """What the address asks for; the form when it asks for nothing."""
    words = words_of(request, several=("job",))
    board: Board | None = None
    trouble: TraceJudgeError | None = None
    if chosen := bool(words["job"]):
        try:
            asked = read(LeaderboardQuery, words)
            ids = [str(job) for job in asked.job]
            board = await soon(ranking.board(who.project, ids, asked.to_domain()))
        except (Conflict, Invalid, NotFound) as error:
            trouble = error
    answer = page(
        request,
        "leaderboard.html",
        wanted=words,
        asked_for=chosen,
        board=board,
        as_of=moment(datetime.fromisoformat(board.envelope["as_of"])) if board else "",
        parts={} if board is None else sections(board),
        trouble=trouble,
        may_mix=isinstance(trouble, Conflict) and not any(problem.field == "axis" for problem in trouble.problems),
        entries=await _entries(words["job"], who, running),
        formats=list(BOARD_FORMATS),
        resource=RESOURCE,
        address=address,
        shade=_shade,
        most_opponents=MOST_OPPONENTS,
        span=_span(board.results) if board else (0.0, 0.0),
        groups=_groups(board.results) if board else {},
    )
    if chosen and board is None and trouble is None:
        answer.headers["Refresh"] = AGAIN
    return answer


async def _entries(chosen: Sequence[str] | str, who: Principal, running: App) -> list[dict[str, Any]]:
    """What can be pooled, newest first: jobs that have begun, and imports; those that are chosen stand first."""
    found = (await jobs.list_jobs(PageIn(limit=LISTED), who, running)).items
    elsewhere = (await imports.list_imports(PageIn(limit=LISTED), who, running)).items
    entries: list[dict[str, Any]] = [
        {"id": job.id, "name": job.name, "kind": job.status.value, "pairs": job.progress.pairs,
         "told": f"{', '.join(job.judges)} · {job.rubric} {job.rubric_version} · {job.policy.name}"}
        for job in found if job.status not in NOT_YET
    ]  # fmt: skip
    entries += [
        {"id": one.id, "name": one.name, "kind": "imported", "pairs": one.pairs,
         "told": f"{_some(one.models)} · {one.policy}"}
        for one in elsewhere
    ]  # fmt: skip
    known = {entry["id"] for entry in entries}
    unknown = [{"id": one, "name": one, "kind": "", "pairs": None, "told": ""} for one in chosen if one not in known]
    return sorted(unknown + entries, key=lambda entry: entry["id"] not in chosen)


def _some(models: Sequence[str]) -> str:
    more = f" and {len(models) - MOST_NAMED} more" if len(models) > MOST_NAMED else ""
    return ", ".join(models[:MOST_NAMED]) + more


def _span(results: Leaderboard) -> tuple[float, float]:
    """The scale all strengths are drawn on."""
    ends = [
        0.0,
        *(value for line in results.models for value in (line.strength, line.low, line.high) if value is not None),
    ]
    room = (max(ends) - min(ends)) * 0.04 or 1.0
    return min(ends) - room, max(ends) + room


def _groups(results: Leaderboard) -> Mapping[str, str]:
    """The numbers of the groups that each model cannot be told apart within."""
    return {
        line.model: ", ".join(str(n) for n, group in enumerate(results.tied_groups, start=1) if line.model in group)
        for line in results.models
    }


def _shade(probability: float) -> str:
    """The class of a cell of the matrix: how far the chance is from even, and to which side."""
    name = next((name for name, least in SHADES if abs(probability - HALF) >= least), "")
    return name and ("up" if probability > HALF else "down") + name
