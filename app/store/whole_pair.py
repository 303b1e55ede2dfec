"""One pair with everything that is known of it: its item, both texts, its judgments with replies, its labels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from app.store.images import ImageInfo
from app.store.pages import JudgmentRow, UnitRow


@dataclass(frozen=True, slots=True)
class TraceRow:
    """One side with its text. `length` in characters."""

    model: str
    sample: int
    text: str
    length: int
    answer: str | None
    correct: bool | None


@dataclass(frozen=True, slots=True)
class WholePair:
    """A pair's item and traces. `images` as in the items table."""

    item: str
    question: str
    options: Mapping[str, str]
    answer: str | None
    tags: Mapping[str, str]
    cluster: str
    images: Sequence[Mapping[str, str]]
    images_state: str
    images_error: str | None
    a: TraceRow
    b: TraceRow


@dataclass(frozen=True, slots=True)
class PairLabel:
    """What one person said. `side`: a Side, None = could not tell. `shown`: an Order, None = not told. `review`: the
    public id of the review it was said in, None = it was sent in.
    """

    labeller: str
    axis: str
    side: int | None
    shown: int | None
    design: str
    seconds: float | None
    review: str | None
    created_at: datetime


async def whole_pair(tx: AsyncConnection, job: int, seq: int) -> WholePair | None:
    """The pair of a target number; None when the job has none."""
    found = await tx.execute(
        text(
            """
            SELECT i.name, i.question, i.options, i.answer, i.tags, i.cluster, i.images, i.images_state, i.images_error,
              a.model, a.sample, a.text, a.length, a.answer, a.correct,
              b.model, b.sample, b.text, b.length, b.answer, b.correct
            FROM pairs p JOIN items i ON i.id = p.item_id JOIN traces a ON a.id = p.a_id JOIN traces b ON b.id = p.b_id
            WHERE p.job_id = :job AND p.seq = :seq
            """
        ),
        {"job": job, "seq": seq},
    )
    row = found.one_or_none()
    if row is None:
        return None
    cells: tuple[Any, ...] = tuple(row)
    name, question, options, answer, tags, cluster, images, state, error = cells[:9]
    a, b = TraceRow(*cells[9:15]), TraceRow(*cells[15:21])
    return WholePair(name, question, options or {}, answer, tags, cluster, images, state, error, a, b)


async def judgments_of(tx: AsyncConnection, job: int, judges: int, seq: int, item: str) -> list[JudgmentRow]:
    """All judgments of a pair by the first `judges` judges, judge by judge. `item`: its name."""
    found = await tx.execute(
        text(
            """
            SELECT j.judge_no, j.seq, j.repeat, j.axis_group, j.presented, j.outcome, j.picks, j.log_odds,
              r.reasons, r.detail, r.raw, r.prompt_hash, r.served_model, r.logprob_kind, r.censored,
              r.images_sent, r.calls, r.prompt_tokens, r.completion_tokens, r.cached_tokens, r.latency_ms, r.created_at
            FROM judgments j JOIN replies r USING (job_id, judge_no, seq, repeat, axis_group, presented)
            WHERE j.job_id = :job AND j.judge_no = ANY(CAST(:judges AS smallint[])) AND j.seq = :seq
            ORDER BY j.judge_no, j.axis_group, j.repeat, j.presented
            """
        ),
        {"job": job, "judges": list(range(judges)), "seq": seq},
    )
    return [JudgmentRow(UnitRow(*row[:8]), item, *row[8:]) for row in found]


async def labels_of(tx: AsyncConnection, job: int, seq: int) -> list[PairLabel]:
    """What people said of a pair, by axis and person."""
    found = await tx.execute(
        text(
            """
            SELECT l.labeller, l.axis, l.side, l.shown, l.design, l.seconds, CAST(r.public_id AS text), l.created_at
            FROM labels l LEFT JOIN reviews r ON r.id = l.review_id
            WHERE l.job_id = :job AND l.seq = :seq ORDER BY l.axis, l.labeller
            """
        ),
        {"job": job, "seq": seq},
    )
    return [PairLabel(*row) for row in found]


async def image_infos(tx: AsyncConnection, project: int, hashes: Sequence[str]) -> dict[str, ImageInfo]:
    """Those of these pictures that are stored, by their SHA-256 in hex."""
    found = await tx.execute(
        text(
            """
            SELECT sha256, media_type, width, height, bytes FROM images
            WHERE project_id = :project AND sha256 = ANY(CAST(:hashes AS bytea[]))
            """
        ),
        {"project": project, "hashes": [bytes.fromhex(one) for one in hashes]},
    )
    return {row.sha256.hex(): ImageInfo(row.sha256.hex(), *row[1:]) for row in found}
