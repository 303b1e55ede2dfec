"""Human labels of a job's pairs; an import's id does as well as a job's."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response, status

from app.api.auth import JobsReader, JobsWriter, Running
from app.api.jobs import JobId
from app.api.once import Key, Once, again
from app.api.verdict_rows import BODY, read_rows
from app.domain.imported import Design
from app.services import labels
from app.wire.labels import LabelOut, LabelsAddedOut
from app.wire.pages import PageIn, PageOut
from app.wire.verdicts import RowsIn

router = APIRouter(prefix="/v1/jobs", tags=["labels"])


@router.post("/{job_id}/labels", status_code=status.HTTP_201_CREATED, response_model=LabelsAddedOut, openapi_extra=BODY)
async def add_labels(
    job_id: JobId,
    request: Request,
    who: JobsWriter,
    running: Running,
    *,
    design: Annotated[Design, Query(description="how the pairs were drawn, where a row does not say")] = Design.UNKNOWN,
    key: Key = None,
) -> Response:
    """People's verdicts on pairs of the job, as rows of a verdicts file; all or nothing.

    A row is joined to its pair by `item` and the two models (and `sample_a`, `sample_b` where a model has several
    traces); `judge` is who labelled. One person labels a pair once on an axis.
    """
    once = Once(running.database, who.project, key)
    rows = await read_rows(request, running, RowsIn(human=True, design=design))
    replay = await once.replay(rows.digest)
    if replay is not None:
        return again(replay.status, replay.body)
    async with once:
        added = await labels.add_labels(running.database, who.project, str(job_id), rows.verdicts, actor=who.key_name)
        return await once.answer(status.HTTP_201_CREATED, LabelsAddedOut.model_validate(added))


@router.get("/{job_id}/labels")
async def list_labels(
    job_id: JobId, page: Annotated[PageIn, Query()], who: JobsReader, running: Running
) -> PageOut[LabelOut]:
    """The job's labels, in the order they came in."""
    found = await labels.list_labels(running.database, who.project, str(job_id), after=page.after, limit=page.limit)
    return PageOut(items=[LabelOut.model_validate(row) for row in found.items], next=found.next)
