"""A job, live and judged: how far it is, what can be done to it, and its report under the parameters of the address."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Any
from uuid import UUID

from fastapi import APIRouter, Request
from markupsafe import Markup
from starlette.responses import RedirectResponse, Response

from app.api import imports, jobs, reports
from app.api.auth import JobsReader, JobsWriter, Publishing, Running
from app.api.forms import form_of
from app.api.jobs import JobId
from app.api.pages.frame import page
from app.api.pages.job_view import View, read_view, with_problem
from app.bootstrap import App
from app.domain.access import Principal
from app.domain.errors import Invalid, NotFound, Problem, TraceJudgeError
from app.domain.job import VERBS, JobStatus
from app.domain.verdict import PolicyName
from app.reports import FORMATS
from app.services.publish import FRAGMENT
from app.services.recent import Recent, RecentPublisher
from app.wire.jobs import JobOut, RetryIn
from app.wire.verdicts import ImportOut

router = APIRouter(prefix="/dashboard/jobs", include_in_schema=False)

# A page is not held up for a report that will be there in a moment; the part that asks for it again may wait.
PAGE_PATIENCE, PART_PATIENCE = 0.05, 4.0
NOT_BEGUN = frozenset({JobStatus.DRAFT, JobStatus.PREPARING})
STEER = {"start": jobs.start, "pause": jobs.pause, "resume": jobs.resume, "cancel": jobs.cancel}
ALL_ROWS = {"ndjson": "NDJSON", "parquet": "Parquet"}
LEVELS = [("0.8", "80 %"), ("0.9", "90 %"), ("0.99", "99 %")]


@dataclass(frozen=True, slots=True)
class Shown:
    """What the page is about: a job, or verdicts made elsewhere."""

    id: str
    job: JobOut | None
    imported: ImportOut | None

    @property
    def has_report(self) -> bool:
        """Whether there is anything to report: an import, or a job that is over or has a judgment."""
        job = self.job
        if job is None:
            return True
        return job.status not in NOT_BEGUN and (job.status.final or job.progress.done > 0)

    @property
    def live(self) -> bool:
        return self.job is not None and not self.job.status.final and self.job.status is not JobStatus.DRAFT

    def content(self) -> dict[str, Any]:
        """What every template of this page knows."""
        source = self.job or self.imported
        return {
            "job": self.job,
            "imported": self.imported,
            "name": source.name if source else "",
            "axes": [(axis, axis) for axis in source.axes] if source else [],
            "judges": source.judges if source else [],
            "here_job": f"/dashboard/jobs/{self.id}",
            "resource": f"/v1/{'jobs' if self.job else 'imports'}/{self.id}",
            "verbs": VERBS[self.job.status] if self.job else frozenset({"delete"}),
            "live": self.live,
            "has_report": self.has_report,
        }


@router.get("/{job_id}")
async def job_page(
    job_id: JobId, request: Request, who: JobsReader, running: Running, publisher: Publishing
) -> Response:
    shown = await _find(job_id, who, running)
    view = read_view(request.query_params)
    view, recent, trouble = await _recent(shown, view, who, publisher, PAGE_PATIENCE)
    return page(
        request,
        "job.html",
        status=HTTPStatus.UNPROCESSABLE_ENTITY if view.problems else HTTPStatus.OK,
        formats=FORMATS,
        all_rows=ALL_ROWS,
        policies=[(policy.value, policy.value) for policy in PolicyName],
        levels=LEVELS,
        **shown.content(),
        **_report_content(view, recent, trouble),
    )


@router.get("/{job_id}/head")
async def head(job_id: JobId, request: Request, who: JobsReader, running: Running) -> Response:
    shown = await _find(job_id, who, running)
    return page(request, "job_head.html", **shown.content())


@router.get("/{job_id}/progress")
async def progress(job_id: JobId, request: Request, who: JobsReader, running: Running) -> Response:
    shown = await _find(job_id, who, running)
    return page(request, "job_progress.html", **shown.content())


@router.get("/{job_id}/report")
async def report_part(
    job_id: JobId, request: Request, who: JobsReader, running: Running, publisher: Publishing
) -> Response:
    """The report as a part of the page. With `after`, nothing unless it is newer than that."""
    shown = await _find(job_id, who, running)
    given = request.query_params
    asked = type(given)([(name, value) for name, value in given.multi_items() if name != "after"])
    after = given.get("after")
    view, recent, trouble = await _recent(
        shown, read_view(asked), who, publisher, PART_PATIENCE, newer=after is not None
    )
    if after is not None and _same(recent, after, shown):
        return Response(status_code=HTTPStatus.NO_CONTENT)
    return page(request, "job_report.html", **shown.content(), **_report_content(view, recent, trouble))


@router.get("/{job_id}/cancel")
@router.get("/{job_id}/delete")
async def confirm(job_id: JobId, request: Request, who: JobsWriter, running: Running) -> Response:
    """Asks once more before what cannot be undone."""
    shown = await _find(job_id, who, running)
    return page(request, "job_confirm.html", verb=_last(request), **shown.content())


@router.post("/{job_id}/start")
@router.post("/{job_id}/pause")
@router.post("/{job_id}/resume")
@router.post("/{job_id}/cancel")
async def steer(job_id: JobId, request: Request, who: JobsWriter, running: Running) -> Response:
    """Do it by the resource's own route, and show what came of it."""
    await STEER[_last(request)](job_id, who, running)
    return _back(job_id)


