"""Imports: verdicts made elsewhere come in whole as CSV or NDJSON; their report is read like a job's."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Path, Query, Request, status

from app.api import ndjson
from app.api.auth import JobsReader, JobsWriter, Running
from app.api.bodies import require_type, whole
from app.domain.errors import Invalid
from app.domain.imported import Design, ImportedVerdict
from app.services import imports
from app.wire.shape import Name
from app.wire.verdicts import EXAMPLE, ImportOut, csv_rows, ndjson_rows, read_verdict

router = APIRouter(prefix="/v1/imports", tags=["imports"])

CSV = "text/csv"
BODY = {
    "requestBody": {
        "required": True,
        "content": {
            CSV: {"schema": {"type": "string"}, "example": "model_a,model_b,winner,item\ntuned,base,A,q1\n"},
            ndjson.MEDIA_TYPE: {"schema": {"type": "string"}, "example": EXAMPLE},
        },
    }
}
ImportId = Annotated[UUID, Path(description="the import's id")]


@router.post("", status_code=status.HTTP_201_CREATED, openapi_extra=BODY)
async def add_import(
    request: Request,
    who: JobsWriter,
    running: Running,
    name: Annotated[Name, Query(description="what the import is called")],
    *,
    human: Annotated[bool, Query(description="the verdicts are people's labels")] = False,
    design: Annotated[Design, Query(description="how labelled pairs were drawn")] = Design.UNKNOWN,
) -> ImportOut:
    """Verdicts made elsewhere, all or nothing. A refusal lists the first hundred bad lines."""
    verdicts = await _verdicts(request, running.settings.max_body_bytes, human=human, design=design)
    made = await imports.add_import(running.database, who.project, name, verdicts, actor=who.key_name)
    return ImportOut.model_validate(made)


@router.get("/{import_id}")
async def get_import(import_id: ImportId, who: JobsReader, running: Running) -> ImportOut:
    """One import."""
    return ImportOut.model_validate(await imports.get_import(running.database, who.project, str(import_id)))


async def _verdicts(request: Request, most: int, *, human: bool, design: Design) -> list[ImportedVerdict]:
    """The verdicts of a body. Raises Invalid with the bad lines, or when there is none."""
    require_type(request, CSV, ndjson.MEDIA_TYPE, *ndjson.ALSO)
    body = await whole(request, most)
    as_csv = request.headers.get("content-type", "").startswith(CSV)
    bad, found = ndjson.BadLines(), []
    rows: Any = csv_rows(body) if as_csv else ndjson_rows(body)
    for line, row in rows:
        try:
            found.append(read_verdict(row, line).to_domain(line, human=human, design=design))
        except Invalid as error:
            bad.add(error.problems)
    if bad:
        raise bad.error()
    if not found:
        raise Invalid("the file holds no verdicts")
    return found
