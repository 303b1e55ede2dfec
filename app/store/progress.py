"""Reading jobs as their owners see them: how far they are, what they used, what is to be known about them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncConnection

from app.domain.errors import NotFound
from app.domain.job import Job, JobStatus, Progress, Spent
from app.store.documents import spec_of
from app.store.jobs import as_uuid

_JOBS = """
    SELECT j.id, j.public_id, j.name, j.status, j.status_reason, j.seed, j.spec, j.pairs, j.created_at, j.started_at,
      j.finished_at, j.identical_pairs, j.leaks, j.rubric->>'name' AS rubric,
      CAST(j.rubric->>'version' AS int) AS rubric_version,
      extract(epoch FROM clock_timestamp() - j.started_at) AS elapsed,
      (SELECT count(*) FROM items i WHERE i.job_id = j.id AND i.images_state = 'failed') AS lost_images,
      s.*, g.*
    FROM jobs j
    CROSS JOIN LATERAL (
      SELECT coalesce(sum(units), 0) AS units, coalesce(sum(judged), 0) AS done,
        coalesce(sum(abstained), 0) AS abstained, coalesce(sum(failed), 0) AS failed,
        coalesce(sum(cancelled), 0) AS cancelled, coalesce(sum(calls), 0) AS calls,
        coalesce(sum(prompt_tokens), 0) AS prompt_tokens, coalesce(sum(completion_tokens), 0) AS completion_tokens,
        coalesce(sum(cached_tokens), 0) AS cached_tokens, coalesce(sum(fenced_writes), 0) AS fenced_writes
      FROM shards WHERE job_id = j.id
    ) s
    CROSS JOIN LATERAL (
      SELECT array_agg(judges.name ORDER BY judge_no) AS judges,
        array_agg(judges.status ORDER BY judge_no) AS judge_statuses,
        array_agg(coalesce(judges.status_reason, '') ORDER BY judge_no) AS judge_reasons
      FROM job_judges JOIN judges ON judges.id = job_judges.judge_id WHERE job_id = j.id
    ) g
"""


async def read_job(tx: AsyncConnection, project: int, job_id: str) -> Job:
    """A job as its owner sees it; NotFound for another project's."""
    found = await tx.execute(
        text(f"{_JOBS} WHERE j.project_id = :project AND j.public_id = CAST(:id AS uuid)"),
        {"project": project, "id": as_uuid(job_id)},
    )
    row = found.one_or_none()
    if row is None:
        raise NotFound("there is no such job")
    return _job(row)


async def read_jobs(tx: AsyncConnection, project: int, *, before: int | None, limit: int) -> list[tuple[int, Job]]:
    """Jobs with their internal ids, newest first, from the one before the id `before` on."""
    found = await tx.execute(
        text(
            f"{_JOBS} WHERE j.project_id = :project AND (CAST(:before AS int) IS NULL OR j.id < :before) "
            "ORDER BY j.id DESC LIMIT :limit"
        ),
        {"project": project, "before": before, "limit": limit},
    )
    return [(row.id, _job(row)) for row in found]


def _job(row: Row[Any]) -> Job:
    spec = spec_of(row.spec)
    finished = int(row.done + row.abstained + row.failed + row.cancelled)
    progress = Progress(
        row.pairs, int(row.units), int(row.done), int(row.abstained), int(row.failed), int(row.cancelled),
        int(row.units) - finished,
    )  # fmt: skip
    return Job(
        id=str(row.public_id),
        name=row.name,
        status=JobStatus(row.status),
        status_reason=row.status_reason,
        judges=tuple(row.judges or ()),
        rubric=row.rubric,
        rubric_version=row.rubric_version,
        axes=spec.axes,
        primary_axis=spec.primary_axis,
        policy=spec.policy,
        orders=spec.orders,
        repeats=spec.repeats,
        seed=row.seed,
        progress=progress,
        usage=Spent(int(row.calls), int(row.prompt_tokens), int(row.completion_tokens), int(row.cached_tokens)),
        fenced_writes=int(row.fenced_writes),
        eta_seconds=_eta(row, progress, finished),
        warnings=tuple(_warnings(row)),
        metadata=spec.metadata,
        created_at=row.created_at,
        started_at=row.started_at,
        finished_at=row.finished_at,
    )


def _eta(row: Row[Any], progress: Progress, finished: int) -> float | None:
    """Seconds to go at the mean pace since the start; None while nothing is finished or nothing moves."""
    if row.status != JobStatus.RUNNING or not finished or not row.elapsed:
        return None
    return float(row.elapsed) * progress.pending / finished


def _warnings(row: Row[Any]) -> list[str]:
    """What the owner should know, in sentences."""
    found = []
    if not JobStatus(row.status).final:
        judges = zip(row.judges or (), row.judge_statuses or (), row.judge_reasons or (), strict=True)
        found += [f"judge {name} is {status}: {why or 'no reason given'}" for name, status, why in judges
                  if status in ("waiting", "paused")]  # fmt: skip
    counted: Mapping[str, int] = {
        "{} of the pairs show the same text on both sides": row.identical_pairs,
        "{} of the traces name a model of their pair, so the judge may know whose they are": row.leaks,
        "{} of the items have an image that could not be had; their units fail": row.lost_images,
    }
    return found + [sentence.format(count) for sentence, count in counted.items() if count]
