"""The pairs of a job as a table that can be narrowed; every view has its address."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from app.api import jobs, results
from app.api.auth import JobsReader, Running
from app.api.jobs import JobId
from app.api.pages import pair_words
from app.api.pages.asked import address, read, words_of
from app.api.pages.frame import page
from app.domain.verdict import Verdict
from app.services.filters import HUMAN, REASONS, STANCES
from app.wire.jobs import JobOut
from app.wire.pages import FilterIn
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
    asked = read(FilterIn, {"limit": str(LIMIT), **words_of(request)})
    filters = asked.filters()
    job = await jobs.get_job(job_id, who, running)
    found = await results.page_of_pairs(job_id, asked, who, running)
    to = partial(address, request.url.path)
    size = {} if asked.limit == LIMIT else {"limit": str(asked.limit)}
    return page(
        request,
        "pairs.html",
        job=job,
        found=found,
        filters=filters,
        axis=filters.get("axis", job.primary_axis),
        axes=[filters["axis"]] if "axis" in filters else job.axes,
        choices=_choices(job, found),
        quick=[(name, to(words), dict(words) == filters) for name, words in QUICK.items()],
        first_page=None if asked.after is None else to({**filters, **size}),
        following=found.next and to({**filters, **size, "after": found.next}),
        pair_address=lambda seq: address(f"{request.url.path}/{seq}", filters),
        say=pair_words,
    )


def _choices(job: JobOut, found: PairsPageOut) -> dict[str, Any]:
    """What the fields of the filter bar offer: value -> word."""
    tags = sorted({f"{name}:{value}" for pair in found.items for name, value in pair.tags.items()})
    return {
        "axis": {name: name for name in job.axes},
        "verdict": {verdict.name: pair_words.VERDICTS[verdict.name] for verdict in Verdict},
        "stance": {name: pair_words.STANCES[name] for name in STANCES},
        "judge": {name: name for name in job.judges},
        "reason": {name: name.replace("_", " ") for name in REASONS},
        "human": {name: pair_words.HUMAN[name] for name in HUMAN},
        "tag": tags,
    }
