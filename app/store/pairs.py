"""A job's pairs as columns: what statistics slice and weigh by, without a text crossing the wire twice."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from app.store.packed import Array, columns, hashed, numbered, places

# Facts of a trace in one number: a name in its text, its answer unknown (0), wrong (1) or right (2), an answer at
# all, and above these bits its length in characters.
LEAK, RIGHT, ANSWERED, LENGTH = 0, 1, 3, 4
_FACTS: Final = f"""
    (length << {LENGTH}) | ((answer IS NOT NULL)::int << {ANSWERED}) | (leak::int << {LEAK})
    | (CASE WHEN correct THEN 2 WHEN NOT correct THEN 1 ELSE 0 END << {RIGHT})
"""


@dataclass(frozen=True, slots=True)
class TagColumn:
    """One tag of all pairs: its values in order, and int32 (pairs,) index into them, -1 where a pair has none."""

    values: tuple[str, ...]
    code: Array


@dataclass(frozen=True, slots=True)
class PairColumns:
    """A job's pairs in target order, arrays (pairs,).

    `model_a`, `model_b`: index into `models`, which stand in order of appearance. `cluster`: numbered by order of
    appearance. `right_*`: 1 right, 0 wrong, -1 unknown. `tags`: those asked for that some pair has.
    """

    models: tuple[str, ...]
    model_a: Array
    model_b: Array
    cluster: Array
    right_a: Array
    right_b: Array
    tags: Mapping[str, TagColumn]
    length_a: Array
    length_b: Array
    has_images: Array
    leaks: Array
    has_answer: bool
    has_reference: bool


async def pair_columns(tx: AsyncConnection, job: int, tags: Sequence[str] = ()) -> PairColumns:
    """Everything about the pairs that a report slices and weighs by; numbered pairs only, and of the tags only `tags`.

    The three tables are read one after the other and joined here: PostgreSQL's join of them costs three times as much.
    """
    pairs = await columns(
        tx,
        {"seq": ("i4", "seq"), "item": ("i8", "item_id"), "a": ("i8", "a_id"), "b": ("i8", "b_id")},
        "FROM pairs WHERE job_id = :job AND seq IS NOT NULL",
        {"job": job},
    )
    order = np.argsort(pairs["seq"])
    traces = await columns(
        tx, {"id": ("i8", "id"), "model": hashed("model"), "facts": ("i4", _FACTS)},
        "FROM traces WHERE job_id = :job", {"job": job},
    )  # fmt: skip
    a, b = (places(traces["id"], pairs[side][order]) for side in ("a", "b"))
    both = np.stack([a, b], axis=1).ravel()
    model, first = numbered(traces["model"][both])
    facts_a, facts_b = traces["facts"][a], traces["facts"][b]
    cluster, has_images, has_reference, found_tags = await _of_items(tx, job, pairs["item"][order], tags)
    return PairColumns(
        models=tuple(await _texts(tx, "SELECT id, model FROM traces", traces["id"][both[first]])),
        model_a=model[0::2].astype(np.int32),
        model_b=model[1::2].astype(np.int32),
        cluster=cluster,
        right_a=_right(facts_a),
        right_b=_right(facts_b),
        tags=found_tags,
        length_a=(facts_a >> LENGTH).astype(np.int64),
        length_b=(facts_b >> LENGTH).astype(np.int64),
        has_images=has_images,
        leaks=((facts_a | facts_b) >> LEAK & 1).astype(bool),
        has_answer=bool(((facts_a | facts_b) >> ANSWERED & 1).any()),
        has_reference=has_reference,
    )


async def _of_items(
    tx: AsyncConnection, job: int, wanted: Array, tags: Sequence[str]
) -> tuple[Array, Array, bool, dict[str, TagColumn]]:
    """Of the items `wanted`, ids (pairs,): cluster, whether there are pictures, whether any has an answer, tags."""
    items = await columns(
        tx,
        {
            "id": ("i8", "id"),
            "cluster": hashed("cluster"),
            "facts": ("i2", "((images <> '[]'::jsonb)::int | ((answer IS NOT NULL)::int << 1))::smallint"),
            **{f"tag{number}": hashed(f"tags->>CAST(:tag{number} AS text)") for number in range(len(tags))},
        },
        "FROM items WHERE job_id = :job",
        {"job": job, **{f"tag{number}": tag for number, tag in enumerate(tags)}},
    )
    at = places(items["id"], wanted)
    cluster = items["cluster"][at]
    facts = items["facts"][at]
    found = {
        tag: column
        for number, tag in enumerate(tags)
        if (column := await _tag(tx, tag, items["id"][at], items[f"tag{number}"][at])).values
    }
    # The pairs of a cluster have target numbers beside each other (app.store.numbering).
    number = np.cumsum(np.diff(cluster, prepend=cluster[:1]) != 0)
    return number, (facts & 1).astype(bool), bool((facts >> 1 & 1).any()), found


async def _tag(tx: AsyncConnection, tag: str, ids: Array, hashes: Array) -> TagColumn:
    """A tag from the ids of the pairs' items and the hashes of their values, 0 for none."""
    code, first = numbered(hashes)
    told = await _texts(tx, "SELECT id, tags->>CAST(:tag AS text) FROM items", ids[first], tag=tag)
    values = sorted(value for value in told if value is not None)
    number = {value: place for place, value in enumerate(values)} | {None: -1}
    return TagColumn(tuple(values), np.array([number[value] for value in told], np.int32)[code])


async def _texts(tx: AsyncConnection, query: str, ids: Array, **given: Any) -> list[Any]:
    """The text that `query` (id, text) finds for every one of `ids`."""
    found = await tx.execute(text(f"{query} WHERE id = ANY(CAST(:ids AS bigint[]))"), {"ids": ids.tolist(), **given})
    told = {row[0]: row[1] for row in found}
    return [told[number] for number in ids.tolist()]


def _right(facts: Array) -> Array:
    """int8: 1 right, 0 wrong, -1 unknown."""
    right: Array = ((facts >> RIGHT & 3) - 1).astype(np.int8)
    return right
