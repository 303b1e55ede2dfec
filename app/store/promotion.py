"""Promotion: what an upload staged becomes items, traces and pairs of its job, in one transaction or not at all.

The caller holds the job's row, so uploads into one job follow one another and cannot deadlock. Each statement moves
a range of lines. A line whose item or trace is there already with other content, or whose pair is there already, is
not moved; the caller sees it by the count and asks `conflicts` which lines those were.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from app.domain.errors import Problem

# Lines moved by one statement: what they need stays in memory between the three statements, and none takes long.
RANGE = 2_000


@dataclass(frozen=True, slots=True)
class Moved:
    """Rows that were written."""

    items: int
    traces: int
    pairs: int
    leaks: int  # traces among them that name a model of their pair


# Tables that are just being filled have no statistics: left alone, the planner reads them whole for every line. The
# LIMITs below fix the order of joins, and this leaves it the keys to look rows up by.
_LOOK_UP = text("SET LOCAL enable_seqscan = off")

_ITEMS = text(
    """
    INSERT INTO items
      (job_id, name, fingerprint, question, options, answer, tags, cluster, images, images_state)
    SELECT :job, item_name, item_fingerprint, question, options, item_answer, tags, cluster, images,
      CASE WHEN jsonb_path_exists(images, '$[*].url') THEN 'pending' ELSE 'ready' END
    FROM staged_pairs WHERE upload_id = :upload AND line >= :first AND line < :end
    ON CONFLICT (job_id, name) DO NOTHING
    """
)

_TRACES = text(
    """
    WITH moved AS (
      INSERT INTO traces (job_id, item_id, model, sample, fingerprint, text, length, answer, correct, leak)
      SELECT i.job_id, i.id, side.*
      FROM staged_pairs s
      CROSS JOIN LATERAL (
        SELECT job_id, id FROM items WHERE job_id = :job AND name = s.item_name LIMIT 1
      ) i
      CROSS JOIN LATERAL (VALUES
        (a_model, a_sample, a_fingerprint, a_text, a_length, a_answer, a_correct, a_leak),
        (b_model, b_sample, b_fingerprint, b_text, b_length, b_answer, b_correct, b_leak)
      ) side
      WHERE s.upload_id = :upload AND s.line >= :first AND s.line < :end
      ON CONFLICT (item_id, model, sample) DO NOTHING
      RETURNING leak
    )
    SELECT count(*) AS traces, count(*) FILTER (WHERE leak) AS leaks FROM moved
    """
)

_PAIRS = text(
    """
    INSERT INTO pairs (job_id, item_id, a_id, b_id)
    SELECT i.job_id, i.id, a.id, b.id
    FROM staged_pairs s
    CROSS JOIN LATERAL (
      SELECT job_id, id FROM items
      WHERE job_id = :job AND name = s.item_name AND fingerprint = s.item_fingerprint LIMIT 1
    ) i
    CROSS JOIN LATERAL (
      SELECT id FROM traces
      WHERE item_id = i.id AND model = s.a_model AND sample = s.a_sample AND fingerprint = s.a_fingerprint LIMIT 1
    ) a
    CROSS JOIN LATERAL (
      SELECT id FROM traces
      WHERE item_id = i.id AND model = s.b_model AND sample = s.b_sample AND fingerprint = s.b_fingerprint LIMIT 1
    ) b
    WHERE s.upload_id = :upload AND s.line >= :first AND s.line < :end
    ORDER BY s.line
    ON CONFLICT DO NOTHING
    """
)


async def move(tx: AsyncConnection, job: int, upload: int, last_line: int) -> Moved:
    """Move the lines 1 to `last_line` of an upload into its job."""
    await tx.execute(_LOOK_UP)
    items = traces = leaks = pairs = 0
    for first in range(1, last_line + 1, RANGE):
        where = {"job": job, "upload": upload, "first": first, "end": first + RANGE}
        items += (await tx.execute(_ITEMS, where)).rowcount
        written = (await tx.execute(_TRACES, where)).one()
        traces, leaks = traces + written.traces, leaks + written.leaks
        pairs += (await tx.execute(_PAIRS, where)).rowcount
    return Moved(items, traces, pairs, leaks)


async def add_counts(tx: AsyncConnection, job: int, moved: Moved, *, identical: int) -> None:
    """Add what was moved to the job's own counts. `identical`: pairs whose two traces hold the same text."""
    await tx.execute(
        text(
            """
            UPDATE jobs SET pairs = pairs + :pairs, leaks = leaks + :leaks,
              identical_pairs = identical_pairs + :identical
            WHERE id = :job
            """
        ),
        {"job": job, "pairs": moved.pairs, "leaks": moved.leaks, "identical": identical},
    )


