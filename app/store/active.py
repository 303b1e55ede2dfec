"""What jobs that are not over have done so far, from the counters of their shards: no judgment is read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection


@dataclass(frozen=True, slots=True)
class Share:
    """One judge's part in one job at work. `job` is the public id, `judge` the internal one."""

    job: str
    judge: int
    status: str
    finished: int
    prompt_tokens: int
    completion_tokens: int


async def shares(tx: AsyncConnection, project: int) -> list[Share]:
    """All of a project's jobs that are being prepared, running or paused."""
    found = await tx.execute(
        text(
            """
            SELECT j.public_id, jj.judge_id, j.status, s.finished, s.prompt_tokens, s.completion_tokens
            FROM jobs j JOIN job_judges jj ON jj.job_id = j.id
            CROSS JOIN LATERAL (
              SELECT coalesce(sum(judged + abstained + failed), 0)::bigint AS finished,
                coalesce(sum(prompt_tokens), 0)::bigint AS prompt_tokens,
                coalesce(sum(completion_tokens), 0)::bigint AS completion_tokens
              FROM shards WHERE job_id = jj.job_id AND judge_no = jj.judge_no
            ) s
            WHERE j.project_id = :project AND j.status IN ('preparing', 'running', 'paused')
            """
        ),
        {"project": project},
    )
    return [Share(str(job), *rest) for job, *rest in found]


async def speechless(tx: AsyncConnection, project: int, jobs: Sequence[str]) -> list[str]:
    """Which of these jobs have a report without a headline."""
    found = await tx.execute(
        text(
            """
            SELECT j.public_id FROM jobs j JOIN headlines h ON h.job_id = j.id
            WHERE j.project_id = :project AND j.public_id = ANY(CAST(:jobs AS uuid[])) AND h.headline IS NULL
            """
        ),
        {"project": project, "jobs": list(jobs)},
    )
    return [str(job) for job in found.scalars()]
