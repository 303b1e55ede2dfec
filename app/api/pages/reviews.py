"""Blind review as its lead sees it: a job's reviews and what they say so far, drawing another, closing, inviting."""

from __future__ import annotations

from collections.abc import Sequence
from http import HTTPStatus
from itertools import count
from typing import Any

import orjson
from fastapi import APIRouter, Request
from pydantic import ValidationError
from starlette.responses import RedirectResponse, Response

from app.api import access, jobs, reviews
from app.api.auth import JobsReader, JobsWriter, KeysWriter, Publishing, Running
from app.api.forms import form_of
from app.api.jobs import JobId
from app.api.pages.frame import page
from app.api.reviews import ReviewId
from app.domain.access import Principal
from app.domain.errors import Invalid, NotFound, Problem
from app.services.filters import REASONS, STANCES, VERDICTS
from app.wire.keys import KeyIn, NewKeyOut
from app.wire.problems import problems_of
from app.wire.reports import ParametersIn
from app.wire.reviews import ReviewFiltersIn, ReviewIn, ReviewOut

router = APIRouter(prefix="/dashboard/jobs/{job_id}/reviews", include_in_schema=False)

LEAST, USUAL = 50, 200  # pairs: a calibrated rate needs the one, and is seldom worth more than the other
LONGEST_NUMBER = 18  # digits; what is longer stays text, and is refused as such
WITH_PEOPLE = frozenset({"judge_human", "human_human"})


@router.get("")
async def overview(
    request: Request, job_id: JobId, who: JobsReader, running: Running, publisher: Publishing
) -> Response:
    return await _shown(request, job_id, who, running, publisher)


@router.post("")
async def create(request: Request, job_id: JobId, who: JobsWriter, running: Running, publisher: Publishing) -> Response:
    """Draw a review. The answer to a form that does not fit is the form again, with what is wrong."""
    form = await form_of(request)
    try:
        if not form.get("seed", "").strip():
            form = form | {"seed": str(_fresh_seed((await reviews.list_reviews(job_id, who, running)).items))}
        await reviews.create_review(job_id, _wanted(form), who, running)
    except Invalid as error:
        problems = error.problems or (Problem(error.detail),)
        return await _shown(request, job_id, who, running, publisher, form=form, problems=problems)
    return _back(job_id)


@router.post("/labellers")
async def invite(request: Request, job_id: JobId, who: KeysWriter, running: Running, publisher: Publishing) -> Response:
    """Make a labeller's key. The page that answers is the only one that ever shows its link."""
    who.require("jobs:read")
    name = (await form_of(request)).get("name", "").strip()
    try:
        made = await access.create_key(_labeller(name), who, running)
    except Invalid as error:
        problems = tuple(Problem(problem.reason, "labeller") for problem in error.problems)
        return await _shown(request, job_id, who, running, publisher, form={"labeller": name}, problems=problems)
    return await _shown(request, job_id, who, running, publisher, made=made)


@router.get("/{review_id}/close")
async def ask_to_close(
    request: Request, job_id: JobId, review_id: ReviewId, who: JobsWriter, running: Running
) -> Response:
    """What closing this review would do."""
    return page(request, "review_close.html", review=await _of_job(job_id, review_id, who, running))


@router.post("/{review_id}/close")
async def close(job_id: JobId, review_id: ReviewId, who: JobsWriter, running: Running) -> Response:
    await _of_job(job_id, review_id, who, running)
    await reviews.close_review(review_id, who, running)
    return _back(job_id)


async def _shown(
    request: Request,
    job_id: JobId,
    who: Principal,
    running: Running,
    publisher: Publishing,
    *,
    form: dict[str, str] | None = None,
    problems: tuple[Problem, ...] = (),
    made: NewKeyOut | None = None,
) -> Response:
    """The page: after a refused form with what was filled in and what is wrong, after an invitation with its link."""
    job = await jobs.get_job(job_id, who, running)
    found = (await reviews.list_reviews(job_id, who, running)).items
    return page(
        request,
        "reviews.html",
        status=HTTPStatus.UNPROCESSABLE_ENTITY if problems else HTTPStatus.OK,
        job=job,
        reviews=found,
        so_far=await _so_far(job_id, who, publisher) if found else None,
        choices={"axis": job.axes, "verdict": VERDICTS, "stance": STANCES, "judge": job.judges, "reason": REASONS},
        form=form or {},
        wrong={problem.field: problem.reason for problem in reversed(problems)},
        least=LEAST,
        usual=min(USUAL, job.progress.pairs),
        fresh_seed=_fresh_seed(found),
        made=made,
    )


def _fresh_seed(drawn: Sequence[ReviewOut]) -> int:
    """The smallest seed that no review of the job was drawn by: the same one again draws the same pairs."""
    taken = {review.seed for review in drawn}
    return next(seed for seed in count() if seed not in taken)


async def _so_far(job_id: JobId, who: Principal, publisher: Publishing) -> dict[str, Any]:
    """What the report last said of people: `as_of` is None while the first one is being made."""
    last = await publisher.recent(who.project, str(job_id), ParametersIn().to_domain(), "json")
    results = orjson.loads(last.content)["results"] if last.content is not None else {}
    lines = (results.get("agreement") or {}).get("lines", [])
    return {
        "as_of": last.as_of,
        "fresh": last.fresh,
        "agreement": [line for line in lines if line["kind"] in WITH_PEOPLE and line["with_ties"]["n"]],
        "calibrated": results.get("calibrated", []),
    }


async def _of_job(job_id: JobId, review_id: ReviewId, who: Principal, running: Running) -> ReviewOut:
    """The review, which must be the job's."""
    review = await reviews.get_review(review_id, who, running)
    if review.job != str(job_id):
        raise NotFound("this job has no such review")
    return review


def _wanted(form: dict[str, str]) -> ReviewIn:
    """The review that a form asks for. Raises Invalid, naming the fields."""
    axes = [value for name, value in form.items() if name.startswith("axis-")]
    if not axes:
        raise Invalid("see problems", (Problem("choose at least one", "axes"),))
    filters = {name: form.get(f"filter-{name}", "").strip() for name in ReviewFiltersIn.model_fields}
    asked = {
        "title": form.get("title", "").strip() or "Review",
        "pairs": _number(form.get("pairs", "")),
        "per_pair": _number(form.get("per_pair", "1")),
        "axes": axes,
        "seed": _number(form["seed"]),
        "filters": {name: value for name, value in filters.items() if value},
    }
    try:
        return ReviewIn.model_validate(asked)
    except ValidationError as error:
        raise Invalid("see problems", problems_of(error.errors())) from None


def _labeller(name: str) -> KeyIn:
    try:
        return KeyIn(name=name, role="labeller")
    except ValidationError as error:
        raise Invalid("see problems", problems_of(error.errors())) from None


def _number(text: str) -> int | str:
    text = text.strip()
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= LONGEST_NUMBER else text


def _back(job_id: JobId) -> Response:
    return RedirectResponse(f"/dashboard/jobs/{job_id}/reviews", HTTPStatus.SEE_OTHER)
