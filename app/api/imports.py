"""Imports: verdicts made elsewhere come in whole as CSV or NDJSON; their report is read like a job's."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query, Request, Response, status

from app.api import reports
from app.api.auth import JobsReader, JobsWriter, Publishing, Running
from app.api.once import Key, Once, again
from app.api.verdict_rows import BODY, read_rows
from app.services import imports
from app.services.import_checks import Choices
from app.wire.pages import PageIn, PageOut
from app.wire.reports import ReportQuery
from app.wire.verdicts import ImportOut, NewImportIn

router = APIRouter(prefix="/v1/imports", tags=["imports"])

ImportId = Annotated[UUID, Path(description="the import's id")]


@router.post("", status_code=status.HTTP_201_CREATED, response_model=ImportOut, openapi_extra=BODY)
async def add_import(
    asked: Annotated[NewImportIn, Query()], request: Request, who: JobsWriter, running: Running, key: Key = None
) -> Response:
    """Verdicts made elsewhere, all or nothing. A refusal lists the first hundred bad lines.

    A row: `model_a`, `model_b`, and `winner` (A, B, tie, or the name of one of the two; empty = abstained) or `score`
    (0 to 1, 1 = A wins). Optional: `item`, `judge`, `axis`, `order` (AB or BA: which was shown first; absent = a final
    stance), `repeat`, `count`, `cluster`, `length_a`, `length_b`, `tag.NAME`, `design`, `inclusion_probability`.
    """
    once = Once(running.database, who.project, key)
    rows = await read_rows(request, running, asked)
    replay = await once.replay(rows.digest)
    if replay is not None:
        return again(replay.status, replay.body)
    async with once:
        choices = Choices(asked.primary_axis, asked.policy)
        made = await imports.add_import(
            running.database, who.project, asked.name, rows.verdicts, choices, actor=who.key_name
        )
        answer = ImportOut.model_validate(made).model_copy(update={"skipped": rows.skipped})
        return await once.answer(status.HTTP_201_CREATED, answer)


@router.get("")
async def list_imports(page: Annotated[PageIn, Query()], who: JobsReader, running: Running) -> PageOut[ImportOut]:
    """The project's imports, newest first."""
    found = await imports.list_imports(running.database, who.project, after=page.after, limit=page.limit)
    return PageOut(items=[ImportOut.model_validate(one) for one in found.items], next=found.next)


@router.get("/{import_id}")
async def get_import(import_id: ImportId, who: JobsReader, running: Running) -> ImportOut:
    """One import."""
    return ImportOut.model_validate(await imports.get_import(running.database, who.project, str(import_id)))


@router.delete("/{import_id}", status_code=status.HTTP_204_NO_CONTENT)
async def delete_import(import_id: ImportId, who: JobsWriter, running: Running) -> None:
    """Delete an import with its rows and labels."""
    await imports.delete_import(running.database, who.project, str(import_id), actor=who.key_name)


@router.get("/{import_id}/report", response_class=Response, responses=reports.ANSWERS)
async def import_report(
    import_id: ImportId,
    asked: Annotated[ReportQuery, Query()],
    request: Request,
    who: JobsReader,
    publisher: Publishing,
) -> Response:
    """The report, as under /v1/jobs."""
    return await reports.report(import_id, asked, request, who, publisher)
