"""Human labels of a job's pairs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from app.store.database import driver_of
from app.store.packed import Array

# The names of what a label's number says; 0 is NULL.
SIDES = ("NONE", "A", "B", "TIE")


@dataclass(frozen=True, slots=True)
class LabelRow:
    """One label. `side`: a Side of the pair, None = could not tell. `shown`: an Order, None = not told."""

    seq: int
    axis: str
    labeller: str
    side: int | None
    shown: int | None
    design: str
    inclusion_probability: float | None


@dataclass(frozen=True, slots=True)
class NamedPair:
    """A pair as its owner names it."""

    item: str
    seq: int
    model_a: str
    sample_a: int
    model_b: str
    sample_b: int


@dataclass(frozen=True, slots=True)
class ListedLabel:
    """A label with the pair it is about and its internal id, the place in the list."""

    id: int
    item: str
    model_a: str
    model_b: str
    axis: str
    labeller: str
    side: int | None
    shown: int | None
    design: str
    inclusion_probability: float | None


async def pairs_named(tx: AsyncConnection, job: int, items: Sequence[str]) -> list[NamedPair]:
    """The numbered pairs of these items."""
    found = await tx.execute(
        text(
            """
            SELECT i.name, p.seq, a.model, a.sample, b.model, b.sample
            FROM items i JOIN pairs p ON p.item_id = i.id JOIN traces a ON a.id = p.a_id JOIN traces b ON b.id = p.b_id
            WHERE i.job_id = :job AND i.name = ANY(CAST(:items AS text[])) AND p.seq IS NOT NULL ORDER BY p.seq
            """
        ),
        {"job": job, "items": list(items)},
    )
    return [NamedPair(*row) for row in found]


async def labelled(tx: AsyncConnection, job: int, seqs: Sequence[int]) -> set[tuple[int, str, str]]:
    """(pair, axis, labeller) of the labels these pairs have."""
    found = await tx.execute(
        text("SELECT seq, axis, labeller FROM labels WHERE job_id = :job AND seq = ANY(CAST(:seqs AS int[]))"),
        {"job": job, "seqs": list(seqs)},
    )
    return {(row.seq, row.axis, row.labeller) for row in found}


async def add_labels(tx: AsyncConnection, job: int, rows: Sequence[LabelRow]) -> int:
    """Store labels; how many the job has then."""
    driver = await driver_of(tx)
    await driver.copy_records_to_table(
        "labels",
        columns=("job_id", "seq", "axis", "labeller", "side", "shown", "design", "inclusion_probability"),
        records=[
            (job, row.seq, row.axis, row.labeller, row.side, row.shown, row.design, row.inclusion_probability)
            for row in rows
        ],
    )
    found = await tx.execute(text("SELECT count(*) FROM labels WHERE job_id = :job"), {"job": job})
    return int(found.scalar_one())


async def labels_of(tx: AsyncConnection, job: int) -> list[LabelRow]:
    """All labels of a job, by pair, axis and labeller."""
    found = await tx.execute(
        text(
            """
            SELECT seq, axis, labeller, side, shown, design, inclusion_probability FROM labels
            WHERE job_id = :job ORDER BY seq, axis, labeller
            """
        ),
        {"job": job},
    )
    return [LabelRow(*row) for row in found]


async def counts(tx: AsyncConnection, job: int, seqs: Sequence[int]) -> dict[int, dict[str, dict[str, int]]]:
    """Of the labelled ones of these pairs: axis -> side, NONE for who could not tell -> how many people said so."""
    found = await tx.execute(
        text(
            """
            SELECT seq, axis, coalesce(side, 0) AS side, count(*) AS people FROM labels
            WHERE job_id = :job AND seq = ANY(CAST(:seqs AS int[])) GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
            """
        ),
        {"job": job, "seqs": list(seqs)},
    )
    counted: dict[int, dict[str, dict[str, int]]] = {}
    for seq, axis, side, people in found:
        counted.setdefault(seq, {}).setdefault(axis, {})[SIDES[side]] = people
    return counted


async def majorities(
    tx: AsyncConnection, job: int, axis: str, *, after: int, limit: int, back: bool = False
) -> tuple[Array, Array]:
    """The next labelled pairs beyond the target `after` (with `back` those before it), rising, and for each the Side
    that more people chose than any other, 0 when there is none. Both int (n,).
    """
    beyond, way = ("<", "DESC") if back else (">", "ASC")
    found = await tx.execute(
        text(
            f"""
            SELECT seq, CASE WHEN a > greatest(b, t) THEN 1 WHEN b > greatest(a, t) THEN 2
              WHEN t > greatest(a, b) THEN 3 ELSE 0 END
            FROM (SELECT seq, count(*) FILTER (WHERE side = 1) AS a, count(*) FILTER (WHERE side = 2) AS b,
                    count(*) FILTER (WHERE side = 3) AS t
                  FROM labels WHERE job_id = :job AND axis = :axis AND seq {beyond} :after
                  GROUP BY seq ORDER BY seq {way} LIMIT :limit) counted
            ORDER BY seq
            """  # noqa: S608 - only one of two signs and words goes in
        ),
        {"job": job, "axis": axis, "after": after, "limit": limit},
    )
    rows = np.array([tuple(row) for row in found], np.int64).reshape(-1, 2)
    return rows[:, 0], rows[:, 1]


async def label_page(tx: AsyncConnection, job: int, after: int, limit: int) -> list[ListedLabel]:
    """The next labels after the id `after`, as they came in."""
    found = await tx.execute(
        text(
            """
            SELECT l.id, i.name, a.model, b.model, l.axis, l.labeller, l.side, l.shown, l.design,
              l.inclusion_probability
            FROM labels l JOIN pairs p ON p.job_id = l.job_id AND p.seq = l.seq JOIN items i ON i.id = p.item_id
              JOIN traces a ON a.id = p.a_id JOIN traces b ON b.id = p.b_id
            WHERE l.job_id = :job AND l.id > :after ORDER BY l.id LIMIT :limit
            """
        ),
        {"job": job, "after": after, "limit": limit},
    )
    return [ListedLabel(*row) for row in found]


async def imported_page(tx: AsyncConnection, import_id: int, after: int, limit: int) -> list[ListedLabel]:
    """The next labels of an import after the row `after`; a soft one by the side it leans to."""
    found = await tx.execute(
        text(
            """
            SELECT line, coalesce(item, ''), model_a, model_b, axis, judge,
              CASE WHEN score > 0.5 THEN 1 WHEN score < 0.5 THEN 2 WHEN score = 0.5 THEN 3 END, presented, design,
              inclusion_probability
            FROM imported_verdicts WHERE import_id = :id AND human AND line > :after ORDER BY line LIMIT :limit
            """
        ),
        {"id": import_id, "after": after, "limit": limit},
    )
    return [ListedLabel(*row) for row in found]