async def lock_images(tx: AsyncConnection, project: int, upload: int) -> list[Problem]:
    """Keep the pictures an upload refers to from being swept; the lines that refer to one nobody uploaded."""
    refers = """
        FROM staged_pairs s, jsonb_array_elements(s.images) image
        WHERE s.upload_id = :upload AND s.images <> '[]' AND image ? 'sha256'
    """
    await tx.execute(
        text(
            f"""
            SELECT FROM images WHERE project_id = :project
              AND sha256 IN (SELECT decode(image->>'sha256', 'hex') {refers})
            FOR KEY SHARE
            """
        ),
        {"project": project, "upload": upload},
    )
    unknown = await tx.execute(
        text(
            f"""
            SELECT DISTINCT s.line {refers} AND NOT EXISTS (
              SELECT FROM images i WHERE i.project_id = :project AND i.sha256 = decode(image->>'sha256', 'hex'))
            ORDER BY s.line
            """  # noqa: S608 - only the constant above goes in
        ),
        {"project": project, "upload": upload},
    )
    reason = "no picture with this SHA-256 was uploaded"
    return [Problem(reason, field="item.images", line=line) for line in unknown.scalars()]


# Read after `move`, in its transaction: pairs of other transactions were there before.
_CONFLICTS = text(
    """
    WITH staged AS (
      SELECT s.line, i.id AS item, LEAST(a.id, b.id) AS one, GREATEST(a.id, b.id) AS two,
        i.fingerprint <> s.item_fingerprint AS other_item,
        a.fingerprint <> s.a_fingerprint AS other_a,
        b.fingerprint <> s.b_fingerprint AS other_b
      FROM staged_pairs s
      JOIN items i ON i.job_id = :job AND i.name = s.item_name
      JOIN traces a ON a.item_id = i.id AND a.model = s.a_model AND a.sample = s.a_sample
      JOIN traces b ON b.item_id = i.id AND b.model = s.b_model AND b.sample = s.b_sample
      WHERE s.upload_id = :upload
    ), judged AS (
      SELECT staged.*,
        row_number() OVER (PARTITION BY item, one, two ORDER BY line) > 1 OR EXISTS (
          SELECT FROM pairs p WHERE p.item_id = item AND LEAST(p.a_id, p.b_id) = one
            AND GREATEST(p.a_id, p.b_id) = two AND p.xmin <> pg_current_xact_id()::xid
        ) AS again
      FROM staged
    )
    SELECT line, other_item, other_a, other_b, again FROM judged
    WHERE other_item OR other_a OR other_b OR again ORDER BY line
    """
)
_REASONS = {
    "other_item": ("item", "an item of this id is in the job already, with other content"),
    "other_a": ("a", "a trace of this model and sample is there already for this item, with other content"),
    "other_b": ("b", "a trace of this model and sample is there already for this item, with other content"),
    "again": ("", "these two traces are a pair already (which side is A makes no difference)"),
}


async def conflicts(tx: AsyncConnection, job: int, upload: int) -> list[Problem]:
    """Why lines were not moved: what is there already, in the job or on an earlier line, says otherwise."""
    found = await tx.execute(_CONFLICTS, {"job": job, "upload": upload})
    return [
        Problem(reason, field=field, line=row["line"])
        for row in found.mappings()
        for name, (field, reason) in _REASONS.items()
        if row[name]
    ]
