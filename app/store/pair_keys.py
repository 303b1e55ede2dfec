"""Which pairs two jobs share: keys that are equal where item, models and samples are, and pairs by target number."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from app.store.packed import SALT, Array, columns, hashed, places
from app.store.pages import PairRow, Side

# Odd numbers, so that multiplying loses nothing: a key mixes three hashes into one.
_MIX = tuple(np.uint64(factor) for factor in (0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9))
_MODEL_AND_SAMPLE = f"hashtextextended(model || chr(1) || sample, {SALT})"
_CONTENT = f"hashtextextended(encode(fingerprint, 'hex'), {SALT})"


@dataclass(frozen=True, slots=True)
class PairKeys:
    """A job's numbered pairs in target order. `key`: uint64 (n,), equal for the same item name, models and samples,
    whichever is side A. `first`: int64 (n,), side A alone. `content`: uint64 (n,), equal for equal questions and texts.
    Comparable within one process only.
    """

    key: Array
    first: Array
    content: Array


async def pair_keys(tx: AsyncConnection, job: int) -> PairKeys:
    """Read beside each other and joined here, as `store.pairs` does."""
    pairs = await columns(
        tx,
        {"seq": ("i4", "seq"), "item": ("i8", "item_id"), "a": ("i8", "a_id"), "b": ("i8", "b_id")},
        "FROM pairs WHERE job_id = :job AND seq IS NOT NULL",
        {"job": job},
    )
    items = await columns(
        tx, {"id": ("i8", "id"), "name": hashed("name"), "content": ("i8", _CONTENT)},
        "FROM items WHERE job_id = :job", {"job": job},
    )  # fmt: skip
    traces = await columns(
        tx, {"id": ("i8", "id"), "name": ("i8", _MODEL_AND_SAMPLE), "content": ("i8", _CONTENT)},
        "FROM traces WHERE job_id = :job", {"job": job},
    )  # fmt: skip
    order = np.argsort(pairs["seq"])
    item = places(items["id"], pairs["item"][order])
    a, b = (places(traces["id"], pairs[side][order]) for side in ("a", "b"))
    return PairKeys(
        key=_mixed(items["name"][item], traces["name"][a], traces["name"][b]),
        first=traces["name"][a],
        content=_mixed(items["content"][item], traces["content"][a], traces["content"][b]),
    )


def _mixed(item: Array, a: Array, b: Array) -> Array:
    """One number of three; the same whichever of `a` and `b` comes first."""
    parts = (item, np.minimum(a, b), np.maximum(a, b))
    mixed = np.zeros(len(item), np.uint64)
    for part, factor in zip(parts, _MIX, strict=True):
        mixed = (mixed ^ part.astype(np.uint64)) * factor
        mixed ^= mixed >> np.uint64(29)
    return mixed


async def pairs_at(tx: AsyncConnection, job: int, seqs: Sequence[int]) -> dict[int, PairRow]:
    """The pairs of these target numbers, without their texts."""
    found = await tx.execute(
        text(
            """
            SELECT p.seq, i.name, i.cluster, i.tags,
              a.model, a.sample, a.answer, a.correct, b.model, b.sample, b.answer, b.correct
            FROM pairs p JOIN items i ON i.id = p.item_id JOIN traces a ON a.id = p.a_id JOIN traces b ON b.id = p.b_id
            WHERE p.job_id = :job AND p.seq = ANY(CAST(:seqs AS int[]))
            """
        ),
        {"job": job, "seqs": list(seqs)},
    )
    return {
        row.seq: PairRow(row.seq, row.seq, row.name, row.cluster, row.tags, Side(*row[4:8]), Side(*row[8:12]))
        for row in found
    }
