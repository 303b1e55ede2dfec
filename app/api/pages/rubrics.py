"""Rubrics: what judges are asked, in which words, in which versions, and in which jobs."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import Response

from app.api import rubrics
from app.api.auth import JobsReader, Running
from app.api.pages.frame import page
from app.api.rubrics import RubricName, Version

router = APIRouter(include_in_schema=False)


@router.get("/dashboard/rubrics")
async def list_rubrics(request: Request, who: JobsReader, running: Running) -> Response:
    return page(request, "rubrics.html", rubrics=(await rubrics.list_rubrics(who, running)).items)


@router.get("/dashboard/rubrics/{name}")
async def show_rubric(
    request: Request, name: RubricName, who: JobsReader, running: Running, version: Version = None
) -> Response:
    return page(request, "rubric.html", card=await rubrics.get_rubric_card(name, who, running, version))
