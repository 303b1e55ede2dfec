"""Planning: how many pairs a job needs, and what judging them takes."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query

from app.api.auth import JobsReader, Running
from app.reports.planned import planned
from app.services.pilot import read_pilot
from app.wire.plan import PlanOut, PlanQuery

router = APIRouter(prefix="/v1", tags=["results"])
NO_PILOT: dict[int | str, dict[str, Any]] = {404: {"$ref": "#/components/responses/404"}}


@router.get("/plan", responses=NO_PILOT)
async def plan(asked: Annotated[PlanQuery, Query()], who: JobsReader, running: Running) -> PlanOut:
    """Pairs, clusters, units, tokens and GPU time for a half-width, a power or an equivalence margin."""
    pilot = None
    if asked.pilot is not None:
        pilot = await read_pilot(running.database, who.project, str(asked.pilot))
    return PlanOut.model_validate(planned(asked.to_domain(), pilot))
