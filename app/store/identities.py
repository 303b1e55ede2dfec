"""What a job's pairs are, whichever job they stand in: digests of items and traces, and the names of clusters."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection


@dataclass(frozen=True, slots=True)
class PairIdentities:
    """A job's pairs in target order, one list entry each. `item`: digest of the item. `pair`: digest of the item and
    both traces (model, sample, text, answer), whichever is side A. `cluster`: the name its owner gave it.
    """

    item: Sequence[bytes]
    pair: Sequence[bytes]
    cluster: Sequence[str]


async def pair_identities(tx: AsyncConnection, job: int) -> PairIdentities:
    """Of the numbered pairs of a job."""
    found = await tx.execute(
        text(
            """
            SELECT i.fingerprint,
              sha256(i.fingerprint || LEAST(a.fingerprint, b.fingerprint) || GREATEST(a.fingerprint, b.fingerprint)),
              i.cluster
            FROM pairs p JOIN items i ON i.id = p.item_id JOIN traces a ON a.id = p.a_id JOIN traces b ON b.id = p.b_id
            WHERE p.job_id = :job AND p.seq IS NOT NULL ORDER BY p.seq
            """
        ),
        {"job": job},
    )
    columns: Sequence[Sequence[Any]] = tuple(zip(*found.all(), strict=True)) or ((), (), ())
    return PairIdentities(*columns)
