"""The dashboard in one answer."""

from __future__ import annotations

from typing import Annotated, cast

from fastapi import APIRouter, Depends, Query, Request

from app.api.auth import JobsReader
from app.services.dashboard import Dashboard
from app.wire.dashboard import DashboardOut, DashboardPageIn

router = APIRouter(prefix="/v1/dashboard", tags=["dashboard"])


def dashboard(request: Request) -> Dashboard:
    """The dashboard of this process, which remembers how fast units came to an end."""
    return cast("Dashboard", request.app.state.dashboard)


Shown = Annotated[Dashboard, Depends(dashboard)]


@router.get("")
async def get_dashboard(asked: Annotated[DashboardPageIn, Query()], who: JobsReader, shown: Shown) -> DashboardOut:
    """Jobs with progress and headline, newest first, `limit` at a time; all judges with their health; workers; and
    throughput.
    """
    return DashboardOut.model_validate(await shown.view(who.project, after=asked.after, limit=asked.limit))
