"""Pages over a job's pairs and judgments, each beginning after a place in an index."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, bindparam, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncConnection


@dataclass(frozen=True, slots=True)
class Side:
    """One side of a pair, without its text."""

    model: str
    sample: int
    answer: str | None
    correct: bool | None


@dataclass(frozen=True, slots=True)
class PairRow:
    """A pair with its place in the list: the target number, or the internal id while there are none."""

    place: int
    seq: int | None
    item: str
    cluster: str
    tags: Mapping[str, str]
    a: Side
    b: Side


@dataclass(frozen=True, slots=True)
class UnitRow:
    """The narrow part of a judgment. `presented` is an Order, `picks` and `log_odds` follow the axis group."""

    judge_no: int
    seq: int
    repeat: int
    group: int
    presented: int
    outcome: int
    picks: Sequence[int]
    log_odds: Sequence[float] | None


@dataclass(frozen=True, slots=True)
class JudgmentRow:
    """A judgment with its reply and the item it is about."""

    unit: UnitRow
    item: str
    reasons: Mapping[str, str]
    detail: str
    raw: bytes
    prompt_hash: bytes
    served_model: str | None
    logprob_kind: str | None
    censored: bool
    images_sent: int
    calls: int
    prompt_tokens: int | None
    completion_tokens: int | None
    cached_tokens: int | None
    latency_ms: float
    created_at: datetime

    @property
    def place(self) -> tuple[int, ...]:
        """Where it stands in the list."""
        unit = self.unit
        return (unit.judge_no, unit.seq, unit.repeat, unit.group, unit.presented)


_PAIRS = """
    SELECT {place} AS place, p.seq, i.name, i.cluster, i.tags,
      a.model, a.sample, a.answer, a.correct, b.model, b.sample, b.answer, b.correct
    FROM pairs p JOIN items i ON i.id = p.item_id JOIN traces a ON a.id = p.a_id JOIN traces b ON b.id = p.b_id
    WHERE p.job_id = :job
"""


async def pair_rows(tx: AsyncConnection, job: int, seqs: Sequence[int]) -> list[PairRow]:
    """The pairs of these targets, in target order."""
    found = await tx.execute(
        text(_PAIRS.format(place="p.seq") + "AND p.seq = ANY(CAST(:seqs AS int[])) ORDER BY p.seq"),
        {"job": job, "seqs": list(seqs)},
    )
    return [_pair_row(row) for row in found]


async def draft_rows(
    tx: AsyncConnection, job: int, *, after: int, tags: Mapping[str, str], limit: int
) -> list[PairRow]:
    """The next pairs of a draft, as they came in: its pairs have no target numbers yet."""
    query = _PAIRS.format(place="p.id") + "AND p.id > :after AND i.tags @> :tags ORDER BY p.id LIMIT :limit"
    found = await tx.execute(
        text(query).bindparams(bindparam("tags", type_=JSONB)),
        {"job": job, "after": after, "tags": dict(tags), "limit": limit},
    )
    return [_pair_row(row) for row in found]


def _pair_row(row: Row[Any]) -> PairRow:
    cells: tuple[Any, ...] = tuple(row)
    place, seq, item, cluster, tags = cells[:5]
    return PairRow(place, seq, item, cluster, tags, Side(*cells[5:9]), Side(*cells[9:13]))


async def has_images(tx: AsyncConnection, job: int) -> bool:
    """Whether any item of the job has a picture."""
    found = await tx.execute(
        text("SELECT EXISTS (SELECT FROM items WHERE job_id = :job AND images <> '[]'::jsonb)"), {"job": job}
    )
    return bool(found.scalar_one())


async def judgment_rows(
    tx: AsyncConnection,
    job: int,
    *,
    after: Sequence[int],
    groups: Sequence[tuple[int, int]],
    outcome: int | None,
    tags: Mapping[str, str],
    limit: int,
) -> list[JudgmentRow]:
    """The next judgments after a place, of these (judge number, axis group) pairs, with this outcome or any."""
    found = await tx.execute(
        text(
            """
            SELECT j.judge_no, j.seq, j.repeat, j.axis_group, j.presented, j.outcome, j.picks, j.log_odds,
              i.name, r.reasons, r.detail, r.raw, r.prompt_hash, r.served_model, r.logprob_kind, r.censored,
              r.images_sent, r.calls, r.prompt_tokens, r.completion_tokens, r.cached_tokens, r.latency_ms, r.created_at
            FROM judgments j
            JOIN replies r USING (job_id, judge_no, seq, repeat, axis_group, presented)
            JOIN pairs p ON p.job_id = j.job_id AND p.seq = j.seq JOIN items i ON i.id = p.item_id
            WHERE j.job_id = :job
              AND (j.judge_no, j.seq, j.repeat, j.axis_group, j.presented) >
                (CAST(:p0 AS int), CAST(:p1 AS int), CAST(:p2 AS int), CAST(:p3 AS int), CAST(:p4 AS int))
              AND (j.judge_no, j.axis_group) IN (
                SELECT * FROM unnest(CAST(:judges AS smallint[]), CAST(:groups AS smallint[])))
              AND (CAST(:outcome AS smallint) IS NULL OR j.outcome = :outcome) AND i.tags @> :tags
            ORDER BY j.judge_no, j.seq, j.repeat, j.axis_group, j.presented LIMIT :limit
            """
        ).bindparams(bindparam("tags", type_=JSONB)),
        {
            "job": job,
            **{f"p{number}": value for number, value in enumerate(after)},
            "judges": [judge for judge, _ in groups],
            "groups": [group for _, group in groups],
            "outcome": outcome,
            "tags": dict(tags),
            "limit": limit,
        },
    )
    return [JudgmentRow(UnitRow(*row[:8]), *row[8:]) for row in found]
