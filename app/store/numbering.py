"""Numbering: `start` gives pairs their target numbers and cuts the targets into shards."""

from __future__ import annotations

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection


async def number_targets(tx: AsyncConnection, job: int, seed: int) -> int:
    """Number the pairs of a job from 0; how many there are.

    Clusters come in an order drawn by the seed, with the pairs of a cluster beside each other. The order depends on
    the seed and the content only: not on the upload, and not on the database's language.
    """
    done = await tx.execute(
        text(
            """
            UPDATE pairs SET seq = numbered.place - 1
            FROM (
              SELECT p.id, row_number() OVER (ORDER BY
                md5(CAST(:seed AS text) || ':' || i.cluster) COLLATE "C", i.cluster COLLATE "C", i.name COLLATE "C",
                a.model COLLATE "C", a.sample, b.model COLLATE "C", b.sample) AS place
              FROM pairs p JOIN items i ON i.id = p.item_id
              JOIN traces a ON a.id = p.a_id JOIN traces b ON b.id = p.b_id
              WHERE p.job_id = :job
            ) numbered
            WHERE pairs.id = numbered.id
            """
        ),
        {"job": job, "seed": str(seed)},
    )
    return int(done.rowcount)


async def cut_shards(
    tx: AsyncConnection, job: int, judge_no: int, *, targets: int, units_each: int, shard_units: int
) -> int:
    """Cut a job's targets into shards of about `shard_units` units for one judge; the units of all of them.

    `units_each`: units of one target. A target is never split.
    """
    width = max(1, shard_units // units_each)
    await tx.execute(
        text(
            """
            INSERT INTO shards (job_id, judge_no, first_seq, end_seq, units)
            SELECT :job, :judge_no, first, LEAST(first + :width, :targets),
              (LEAST(first + :width, :targets) - first) * :units
            FROM generate_series(0, :targets - 1, :width) first
            """
        ),
        {"job": job, "judge_no": judge_no, "targets": targets, "width": width, "units": units_each},
    )
    return targets * units_each


async def has_pending_images(tx: AsyncConnection, job: int) -> bool:
    """Whether pictures have to be fetched before judging can begin."""
    found = await tx.execute(
        text("SELECT EXISTS (SELECT FROM items WHERE job_id = :job AND images_state = 'pending')"), {"job": job}
    )
    return bool(found.scalar_one())


async def begin(tx: AsyncConnection, job: int, *, status: str, units: int) -> None:
    """Let a numbered job go."""
    await tx.execute(
        text(
            """
            UPDATE jobs SET status = :status, units = :units, started_at = clock_timestamp() WHERE id = :job
            """
        ),
        {"job": job, "status": status, "units": units},
    )
