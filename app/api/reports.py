"""The report of a job, in every format."""

from __future__ import annotations

from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Query, Request, Response

from app.api.auth import JobsReader, Publishing
from app.api.jobs import JobId
from app.reports import FORMATS
from app.reports.schema import report_schema
from app.wire.reports import ReportQuery

router = APIRouter(prefix="/v1/jobs", tags=["results"])
# The shapes themselves are no secret: as /openapi.json, this needs no key and is not part of what it describes.
shapes = APIRouter(prefix="/v1", include_in_schema=False)

# The HTML report and the SVG need no script and fetch nothing; this makes sure of it.
PAGE_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'"
EXAMPLES = {
    "json": {"envelope": {"job": {"id": "0b8f3a52-6f0e-4a3c-9a44-0d8f6c1f2f10"}}, "results": {"headline": None}},
    "md": "# tuned against base ...",
}
CONTENT: dict[str, Any] = {
    shape.media_type.partition(";")[0]: {
        "schema": {"type": "object" if name == "json" else "string"},
        "example": EXAMPLES.get(name, "..."),
    }
    for name, shape in FORMATS.items()
}


@router.get("/{job_id}/report", response_class=Response, responses={200: {"content": CONTENT}})
async def report(
    job_id: JobId, asked: Annotated[ReportQuery, Query()], request: Request, who: JobsReader, publisher: Publishing
) -> Response:
    """The report. The format comes from `format`, else from Accept, else it is JSON, whose schema is at
    `/v1/report-schema`.
    """
    name = asked.format or accepted(request.headers.get("accept", ""))
    shape = FORMATS[name]
    content = await publisher.document(who.project, str(job_id), asked.to_domain(), name)
    headers = {"Content-Disposition": f'inline; filename="report-{job_id}{shape.suffix}"'}
    if shape.media_type.startswith(("text/html", "image/svg")):
        headers["Content-Security-Policy"] = f"{PAGE_POLICY}; frame-ancestors 'none'"
    return Response(content, headers=headers, media_type=shape.media_type)


@shapes.get("/report-schema", response_class=Response)
async def schema() -> Response:
    """The JSON Schema of a report in JSON; its version is the `schema` of every envelope."""
    return Response(orjson.dumps(report_schema()), media_type="application/schema+json")


def accepted(header: str) -> str:
    """The first format an Accept header names; JSON when it names none of ours."""
    wanted = [part.partition(";")[0].strip().lower() for part in header.split(",")]
    names = {shape.media_type.partition(";")[0]: name for name, shape in FORMATS.items()}
    return next((names[media_type] for media_type in wanted if media_type in names), "json")
