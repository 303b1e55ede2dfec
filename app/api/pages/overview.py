"""The first page: jobs with their progress and headline, and how the judges fare."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.responses import RedirectResponse, Response

from app.api import jobs
from app.api.auth import JobsReader, Running
from app.api.pages.frame import page
from app.wire.pages import PageIn

router = APIRouter(include_in_schema=False)


@router.get("/")
async def root() -> Response:
    return RedirectResponse("/dashboard", HTTPStatus.SEE_OTHER)


@router.get("/dashboard")
async def overview(request: Request, asked: Annotated[PageIn, Query()], who: JobsReader, running: Running) -> Response:
    found = await jobs.list_jobs(asked, who, running)
    return page(request, "overview.html", jobs=found)
