"""The report of a job, in every format."""

from __future__ import annotations

import re
from collections.abc import Sequence
from email.utils import format_datetime
from typing import Annotated, Any
from uuid import UUID

import orjson
from fastapi import APIRouter, Query, Request, Response, status

from app.api.auth import JobsReader, Publishing
from app.api.jobs import JobId
from app.domain.access import Principal
from app.domain.errors import Invalid, NotAcceptable, Problem
from app.reports import FORMATS
from app.reports.schema import report_schema
from app.services.publish import FRAGMENT
from app.services.recent import Recent, RecentPublisher
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
# How much a client wants a type, unless it is 1; other parameters of a range say nothing about our formats.
WEIGHT = re.compile(r";\s*q\s*=\s*(0(?:\.\d{0,3})?|1(?:\.0{0,3})?)\s*(?:;|$)")
ANSWERS: dict[int | str, dict[str, Any]] = {
    200: {"content": CONTENT},
    202: {"description": "`recent`: the first one is being made; ask again"},
    406: {"$ref": "#/components/responses/406"},
}


@router.get("/{job_id}/report", response_class=Response, responses=ANSWERS)
async def report(
    job_id: JobId, asked: Annotated[ReportQuery, Query()], request: Request, who: JobsReader, publisher: Publishing
) -> Response:
    """The report. The format comes from `format`, else from Accept (406 where it names none of these), else it is
    JSON, whose schema is at `/v1/report-schema`.
    """
    name = asked.format or accepted(request.headers.get("accept", ""))
    shape = FORMATS[name]
    headers = {"Content-Disposition": f'inline; filename="report-{job_id}{shape.suffix}"'}
    if shape.media_type.startswith(("text/html", "image/svg")):
        headers["Content-Security-Policy"] = f"{PAGE_POLICY}; frame-ancestors 'none'"
    made = _made(asked, name)
    if asked.recent:
        found = await recent_report(job_id, asked, who, publisher, shape=made)
        if found.content is None or found.as_of is None:
            return Response(status_code=status.HTTP_202_ACCEPTED, headers={"Retry-After": "1"})
        headers["Last-Modified"] = format_datetime(found.as_of, usegmt=True)
        return Response(found.content, headers=headers, media_type=shape.media_type)
    content = await publisher.document(who.project, str(job_id), asked.to_domain(), made, asked.axis)
    return Response(content, headers=headers, media_type=shape.media_type)


async def recent_report(
    job_id: UUID, asked: ReportQuery, who: Principal, publisher: RecentPublisher, *, shape: str, **choices: Any
) -> Recent:
    """The last report that was made, as one of FORMATS or as FRAGMENT. `choices`: those of RecentPublisher.recent."""
    return await publisher.recent(who.project, str(job_id), asked.to_domain(), shape, axis=asked.axis, **choices)


def _made(asked: ReportQuery, name: str) -> str:
    """What has to be made. Invalid where a part or an axis of what has none is asked for."""
    if name == "html":
        return FRAGMENT if asked.part == "body" else name
    wrong = {"part": asked.part != "whole", "axis": asked.axis is not None}
    problems = tuple(Problem("fits the format html only", field) for field, is_wrong in wrong.items() if is_wrong)
    if problems:
        raise Invalid("this format is always whole", problems)
    return name


@shapes.get("/report-schema", response_class=Response)
async def schema() -> Response:
    """The JSON Schema of a report in JSON; its version is the `schema` of every envelope."""
    return Response(orjson.dumps(report_schema()), media_type="application/schema+json")


def accepted(header: str) -> str:
    """The format an Accept header asks for (RFC 9110, 12.5.1): of the highest weight, then the one named most closely,
    then the one named first. JSON where everything is welcome; NotAcceptable where nothing of ours is.
    """
    parts = [part.strip().lower() for part in header.split(",") if part.strip()] or ["*/*"]
    wanted = {name: _wanted(shape.media_type.partition(";")[0], parts) for name, shape in FORMATS.items()}
    best = max(wanted, key=wanted.__getitem__)
    if wanted[best][0] == 0:
        raise NotAcceptable(f"there is none of these types; give format={'|'.join(FORMATS)}, or accept one of theirs")
    return best


def _wanted(media_type: str, parts: Sequence[str]) -> tuple[float, int, int]:
    """Weight, closeness and (negative) place of the range that says most about a type: the closest, then the first."""
    ranges = (media_type, media_type.partition("/")[0] + "/*", "*/*")
    found = [
        (len(ranges) - ranges.index(named), -place, part)
        for place, part in enumerate(parts)
        if (named := part.partition(";")[0].strip()) in ranges
    ]
    if not found:
        return 0.0, 0, 0
    closeness, place, part = max(found)
    weight = WEIGHT.search(part)
    return float(weight[1]) if weight else 1.0, closeness, place
