"""Moving jobs on: finished when nothing is open, paused when nothing can move, running when it can again."""

from __future__ import annotations

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

JUDGE_CONFIG = "judge_config"
BUDGET = "budget"


async def finish_jobs(tx: AsyncConnection, *, job: int | None = None) -> int:
    """Close running jobs whose shards are all closed; failed units (not abstained ones) show in the status."""
    done = await tx.execute(
        text(
            """
            UPDATE jobs j SET finished_at = clock_timestamp(), status =
              CASE WHEN EXISTS (SELECT 1 FROM shards s WHERE s.job_id = j.id AND s.failed > 0)
                   THEN 'completed_with_failures' ELSE 'completed' END
            WHERE j.status = 'running' AND (CAST(:job AS int) IS NULL OR j.id = :job)
              AND NOT EXISTS (SELECT 1 FROM shards s WHERE s.job_id = j.id AND s.is_open)
            """
        ),
        {"job": job},
    )
    return int(done.rowcount)


async def pause_stuck_jobs(tx: AsyncConnection) -> int:
    """Pause running jobs that only wait for paused judges; the reason names the judge and what it said."""
    done = await tx.execute(
        text(
            """
            UPDATE jobs j SET status = 'paused', status_reason = :prefix || ': ' || stuck.name || ': ' || stuck.reason
            FROM (
              SELECT jj.job_id, min(g.name) AS name, min(coalesce(g.status_reason, '')) AS reason
              FROM job_judges jj JOIN judges g ON g.id = jj.judge_id
              WHERE EXISTS (
                SELECT 1 FROM shards s WHERE s.job_id = jj.job_id AND s.judge_no = jj.judge_no AND s.is_open)
              GROUP BY jj.job_id HAVING bool_and(g.status = 'paused')
            ) stuck
            WHERE j.status = 'running' AND j.id = stuck.job_id
            """
        ),
        {"prefix": JUDGE_CONFIG},
    )
    return int(done.rowcount)


async def resume_jobs_of(tx: AsyncConnection, judge: int) -> int:
    """Put jobs that were paused for this judge's configuration back to work."""
    done = await tx.execute(
        text(
            """
            UPDATE jobs j SET status = 'running', status_reason = NULL
            WHERE j.status = 'paused' AND j.status_reason LIKE :prefix || ':%'
              AND EXISTS (SELECT 1 FROM job_judges jj WHERE jj.job_id = j.id AND jj.judge_id = :judge)
            """
        ),
        {"judge": judge, "prefix": JUDGE_CONFIG},
    )
    return int(done.rowcount)


async def pause_spent_jobs(tx: AsyncConnection) -> int:
    """Pause running jobs that used up their budget of calls."""
    done = await tx.execute(
        text(
            """
            UPDATE jobs j SET status = 'paused', status_reason =
              :prefix || ': ' || (j.spec->'budget'->>'max_calls') || ' judge calls are spent'
            WHERE j.status = 'running' AND j.spec->'budget'->>'max_calls' IS NOT NULL
              AND (SELECT sum(s.calls) FROM shards s WHERE s.job_id = j.id) >=
                  CAST(j.spec->'budget'->>'max_calls' AS bigint)
            """
        ),
        {"prefix": BUDGET},
    )
    return int(done.rowcount)


async def take_turn(tx: AsyncConnection, what: int) -> bool:
    """A lock that ends with the transaction: true for one process at a time."""
    found = await tx.execute(text("SELECT pg_try_advisory_xact_lock(:what)"), {"what": what})
    return bool(found.scalar_one())
