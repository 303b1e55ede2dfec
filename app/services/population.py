"""Which pairs of a job a review is drawn from: all of them, or those that filters leave."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from app.domain.errors import Invalid, NotFound, Problem
from app.reports.reading import policy_of, settle_axis
from app.reports.sheet import Sheet
from app.services.filters import Filters, read_filters
from app.services.job_sheet import read_sheet
from app.store import reviews
from app.store.database import Database
from app.store.jobs import OpenJob, open_job
from app.store.sheet import job_facts

Array = npt.NDArray[Any]
KNOWN = frozenset({"axis", "verdict", "stance", "tag", "judge", "reason"})


async def population_of(database: Database, project: int, job_id: str, words: Mapping[str, str]) -> Array:
    """Int (n,), target numbers in order. Invalid, naming the filter, for one that this job does not know."""
    async with database.transaction() as tx:
        job = await open_job(tx, project, job_id)
        wanted = _wanted(job, words)
        tagged = await reviews.numbers_with_tags(tx, job.id, wanted.tags) if wanted.tags else None
    seqs = np.arange(job.pairs) if tagged is None else np.array(tagged, np.int64)
    if wanted.needs_units:
        seqs = seqs[(await _derived(database, project, job_id, wanted))[seqs]]
    return seqs


def _wanted(job: OpenJob, words: Mapping[str, str]) -> Filters:
    try:
        wanted = read_filters(job, words, KNOWN)
    except Invalid as error:
        told = tuple(replace(problem, field=f"filters.{problem.field}") for problem in error.problems)
        raise Invalid("pairs cannot be drawn so", told) from None
    if words and not wanted.narrow:
        reason = "narrows nothing alone: add a stance, a verdict, a reason or a tag, or draw from all pairs"
        raise Invalid("pairs cannot be drawn so", (Problem(reason, field=f"filters.{next(iter(words))}"),))
    return wanted


async def _derived(database: Database, project: int, job_id: str, wanted: Filters) -> Array:
    """Bool (pairs,): which have the stance, the verdict and the reason asked for, as the job's own policy settles
    them.
    """
    async with database.transaction() as tx:
        facts = await job_facts(tx, project, job_id)
    if facts is None:
        raise NotFound("there is no such job")
    return _keeps(await read_sheet(database, facts), wanted)


def _keeps(sheet: Sheet, wanted: Filters) -> Array:
    """The same answer for all pairs as `look` gives for a page of them."""
    settled = settle_axis(sheet, wanted.axis or sheet.primary_axis, policy_of(sheet, None))
    judges = slice(None) if wanted.judge is None else [wanted.judge]
    kept = np.ones(len(settled.verdict), bool)
    if wanted.verdict is not None:
        kept &= settled.verdict == wanted.verdict
    if wanted.stances is not None:
        kept &= np.isin(settled.stances[:, judges], list(wanted.stances)).any(axis=1)
    if wanted.outcome is not None:
        kept &= (sheet.outcomes[:, judges] == wanted.outcome).any(axis=(1, 2, 3, 4))
    return kept
