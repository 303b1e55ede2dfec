"""What a judge has judged, and how often it was tried with a small call."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection


@dataclass(frozen=True, slots=True)
class JudgedJob:
    """A job that is over."""

    id: str
    name: str
    status: str
    finished_at: datetime | None


@dataclass(frozen=True, slots=True)
class Canaries:
    """Small calls that decided whether a judge may be used: how many, and when the last one ended."""

    count: int
    last_at: datetime | None


async def jobs_over_of(tx: AsyncConnection, project: int, judge: str, limit: int) -> list[JudgedJob]:
    """The newest jobs that are over and were judged by it, whether or not others judged with it."""
    found = await tx.execute(
        text(
            """
            SELECT j.public_id, j.name, j.status, j.finished_at
            FROM judges g JOIN job_judges jj ON jj.judge_id = g.id JOIN jobs j ON j.id = jj.job_id
            WHERE g.project_id = :project AND g.name = :judge AND j.started_at IS NOT NULL
              AND j.status IN ('completed', 'completed_with_failures', 'cancelled')
            ORDER BY j.id DESC LIMIT :limit
            """
        ),
        {"project": project, "judge": judge, "limit": limit},
    )
    return [JudgedJob(str(row.public_id), row.name, row.status, row.finished_at) for row in found]


async def canaries_of(tx: AsyncConnection, project: int, judge: str) -> Canaries:
    """Of a judge that exists. While one is under way, its `canary_at` lies in the future and tells no time yet."""
    found = await tx.execute(
        text(
            """
            SELECT canaries, CASE WHEN canary_at <= clock_timestamp() THEN canary_at END AS last_at
            FROM judges WHERE project_id = :project AND name = :judge
            """
        ),
        {"project": project, "judge": judge},
    )
    return Canaries(*found.one())
