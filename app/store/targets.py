"""Reading what a slice needs: the frozen documents of its job and judge, its targets, their images."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from app.domain.judge import Judge
from app.domain.plan import Spec
from app.domain.rubric import Rubric
from app.domain.trace import Image, Item, Pair, Trace
from app.store.documents import judge_of, rubric_of, spec_of


@dataclass(frozen=True, slots=True)
class Frozen:
    """What a job fixed for one of its judges. `secret`: the endpoint's key, still encrypted."""

    rubric: Rubric
    spec: Spec
    judge: Judge
    secret: bytes | None
    fence_secret: bytes


@dataclass(frozen=True, slots=True)
class StoredTarget:
    """A pair under its target number; `images_error` says why an image of it could not be had."""

    seq: int
    pair: Pair
    images_error: str | None


async def frozen(tx: AsyncConnection, job: int, judge_no: int) -> Frozen:
    """The documents of a job for one of its judges."""
    found = await tx.execute(
        text(
            """
            SELECT j.rubric, j.spec, jj.spec AS judge, g.secret, j.fence_secret
            FROM jobs j JOIN job_judges jj ON jj.job_id = j.id JOIN judges g ON g.id = jj.judge_id
            WHERE j.id = :job AND jj.judge_no = :judge_no
            """
        ),
        {"job": job, "judge_no": judge_no},
    )
    row = found.one()
    return Frozen(rubric_of(row.rubric), spec_of(row.spec), judge_of(row.judge), row.secret, row.fence_secret)


async def targets(tx: AsyncConnection, job: int, seqs: Sequence[int]) -> list[StoredTarget]:
    """The pairs under these target numbers, in their order."""
    found = await tx.execute(
        text(
            """
            SELECT p.seq, i.name, i.question, i.options, i.answer, i.images, i.tags, i.cluster, i.images_error,
              a.model AS a_model, a.text AS a_text, a.answer AS a_answer, a.sample AS a_sample,
              b.model AS b_model, b.text AS b_text, b.answer AS b_answer, b.sample AS b_sample
            FROM pairs p JOIN items i ON i.id = p.item_id JOIN traces a ON a.id = p.a_id JOIN traces b ON b.id = p.b_id
            WHERE p.job_id = :job AND p.seq = ANY(CAST(:seqs AS int[])) ORDER BY p.seq
            """
        ),
        {"job": job, "seqs": list(seqs)},
    )
    return [_target(row) for row in found]


def _target(row: Any) -> StoredTarget:
    item = Item(
        row.name, row.question, row.options, row.answer, _images(row.images), row.tags, row.cluster
    )  # fmt: skip
    pair = Pair(
        item,
        Trace(row.a_model, row.a_text, row.a_answer, row.a_sample),
        Trace(row.b_model, row.b_text, row.b_answer, row.b_sample),
    )
    return StoredTarget(row.seq, pair, row.images_error)


def _images(documents: Sequence[Mapping[str, str]]) -> tuple[Image, ...]:
    return tuple(Image(document.get("sha256"), document.get("url")) for document in documents)


async def image(tx: AsyncConnection, project: int, sha256: str) -> tuple[str, bytes] | None:
    """Media type and bytes of a stored image; None when there is none."""
    found = await tx.execute(
        text(
            """
            SELECT i.media_type, b.data FROM images i JOIN image_bytes b USING (project_id, sha256)
            WHERE i.project_id = :project AND i.sha256 = :sha256
            """
        ),
        {"project": project, "sha256": bytes.fromhex(sha256)},
    )
    row = found.one_or_none()
    return None if row is None else (row.media_type, row.data)
