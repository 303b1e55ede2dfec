"""The first page: jobs with their progress and headline, what was imported, and how the judges fare."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request
from starlette.responses import RedirectResponse, Response

from app.api import imports
from app.api.auth import JobsReader, Running
from app.api.dashboard import Shown, get_dashboard
from app.api.pages.frame import page
from app.domain.job import JobStatus
from app.wire.dashboard import DashboardOut, DashboardPageIn
from app.wire.pages import PageIn

router = APIRouter(include_in_schema=False)

MOST_JUDGES = 6
MOST_IMPORTS = 8
MOVING = frozenset({JobStatus.PREPARING, JobStatus.RUNNING})


@router.get("/")
async def root() -> Response:
    return RedirectResponse("/dashboard", HTTPStatus.SEE_OTHER)


@router.get("/dashboard")
async def overview(
    request: Request, asked: Annotated[DashboardPageIn, Query()], who: JobsReader, shown: Shown, running: Running
) -> Response:
    found = await get_dashboard(asked, who, shown)
    imported = await imports.list_imports(PageIn(limit=MOST_IMPORTS), who, running)
    return page(
        request,
        "overview.html",
        found=found,
        imported=imported,
        earlier=asked.after is not None,
        waiting=max(found.running, sum(line.job.status in MOVING for line in found.jobs.items)),
        moving=_moves(found),
        in_flight=sum(judge.in_flight for judge in found.judges),
        most_judges=MOST_JUDGES,
        own_address=_address(asked, None),
        address=_address(asked, asked.after),
    )


def _moves(found: DashboardOut) -> bool:
    """Whether anything here will look different in a moment."""
    computing = any(line.headline_state == "pending" for line in found.jobs.items)
    return computing or bool(found.running) or any(line.job.status in MOVING for line in found.jobs.items)


def _address(asked: DashboardPageIn, after: str | None) -> str:
    """This list from a place on, or from its beginning."""
    given = asked.model_dump(exclude_defaults=True) | {"after": after}
    query = urlencode({name: value for name, value in given.items() if value is not None})
    return f"/dashboard?{query}" if query else "/dashboard"
