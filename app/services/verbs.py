"""What can be done to a job once it is made: pause, resume, cancel, retry, delete."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from collections.abc import Set as AbstractSet
from functools import partial
from typing import Literal

from app.domain.errors import Conflict, Invalid, Problem
from app.domain.job import Job, JobStatus, require
from app.domain.judgment import Outcome
from app.store import audit, jobs, judges, progress, reopening
from app.store.database import Database, Transaction
from app.store.finishing import JUDGE_CONFIG
from app.store.jobs import HeldJob

Class = Literal["failed", "abstained"]
USER = "user"
DELETING = "being deleted; delete it again to finish"
CLASSES: dict[Class, frozenset[Outcome]] = {
    "failed": frozenset(outcome for outcome in Outcome if outcome.failed),
    "abstained": frozenset(outcome for outcome in Outcome if outcome.abstained),
}


async def pause(database: Database, project: int, job_id: str, *, actor: str = audit.SYSTEM) -> Job:
    """Stop within seconds; what is in flight is stored."""

    async def work(tx: Transaction, job: HeldJob) -> None:
        await jobs.set_status(tx, job.id, JobStatus.PAUSED, USER)

    return await _do(database, project, job_id, "pause", work, actor=actor)


async def resume(database: Database, project: int, job_id: str, *, actor: str = audit.SYSTEM) -> Job:
    """Go on. A job that was paused for a judge's configuration has its judges looked at anew."""

    async def work(tx: Transaction, job: HeldJob) -> None:
        await jobs.set_status(tx, job.id, JobStatus.RUNNING)
        if (job.status_reason or "").startswith(JUDGE_CONFIG):
            await judges.reopen_paused_of(tx, job.id)

    return await _do(database, project, job_id, "resume", work, actor=actor)


async def cancel(database: Database, project: int, job_id: str, *, actor: str = audit.SYSTEM) -> Job:
    """End a job; what is owed counts as cancelled and what is in flight is thrown away."""

    async def work(tx: Transaction, job: HeldJob) -> None:
        await reopening.cancel_shards(tx, job.id)
        await jobs.set_status(tx, job.id, JobStatus.CANCELLED)

    return await _do(database, project, job_id, "cancel", work, actor=actor)


async def retry(
    database: Database, project: int, job_id: str, what: AbstractSet[Class], *, actor: str = audit.SYSTEM
) -> Job:
    """Ask again for units that failed or abstained; the old answers are kept aside. Conflict when there are none."""
    unknown = what - CLASSES.keys()
    if unknown or not what:
        raise Invalid("nothing to retry was named", (Problem(f"one or more of {', '.join(CLASSES)}", field="what"),))
    outcomes = frozenset[Outcome]().union(*(CLASSES[one] for one in what))

    async def work(tx: Transaction, job: HeldJob) -> None:
        generation = job.generation + 1
        if await reopening.reopen_units(tx, job.id, outcomes, generation=generation) == 0:
            raise Conflict(f"no unit of the job has {' or '.join(sorted(what))}")
        if Outcome.IMAGE_UNAVAILABLE in outcomes:
            await reopening.fetch_lost_images_again(tx, job.id)
        await reopening.restart(tx, job.id, generation=generation)

    return await _do(database, project, job_id, "retry", work, actor=actor)


async def delete(database: Database, project: int, job_id: str, *, actor: str = audit.SYSTEM) -> None:
    """Delete a draft or a finished job with all that belongs to it.

    Large tables go piece by piece, so the job is first marked: should this process die on the way, nobody takes
    the rest for a result, and the next delete finishes the work.
    """

    async def mark(tx: Transaction) -> int:
        job = await jobs.hold_job(tx, project, job_id)
        require("delete", job.status)
        await jobs.set_status(tx, job.id, JobStatus.CANCELLED, DELETING)
        await audit.record(tx, project, actor, "delete", f"job {job.public_id}")
        return job.id

    job = await database.run(mark)
    for table in reopening.PIECEWISE:
        while await database.run(partial(reopening.delete_piece, table=table, job=job)):
            pass
    await database.run(partial(reopening.delete_job, job=job))


async def _do(
    database: Database,
    project: int,
    job_id: str,
    verb: str,
    work: Callable[[Transaction, HeldJob], Awaitable[None]],
    *,
    actor: str,
) -> Job:
    """Hold the job, check that the verb fits, do the work, write it down; the job as it is then."""

    async def whole(tx: Transaction) -> Job:
        job = await jobs.hold_job(tx, project, job_id)
        require(verb, job.status)
        await work(tx, job)
        await audit.record(tx, project, actor, verb, f"job {job.public_id}")
        return await progress.read_job(tx, project, job_id)

    return await database.run(whole)
