"""Jobs: making them, holding them for a verb, and moving them from state to state."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

import orjson
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from app.domain.errors import NotFound
from app.domain.job import JobStatus
from app.domain.judge import Judge
from app.domain.plan import Spec
from app.domain.rubric import Rubric
from app.store.documents import document_of, judge_of, rubric_of, spec_of


@dataclass(frozen=True, slots=True)
class HeldJob:
    """A job whose row is locked until the transaction ends. `id` is internal."""

    id: int
    public_id: str
    project: int
    status: JobStatus
    status_reason: str | None
    pairs: int
    seed: int
    generation: int
    spec: Spec


async def add_job(
    tx: AsyncConnection, project: int, *, name: str, rubric: Rubric, spec: Spec, seed: int, fence_secret: bytes
) -> tuple[int, str]:
    """A new draft; its internal and its public id."""
    made = await tx.execute(
        text(
            """
            INSERT INTO jobs (project_id, name, rubric, spec, seed, fence_secret)
            VALUES (:project, :name, CAST(:rubric AS jsonb), CAST(:spec AS jsonb), :seed, :fence)
            RETURNING id, public_id
            """
        ),
        {
            "project": project,
            "name": name,
            "rubric": _json(rubric),
            "spec": _json(spec),
            "seed": seed,
            "fence": fence_secret,
        },
    )
    row = made.one()
    return int(row.id), str(row.public_id)


async def add_job_judges(tx: AsyncConnection, job: int, judges: Sequence[tuple[int, Judge]]) -> None:
    """Freeze judges (internal id and value) into a job; their numbers are their places in this list."""
    await tx.execute(
        text(
            """
            INSERT INTO job_judges (job_id, judge_no, judge_id, spec)
            VALUES (:job, :number, :judge, CAST(:spec AS jsonb))
            """
        ),
        [
            {"job": job, "number": number, "judge": judge_id, "spec": _json(judge)}
            for number, (judge_id, judge) in enumerate(judges)
        ],
    )


async def hold_job(tx: AsyncConnection, project: int, job_id: str) -> HeldJob:
    """Lock a job's row, which every verb and every promotion does first. NotFound for another project's job.

    The lock leaves the key alone, so that rows which refer to the job can be written meanwhile.
    """
    found = await tx.execute(
        text(
            """
            SELECT id, public_id, project_id, status, status_reason, pairs, seed, generation, spec FROM jobs
            WHERE project_id = :project AND public_id = CAST(:id AS uuid) FOR NO KEY UPDATE
            """
        ),
        {"project": project, "id": as_uuid(job_id)},
    )
    row = found.one_or_none()
    if row is None:
        raise NotFound("there is no such job")
    return HeldJob(
        row.id, str(row.public_id), row.project_id, JobStatus(row.status), row.status_reason, row.pairs, row.seed,
        row.generation, spec_of(row.spec),
    )  # fmt: skip


async def judges_of_job(tx: AsyncConnection, job: int) -> list[Judge]:
    """The frozen judges of a job, in the order of their numbers."""
    found = await tx.execute(text("SELECT spec FROM job_judges WHERE job_id = :job ORDER BY judge_no"), {"job": job})
    return [judge_of(document) for document in found.scalars()]


async def set_status(tx: AsyncConnection, job: int, status: JobStatus, reason: str | None = None) -> None:
    """Move a held job to another state; final states are dated, others are not."""
    await tx.execute(
        text(
            """
            UPDATE jobs SET status = :status, status_reason = :reason,
              finished_at = CASE WHEN :final THEN clock_timestamp() END
            WHERE id = :job
            """
        ),
        {"job": job, "status": status.value, "reason": reason, "final": status.final},
    )


@dataclass(frozen=True, slots=True)
class OpenJob:
    """What reading a job's pairs and judgments needs. `id` is internal."""

    id: int
    started: bool
    pairs: int
    seed: int
    rubric: Rubric
    spec: Spec
    judges: tuple[Judge, ...]


async def open_job(tx: AsyncConnection, project: int, job_id: str) -> OpenJob:
    """A job to be read from; NotFound for another project's."""
    found = await tx.execute(
        text(
            """
            SELECT id, started_at, pairs, seed, rubric, spec FROM jobs
            WHERE project_id = :project AND public_id = CAST(:id AS uuid)
            """
        ),
        {"project": project, "id": as_uuid(job_id)},
    )
    row = found.one_or_none()
    if row is None:
        raise NotFound("there is no such job")
    judges = tuple(await judges_of_job(tx, row.id))
    started = row.started_at is not None
    return OpenJob(row.id, started, row.pairs, row.seed, rubric_of(row.rubric), spec_of(row.spec), judges)


def as_uuid(job_id: str) -> str:
    """The id in one form; NotFound when it is none, as no job can have it."""
    try:
        return str(UUID(job_id))
    except ValueError:
        raise NotFound("there is no such job") from None


def _json(value: Rubric | Judge | Spec) -> str:
    return orjson.dumps(document_of(value)).decode()
