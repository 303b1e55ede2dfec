"""Two judges of a job, or two jobs on the same pairs: where they agree and where they are apart."""

from __future__ import annotations

from typing import Annotated, cast

from fastapi import APIRouter, Depends, Query, Request

from app.api.auth import JobsReader
from app.api.jobs import JobId
from app.services.comparison import Comparer
from app.wire.comparison import ComparisonIn, ComparisonOut

router = APIRouter(prefix="/v1/jobs", tags=["results"])


def comparer(request: Request) -> Comparer:
    """The comparer of this process, which keeps recent comparisons."""
    return cast("Comparer", request.app.state.comparer)


Comparing = Annotated[Comparer, Depends(comparer)]


@router.get("/{job_id}/comparison", responses={409: {"$ref": "#/components/responses/409"}})
async def compare(
    job_id: JobId, asked: Annotated[ComparisonIn, Query()], who: JobsReader, comparing: Comparing
) -> ComparisonOut:
    """Two judges of one job (`first`, `second`), or this job and another (`other`) on the pairs that both have: pairs
    of the same item, models and samples, sides turned where they are the other way round.

    `pairs` lists those on which they vote differently, or those of one cell of `table`.
    """
    compared = await comparing.comparison(who.project, str(job_id), asked.to_domain())
    page = await comparing.apart(compared, after=asked.after, limit=asked.limit, cell=asked.cell)
    return ComparisonOut.of(compared, page.items, page.next)
