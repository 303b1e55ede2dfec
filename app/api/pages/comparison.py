"""Two judges of a job, or two jobs on the same pairs: where they agree, and the pairs that set them apart."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from app.api import comparison, jobs
from app.api.auth import JobsReader, Running
from app.api.comparison import Comparing
from app.api.jobs import JobId
from app.api.pages.asked import AGAIN, Words, address, read, soon, words_of
from app.api.pages.frame import page
from app.bootstrap import App
from app.domain.access import Principal
from app.domain.errors import Conflict, Invalid, NotFound, TraceJudgeError
from app.domain.job import JobStatus
from app.wire.comparison import ComparisonIn, ComparisonOut
from app.wire.jobs import JobOut
from app.wire.pages import PageIn

router = APIRouter(include_in_schema=False)
NOT_YET = (JobStatus.DRAFT, JobStatus.PREPARING)
CHOICE = frozenset({"first", "second", "other"})  # what says whom to compare
ROWS = 50
SHADES = (("3", 0.25), ("2", 0.08), ("1", 0.0))  # from which share of the joined pairs a cell is how dark


@router.get("/dashboard/jobs/{job_id}/comparison")
async def show_comparison(
    request: Request, job_id: JobId, who: JobsReader, running: Running, comparing: Comparing
) -> Response:
    """Where the address does not say whom to compare, it is the first two judges, where there are two."""
    job = await jobs.get_job(job_id, who, running)
    words = words_of(request)
    if not CHOICE & set(words) and len(job.judges) > 1:
        words = {"first": job.judges[0], "second": job.judges[1], **words}
    told: ComparisonOut | None = None
    trouble: TraceJudgeError | None = None
    chosen = bool(CHOICE & set(words))
    try:
        asked = read(ComparisonIn, {"limit": str(ROWS), **words})
        told = await soon(comparison.compare(job_id, asked, who, comparing)) if chosen else None
    except (Conflict, Invalid, NotFound) as error:
        trouble = error
    other, others = await _other(words, who, running), await _others(job, who, running)
    answer = page(
        request,
        "comparison.html",
        status=HTTPStatus.UNPROCESSABLE_ENTITY if isinstance(trouble, Invalid) else HTTPStatus.OK,
        job=job,
        wanted=words,
        asked_for=chosen,
        told=told,
        trouble=trouble,
        other=other,
        others=others if other is None or other in others else [other, *others],
        address=address,
        shade=_shade,
        **_table(told),
    )
    if chosen and told is None and trouble is None:
        answer.headers["Refresh"] = AGAIN
    return answer


async def _others(job: JobOut, who: Principal, running: App) -> list[JobOut]:
    """Jobs to compare with: the newest ones."""
    found = (await jobs.list_jobs(PageIn(limit=100), who, running)).items
    return [one for one in found if one.status not in NOT_YET and one.id != job.id]


async def _other(words: Words, who: Principal, running: App) -> JobOut | None:
    """The other job that is asked for; what is wrong with one that is not there the comparison tells."""
    try:
        other = read(ComparisonIn, {"other": words["other"]}).other
        return None if other is None else await jobs.get_job(other, who, running)
    except (KeyError, Invalid, NotFound):
        return None


def _table(told: ComparisonOut | None) -> dict[str, Any]:
    """The verdicts that occur, and those of the rows and columns that are shown."""
    if told is None:
        return {"shown": []}
    rows, columns = told.table, list(zip(*told.table, strict=True))
    always = ("A", "B", "TIE", "INCONSISTENT")
    shown = [n for n, verdict in enumerate(told.verdicts) if verdict in always or any(rows[n]) or any(columns[n])]
    return {"shown": shown}


def _shade(told: ComparisonOut, row: int, column: int) -> str:
    """The class of a cell: the diagonal and the rest in two colours, darker for more pairs."""
    share = told.table[row][column] / max(told.counts.joined, 1)
    if not share or "MISSING" in (told.verdicts[row], told.verdicts[column]):
        return ""
    return ("up" if row == column else "down") + next(name for name, least in SHADES if share >= least)
