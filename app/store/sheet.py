"""Reading a whole job for statistics: narrow columns by binary COPY, straight into arrays."""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from app.domain.order import Plan
from app.domain.plan import Spec
from app.store.documents import judge_of, rubric_of, spec_of
from app.store.targets import Frozen

Array = npt.NDArray[Any]
# PGCOPY\n\xff\r\n\0, four bytes of flags, four bytes of extension length; at the end a field count of -1.
COPY_HEADER = 19
COPY_TRAILER = 2
PENDING = -1


@dataclass(frozen=True, slots=True)
class JobFacts:
    """What the report needs to know of a job besides its judgments."""

    id: int
    public_id: str
    name: str
    status: str
    seed: int
    pairs: int
    judges: tuple[Frozen, ...]
    times: Mapping[str, str | None]
    counters: tuple[int, ...]  # moves whenever a judgment or a label does; the report's cache key
    usage: Mapping[str, int]

    @property
    def spec(self) -> Spec:
        return self.judges[0].spec


@dataclass(frozen=True, slots=True)
class PairColumns:
    """A job's pairs in target order, one array or list each (pairs,)."""

    model_a: list[str]
    model_b: list[str]
    cluster: list[str]
    right_a: Array
    right_b: Array
    tags: list[Mapping[str, str]]
    length_a: Array
    length_b: Array
    has_images: Array
    leaks: Array
    has_answer: bool
    has_reference: bool


@dataclass(frozen=True, slots=True)
class ReplyFacts:
    """What the replies of one judge say about how it was asked."""

    served_as: tuple[str, ...]
    logprob_kind: str | None
    images_sent: int
    censored: int


async def job_facts(tx: AsyncConnection, project: int, public_id: str) -> JobFacts | None:
    """The frozen side of a job and its counters; None when the project has no such job."""
    found = await tx.execute(
        text(
            """
            SELECT j.id, j.public_id, j.name, j.status, j.seed, j.pairs, j.rubric, j.spec, j.generation,
              j.created_at, j.started_at, j.finished_at,
              (SELECT count(*) FROM labels WHERE job_id = j.id) AS labels
            FROM jobs j WHERE j.project_id = :project AND j.public_id = CAST(:id AS uuid)
            """
        ),
        {"project": project, "id": public_id},
    )
    job = found.one_or_none()
    if job is None:
        return None
    judges = await tx.execute(
        text("SELECT spec FROM job_judges WHERE job_id = :job ORDER BY judge_no"), {"job": job.id}
    )
    rubric, spec = rubric_of(job.rubric), spec_of(job.spec)
    sums = await tx.execute(
        text(
            """
            SELECT coalesce(sum(judged), 0), coalesce(sum(abstained), 0), coalesce(sum(failed), 0),
              coalesce(sum(cancelled), 0), coalesce(sum(calls), 0), coalesce(sum(prompt_tokens), 0),
              coalesce(sum(completion_tokens), 0), coalesce(sum(cached_tokens), 0)
            FROM shards WHERE job_id = :job
            """
        ),
        {"job": job.id},
    )
    counted = [int(value) for value in sums.one()]
    times = {name: value.isoformat() if value else None for name, value in (
        ("created_at", job.created_at), ("started_at", job.started_at), ("finished_at", job.finished_at))}  # fmt: skip
    return JobFacts(
        job.id, str(job.public_id), job.name, job.status, job.seed, job.pairs,
        tuple(Frozen(rubric, spec, judge_of(row.spec), None, b"") for row in judges),
        times, (*counted[:4], job.generation, job.labels),
        dict(zip(("calls", "prompt_tokens", "completion_tokens", "cached_tokens"), counted[4:], strict=True)),
    )  # fmt: skip


