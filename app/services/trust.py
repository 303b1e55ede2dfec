"""Whether a judge can be trusted, from the reports of the jobs it judged last; nobody waits for one to be made."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from app.domain.errors import NotFound, TraceJudgeError
from app.reports.sheet import Parameters
from app.services.recent import RecentPublisher
from app.store import judges as stored
from app.store.database import Database
from app.store.judged import Canaries, JudgedJob, canaries_of, jobs_over_of

MOST_JOBS = 5
Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class JobTrust:
    """What one job's report says of the judge, on its primary axis. `ready` is False while that is being computed.

    `problem`: why there is nothing. `first_share`, `consistency`, `excess`: {estimate, low, high, n}. `people`: lines
    of agreement with them, one for each axis with labels. `checks`: {name, ok, text}.
    """

    job: JudgedJob
    ready: bool
    axis: str | None = None
    first_share: Json | None = None
    consistency: Json | None = None
    excess: Json | None = None
    people: tuple[Json, ...] = ()
    checks: tuple[Json, ...] = ()
    problem: str | None = None


@dataclass(frozen=True, slots=True)
class Trust:
    """A judge's record; `jobs` newest first."""

    judge: str
    canaries: Canaries
    jobs: tuple[JobTrust, ...]


async def judge_trust(database: Database, publisher: RecentPublisher, project: int, name: str) -> Trust:
    """From the kept reports of the newest jobs that are over; those not there yet begin to be made. NotFound when the
    project has no such judge.
    """
    async with database.transaction() as tx:
        if await stored.judge_named(tx, project, name) is None:
            raise NotFound("there is no such judge")
        canaries = await canaries_of(tx, project, name)
        jobs = await jobs_over_of(tx, project, name, MOST_JOBS)
    told = await asyncio.gather(*(_of_job(publisher, project, job, name) for job in jobs))
    return Trust(name, canaries, tuple(told))


async def _of_job(publisher: RecentPublisher, project: int, job: JudgedJob, judge: str) -> JobTrust:
    try:
        recent = await publisher.recent(project, job.id, Parameters(), "json")
    except TraceJudgeError as error:  # of one job, which must not take the others with it
        return JobTrust(job, ready=True, problem=error.detail)
    if recent.content is None:
        return JobTrust(job, ready=False)
    return told_of(job, judge, orjson.loads(recent.content)["results"])


def told_of(job: JudgedJob, judge: str, results: Json) -> JobTrust:
    """What the results of a report say of one judge."""
    headline = results["headline"]
    axis = None if headline is None else headline["axis"]
    position: Json = next((line for line in results["position"] if (line["judge"], line["axis"]) == (judge, axis)), {})
    lines = (results["agreement"] or {"lines": []})["lines"]
    checks: Sequence[Json] = next((line["checks"] for line in results["judges"] if line["judge"] == judge), [])
    return JobTrust(
        job=job,
        ready=True,
        axis=axis,
        first_share=position.get("first_share"),
        consistency=position.get("consistency"),
        excess=position.get("excess"),
        people=tuple(line for line in lines if line["kind"] == "judge_human" and line["first"] == judge),
        checks=tuple(checks),
    )