@router.post("/{job_id}/retry")
async def retry(job_id: JobId, request: Request, who: JobsWriter, running: Running) -> Response:
    what = (await form_of(request)).get("what", "failed")
    if what not in ("failed", "abstained"):
        raise Invalid("nothing to retry was named", (Problem("must be failed or abstained", "what"),))
    await jobs.retry(job_id, who, running, RetryIn.model_validate({"what": [what]}))
    return _back(job_id)


@router.post("/{job_id}/delete")
async def delete(job_id: JobId, who: JobsWriter, running: Running) -> Response:
    shown = await _find(job_id, who, running)
    await (jobs.delete if shown.job else imports.delete_import)(job_id, who, running)
    return RedirectResponse("/dashboard", HTTPStatus.SEE_OTHER)


def _same(recent: Recent | None, after: str, shown: Shown) -> bool:
    """Whether the page shows this report already. Of a job that has ended since it has to say so."""
    if recent is None or recent.as_of is None or recent.as_of.isoformat() != after:
        return False
    return shown.live or not recent.fresh


def _last(request: Request) -> str:
    """The verb, the last part of the address."""
    path: str = request.scope["path"]
    return path.rpartition("/")[2]


def _back(job_id: UUID) -> Response:
    return RedirectResponse(f"/dashboard/jobs/{job_id}", HTTPStatus.SEE_OTHER)


async def _find(job_id: UUID, who: Principal, running: App) -> Shown:
    """The job, or the import. NotFound for another project's."""
    try:
        return Shown(str(job_id), await jobs.get_job(job_id, who, running), None)
    except NotFound:
        pass
    try:
        return Shown(str(job_id), None, await imports.get_import(job_id, who, running))
    except NotFound:
        raise NotFound("there is no such job: it was deleted, or it belongs to another project") from None


async def _recent(
    shown: Shown, view: View, who: Principal, publisher: RecentPublisher, patience: float, *, newer: bool = False
) -> tuple[View, Recent | None, TraceJudgeError | None]:
    """The report's body if there is one; what is wrong with a parameter goes into the view."""
    if view.asked is None or not shown.has_report:
        return view, None, None
    try:
        recent = await reports.recent_report(
            UUID(shown.id), view.asked, who, publisher, shape=FRAGMENT, patience=patience, newer=newer
        )
    except Invalid as error:
        return with_problem(view, error), None, None
    except NotFound:
        raise
    except TraceJudgeError as error:
        return view, None, error
    return view, recent, None


def _report_content(view: View, recent: Recent | None, trouble: TraceJudgeError | None) -> Mapping[str, Any]:
    """What job_report.html knows."""
    body = recent.content if recent else None
    as_of: datetime | None = recent.as_of if recent else None
    return {
        "view": view,
        "trouble": trouble,
        "body": Markup(body) if isinstance(body, str) else None,  # noqa: S704 - rendered by our own templates
        "as_of": as_of,
        "fresh": recent.fresh if recent else True,
        "computing": recent is not None and body is None,
    }