async def pair_columns(tx: AsyncConnection, job: int) -> PairColumns:
    """Everything about the pairs that statistics slice and weigh by; numbered pairs only."""
    found = await tx.execute(
        text(
            """
            SELECT a.model, b.model, i.cluster, coalesce(a.correct::int, -1), coalesce(b.correct::int, -1), i.tags,
              a.length, b.length, json_array_length(i.images::json) > 0, a.leak OR b.leak,
              a.answer IS NOT NULL OR b.answer IS NOT NULL, i.answer IS NOT NULL
            FROM pairs p JOIN items i ON i.id = p.item_id JOIN traces a ON a.id = p.a_id JOIN traces b ON b.id = p.b_id
            WHERE p.job_id = :job AND p.seq IS NOT NULL ORDER BY p.seq
            """
        ),
        {"job": job},
    )
    columns: Sequence[Sequence[Any]] = tuple(zip(*found.all(), strict=True)) or ((),) * 12
    return PairColumns(
        list(columns[0]), list(columns[1]), list(columns[2]),
        np.array(columns[3], np.int8), np.array(columns[4], np.int8), list(columns[5]),
        np.array(columns[6], np.int64), np.array(columns[7], np.int64),
        np.array(columns[8], bool), np.array(columns[9], bool),
        has_answer=any(columns[10]), has_reference=any(columns[11]),
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class JudgeArrays:
    """One judge's judgments of a job: picks and log-odds per axis, outcomes per group.

    `picks[axis]`: int8 (pairs, orders, repeats). `log_odds[axis]`: float32, same shape, NaN for none, or None.
    `outcomes`: int8 (pairs, groups, orders, repeats), -1 while pending.
    """

    picks: Mapping[str, Array]
    log_odds: Mapping[str, Array] | None
    outcomes: Array


async def judge_arrays(tx: AsyncConnection, facts: JobFacts, judge_no: int, plan: Plan) -> JudgeArrays:
    """Read one judge's narrow rows and lay them out as dense arrays."""
    orders = {int(order): place for place, order in enumerate(plan.orders)}
    shape = (facts.pairs, len(plan.orders), plan.repeats)
    picks = {axis: np.zeros(shape, np.int8) for group in plan.groups for axis in group}
    odds = {axis: np.full(shape, np.nan, np.float32) for axis in picks}
    outcomes = np.full((facts.pairs, len(plan.groups), *shape[1:]), PENDING, np.int8)
    for number, group in enumerate(plan.groups):
        rows = await _narrow_rows(tx, facts.id, judge_no, number, len(group))
        place = np.array([orders.get(value, 0) for value in (0, 1)])[rows["presented"].astype(np.intp)]
        at = (rows["seq"].astype(np.intp), place, rows["repeat"].astype(np.intp))
        outcomes[at[0], number, at[1], at[2]] = rows["outcome"]
        for position, axis in enumerate(group, start=1):
            picks[axis][at] = rows[f"pick{position}"]
            odds[axis][at] = rows[f"odds{position}"]
    has_odds = any(not np.isnan(values).all() for values in odds.values())
    return JudgeArrays(picks, odds if has_odds else None, outcomes)


async def _narrow_rows(tx: AsyncConnection, job: int, judge_no: int, group: int, axes: int) -> Array:
    """The rows of one axis group as a structured array; every field has a fixed width, so COPY needs no parsing."""
    fields = [("seq", ">i4"), ("presented", ">i2"), ("repeat", ">i2"), ("outcome", ">i2")]
    fields += [(f"pick{n}", ">i2") for n in range(1, axes + 1)] + [(f"odds{n}", ">f4") for n in range(1, axes + 1)]
    picks = "".join(f", coalesce(picks[{n}], 0::smallint)" for n in range(1, axes + 1))
    odds = "".join(f", coalesce(log_odds[{n}], 'NaN'::real)" for n in range(1, axes + 1))
    query = (
        f"SELECT seq, presented, repeat, outcome{picks}{odds} FROM judgments "  # noqa: S608 - only numbers go in
        f"WHERE job_id = {job:d} AND judge_no = {judge_no:d} AND axis_group = {group:d}"
    )
    raw = await _copy(tx, query)
    row = [("fields", ">i2")]
    for name, kind in fields:
        row += [(f"{name}_length", ">i4"), (name, kind)]
    return np.frombuffer(raw, np.dtype(row))


async def _copy(tx: AsyncConnection, query: str) -> bytes:
    """The rows of a query in PostgreSQL's binary COPY format, header and trailer taken off."""
    # A statement through SQLAlchemy has begun the transaction already; COPY would otherwise run outside it.
    await tx.execute(text("SELECT 1"))
    connection = (await tx.get_raw_connection()).driver_connection
    chunks: list[bytes] = []

    async def keep(chunk: bytes) -> None:
        chunks.append(bytes(chunk))

    await connection.copy_from_query(query, output=keep, format="binary")  # type: ignore[union-attr]
    raw = b"".join(chunks)
    (extension,) = struct.unpack(">i", raw[COPY_HEADER - 4 : COPY_HEADER])
    return raw[COPY_HEADER + extension : -COPY_TRAILER]


async def reply_facts(tx: AsyncConnection, job: int, judge_no: int) -> ReplyFacts:
    """What one judge's replies tell about the model that answered."""
    found = await tx.execute(
        text(
            """
            SELECT array_agg(DISTINCT served_model) FILTER (WHERE served_model IS NOT NULL), min(logprob_kind),
              coalesce(sum(images_sent), 0), count(*) FILTER (WHERE censored)
            FROM replies WHERE job_id = :job AND judge_no = :judge
            """
        ),
        {"job": job, "judge": judge_no},
    )
    row = found.one()
    return ReplyFacts(tuple(sorted(row[0] or ())), row[1], int(row[2]), int(row[3]))


async def prompt_digest(tx: AsyncConnection, job: int) -> str:
    """One hash over all prompts of a job: SHA-256 of the sorted prompt hashes, fence names left out of each."""
    found = await tx.execute(
        text(
            """
            SELECT encode(sha256(string_agg(prompt_hash, ''::bytea ORDER BY prompt_hash)), 'hex')
            FROM (SELECT DISTINCT prompt_hash FROM replies WHERE job_id = :job AND prompt_hash <> ''::bytea) hashes
            """
        ),
        {"job": job},
    )
    return str(found.scalar_one() or "")
