"""Taking units back: cancelling what is owed, re-opening what ended badly, deleting a job piece by piece."""

from __future__ import annotations

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from app.domain.judgment import Outcome
from app.store.uploads import drop_uploads_of

# Rows deleted by one statement, well within the statement time-out whatever they weigh.
PIECE = 20_000
# Children first: each table is empty of the job before the one it refers to is touched.
PIECEWISE = ("judgments_superseded", "replies", "judgments", "shards", "labels", "pairs", "traces", "items")


async def cancel_shards(tx: AsyncConnection, job: int) -> None:
    """Close a job's open shards: what is owed counts as cancelled, and whoever works on them is fenced off."""
    await tx.execute(
        text(
            """
            UPDATE shards SET cancelled = units - judged - abstained - failed, fence = fence + 1,
              owner = NULL, lease_until = NULL, not_before = NULL
            WHERE job_id = :job AND is_open
            """
        ),
        {"job": job},
    )


# The shard of a target is the one that begins last before it; `counts` moves the counters by exactly the rows taken.
_REOPEN = text(
    """
    WITH taken AS (
      DELETE FROM judgments
      WHERE job_id = :job AND outcome = ANY(CAST(:outcomes AS smallint[]))
      RETURNING judge_no, seq, repeat, axis_group, presented, outcome
    ), told AS (
      DELETE FROM replies r USING taken t
      WHERE r.job_id = :job AND r.judge_no = t.judge_no AND r.seq = t.seq AND r.repeat = t.repeat
        AND r.axis_group = t.axis_group AND r.presented = t.presented
      RETURNING r.judge_no, r.seq, r.repeat, r.axis_group, r.presented, t.outcome,
        r.detail, r.raw, r.prompt_hash, r.calls
    ), kept AS (
      INSERT INTO judgments_superseded
        (job_id, judge_no, seq, repeat, axis_group, presented, generation, outcome, detail, raw, prompt_hash, calls)
      SELECT :job, judge_no, seq, repeat, axis_group, presented, :generation, outcome, detail, raw, prompt_hash, calls
      FROM told
    ), counts AS (
      SELECT home.id, count(*) FILTER (WHERE outcome < :first_failed) AS abstained,
        count(*) FILTER (WHERE outcome >= :first_failed) AS failed
      FROM taken t CROSS JOIN LATERAL (
        SELECT s.id FROM shards s WHERE s.job_id = :job AND s.judge_no = t.judge_no AND s.first_seq <= t.seq
        ORDER BY s.first_seq DESC LIMIT 1
      ) home
      GROUP BY home.id
    ), reopened AS (
      UPDATE shards s SET abstained = s.abstained - c.abstained, failed = s.failed - c.failed, fence = s.fence + 1,
        claims = 0, named_seq = NULL, named_slot = NULL, named_deaths = 0, owner = NULL, lease_until = NULL,
        not_before = NULL, rung_at = NULL
      FROM counts c WHERE s.id = c.id
    )
    SELECT count(*) FROM taken
    """
)


async def reopen_units(tx: AsyncConnection, job: int, outcomes: frozenset[Outcome], *, generation: int) -> int:
    """Set judgments of these outcomes aside and owe their units again; how many those were."""
    found = await tx.execute(
        _REOPEN,
        {
            "job": job,
            "outcomes": sorted(outcomes),
            "generation": generation,
            "first_failed": int(Outcome.ENDPOINT_ERROR),
        },
    )
    return int(found.scalar_one())


async def restart(tx: AsyncConnection, job: int, *, generation: int) -> None:
    """Put a finished job back to work."""
    await tx.execute(
        text(
            """
            UPDATE jobs SET generation = :generation, finished_at = NULL, status_reason = NULL, status =
              CASE WHEN EXISTS (SELECT FROM items WHERE job_id = :job AND images_state = 'pending')
                   THEN 'preparing' ELSE 'running' END
            WHERE id = :job
            """
        ),
        {"job": job, "generation": generation},
    )


async def fetch_lost_images_again(tx: AsyncConnection, job: int) -> None:
    """Give pictures that could not be had another chance."""
    await tx.execute(
        text(
            """
            UPDATE items SET images_state = 'pending', images_error = NULL
            WHERE job_id = :job AND images_state = 'failed'
            """
        ),
        {"job": job},
    )


async def delete_piece(tx: AsyncConnection, table: str, job: int) -> int:
    """Delete up to PIECE rows of one of the PIECEWISE tables; how many there were."""
    done = await tx.execute(
        text(
            f"""
            DELETE FROM {table} WHERE ctid = ANY(ARRAY(
              SELECT ctid FROM {table} WHERE job_id = :job LIMIT :piece))
            """  # noqa: S608 - only names from the list above go in
        ),
        {"job": job, "piece": PIECE},
    )
    return int(done.rowcount)


async def delete_job(tx: AsyncConnection, job: int) -> None:
    """Delete the job itself and what little still hangs on it."""
    await drop_uploads_of(tx, job)
    await tx.execute(text("DELETE FROM jobs WHERE id = :job"), {"job": job})
