"""Rubrics: the built-in ones and the project's own."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query, status

from app.api.auth import JobsReader, JobsWriter, Running
from app.api.bodies import StrictRoute
from app.services import rubrics
from app.services.rubric_card import rubric_card
from app.wire.pages import PageOut
from app.wire.rubrics import RubricCardOut, RubricIn, RubricOut
from app.wire.shape import LARGEST_INT, Name

router = APIRouter(prefix="/v1/rubrics", tags=["rubrics"], route_class=StrictRoute)

RubricName = Annotated[Name, Path(description="the rubric's name")]
Version = Annotated[int | None, Query(ge=0, le=LARGEST_INT, description="default: the newest")]


@router.post("", status_code=status.HTTP_201_CREATED)
async def add_rubric(rubric: RubricIn, who: JobsWriter, running: Running) -> RubricOut:
    """Store a rubric. A name and version that exist may be sent again only with the same content."""
    return RubricOut.of(await rubrics.add_rubric(running.database, who.project, rubric.model_dump()))


@router.get("")
async def list_rubrics(who: JobsReader, running: Running) -> PageOut[RubricOut]:
    """All rubrics this project can use."""
    found = await rubrics.list_rubrics(running.database, who.project)
    return PageOut(items=[RubricOut.of(rubric) for rubric in found], next=None)


@router.get("/{name}")
async def get_rubric(name: RubricName, who: JobsReader, running: Running) -> RubricOut:
    """The newest version of a rubric."""
    return RubricOut.of(await rubrics.get_rubric(running.database, who.project, name))


@router.get("/{name}/card")
async def get_rubric_card(
    name: RubricName, who: JobsReader, running: Running, version: Version = None
) -> RubricCardOut:
    """A rubric with its versions, the newest jobs judged by it, and the prompt it becomes for an example pair."""
    return RubricCardOut.of(await rubric_card(running.database, who.project, name, version))
