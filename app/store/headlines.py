"""The last headline of each job, and the numbers that say whether it is still the newest."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from app.store.jobs import as_uuid
from app.store.sheet import BY_PEOPLE


@dataclass(frozen=True, slots=True)
class StoredHeadline:
    """A job as it is now, and its headline as it was in the state `state`; None where none was ever made, or where
    there was nothing to say. `counters` are those of `app.store.sheet.JobFacts`.
    """

    job: str
    status: str
    generation: int
    counters: tuple[int, ...]
    pairs: int
    state: str | None
    as_of: datetime | None
    headline: Mapping[str, Any] | None


async def read_headlines(tx: AsyncConnection, project: int, jobs: Sequence[str]) -> list[StoredHeadline]:
    """Of those of these jobs that are the project's, in no order."""
    found = await tx.execute(
        text(
            f"""
            SELECT j.public_id, j.status, j.generation, j.pairs, s.*, {BY_PEOPLE}, h.state, h.as_of, h.headline
            FROM jobs j
            CROSS JOIN LATERAL (
              SELECT coalesce(sum(judged), 0) AS judged, coalesce(sum(abstained), 0) AS abstained,
                coalesce(sum(failed), 0) AS failed, coalesce(sum(cancelled), 0) AS cancelled
              FROM shards WHERE job_id = j.id
            ) s
            LEFT JOIN headlines h ON h.job_id = j.id
            WHERE j.project_id = :project AND j.public_id = ANY(CAST(:jobs AS uuid[]))
            """  # noqa: S608 - only the constant above goes in
        ),
        {"project": project, "jobs": [as_uuid(job) for job in jobs]},
    )
    return [
        StoredHeadline(
            str(row.public_id), row.status, row.generation,
            (int(row.judged), int(row.abstained), int(row.failed), int(row.cancelled), int(row.labels), row.reviews),
            row.pairs, row.state, row.as_of, row.headline,
        )
        for row in found
    ]  # fmt: skip


async def keep_headline(
    tx: AsyncConnection, job: int, *, state: str, as_of: datetime, headline: Mapping[str, Any] | None
) -> None:
    """Keep it unless another process has kept a newer one, or the job is gone."""
    await tx.execute(
        text(
            """
            INSERT INTO headlines (job_id, state, as_of, headline)
            SELECT id, :state, :as_of, CAST(:headline AS jsonb) FROM jobs WHERE id = :job
            ON CONFLICT (job_id) DO UPDATE SET state = excluded.state, as_of = excluded.as_of,
              headline = excluded.headline
            WHERE headlines.as_of <= excluded.as_of
            """
        ),
        {
            "job": job,
            "state": state,
            "as_of": as_of,
            "headline": None if headline is None else json.dumps(headline),
        },
    )
