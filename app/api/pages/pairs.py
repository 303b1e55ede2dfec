"""The pairs of a job as a table that can be narrowed; every view has its address."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from http import HTTPStatus
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from app.api import jobs, results
from app.api.auth import JobsReader, Running
from app.api.jobs import JobId
from app.api.pages import pair_words
from app.api.pages.asked import address, read, told, words_of
from app.api.pages.frame import page
from app.domain.errors import Invalid
from app.domain.verdict import Verdict
from app.services.filters import HUMAN, REASONS, STANCES
from app.wire.jobs import JobOut
from app.wire.pages import FilterIn, NarrowIn
from app.wire.results import PairsPageOut

router = APIRouter(prefix="/dashboard/jobs", include_in_schema=False)

LIMIT = 50
# What people look for most.
QUICK: Mapping[str, Mapping[str, str]] = {
    "All": {},
    "Orders disagree": {"stance": "INCONSISTENT"},
    "Judge and people disagree": {"human": "disagree"},
    "A preferred": {"verdict": "A"},
    "B preferred": {"verdict": "B"},
    "Tied": {"verdict": "TIE"},
    "Lost: no verdict": {"verdict": "MISSING"},
}


@router.get("/{job_id}/pairs")
async def pairs_page(job_id: JobId, request: Request, who: JobsReader, running: Running) -> Response:
    """The list that the address asks for. Where that does not fit, the form again with what is wrong."""
    job = await jobs.get_job(job_id, who, running)
    words = words_of(request)
    asked, found, wrong = None, None, {}
    try:
        asked = read(FilterIn, {"limit": str(LIMIT), **words})
        found = await results.page_of_pairs(job_id, asked, who, running)
    except Invalid as error:
        wrong = told(error.problems) or {"": error.detail}
    filters = {name: str(words[name]) for name in NarrowIn.model_fields if name in words}
    to = partial(address, request.url.path)
    return page(
        request,
        "pairs.html",
        status=HTTPStatus.UNPROCESSABLE_ENTITY if wrong else HTTPStatus.OK,
        job=job,
        found=found,
        wrong=wrong,
        filters=filters,
        axis=filters.get("axis", job.primary_axis),
        axes=[filters["axis"]] if "axis" in filters else sorted(job.axes, key=lambda axis: axis != job.primary_axis),
        choices=_choices(job, found),
        quick=[(name, to(words), dict(words) == filters) for name, words in QUICK.items()],
        pair_address=lambda seq: address(f"{request.url.path}/{seq}", filters),
        say=pair_words,
        **_turning(asked, found, to),
    )


def _turning(asked: FilterIn | None, found: PairsPageOut | None, to: Callable[..., str]) -> dict[str, str | None]:
    """The addresses of the first page, where this is another, and of the page that follows."""
    if asked is None or found is None:
        return {"first_page": None, "following": None}
    here = asked.filters() | ({} if asked.limit == LIMIT else {"limit": str(asked.limit)})
    return {
        "first_page": None if asked.after is None else to(here),
        "following": found.next and to({**here, "after": found.next}),
    }


def _choices(job: JobOut, found: PairsPageOut | None) -> dict[str, Any]:
    """What the fields of the filter bar offer: value -> word."""
    shown = found.items if found else []
    tags = sorted({f"{name}:{value}" for pair in shown for name, value in pair.tags.items()})
    return {
        "axis": {name: name for name in job.axes},
        "verdict": {verdict.name: pair_words.VERDICTS[verdict.name] for verdict in Verdict},
        "stance": {name: pair_words.STANCES[name] for name in STANCES},
        "judge": {name: name for name in job.judges},
        "reason": {name: name.replace("_", " ") for name in REASONS},
        "human": {name: pair_words.HUMAN[name] for name in HUMAN},
        "tag": tags,
    }
