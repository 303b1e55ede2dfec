"""A job's pairs as columns: what statistics slice and weigh by, without a text crossing the wire twice."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from app.store.beside import beside
from app.store.database import Database
from app.store.packed import Array, columns, hashed, numbered, places

# Facts of a trace in one number: a name in its text, its answer unknown (0), wrong (1) or right (2), an answer at
# all, and above these bits its length in characters.
LEAK, RIGHT, ANSWERED, LENGTH = 0, 1, 3, 4
_FACTS: Final = f"""
    (length << {LENGTH}) | ((answer IS NOT NULL)::int << {ANSWERED}) | (leak::int << {LEAK})
    | (CASE WHEN correct THEN 2 WHEN NOT correct THEN 1 ELSE 0 END << {RIGHT})
"""

_PAIRS: Final = {"seq": ("i4", "seq"), "item": ("i8", "item_id"), "a": ("i8", "a_id"), "b": ("i8", "b_id")}
_TRACES: Final = {"id": ("i8", "id"), "model": hashed("model"), "facts": ("i4", _FACTS)}
_ITEMS: Final = {
    "id": ("i8", "id"),
    "cluster": hashed("cluster"),
    "facts": ("i2", "((images <> '[]'::jsonb)::int | ((answer IS NOT NULL)::int << 1))::smallint"),
}


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


@dataclass(frozen=True, slots=True)
class _Coded:
    """Texts of rows by number: `code` int (n,), and `first`, the id of a row where each number's text stands."""

    code: Array
    first: Array


@dataclass(frozen=True, slots=True)
class _Joined:
    """Three tables in target order. `models`: of both sides in turn. `facts_*`: of traces; `of_item`: of items."""

    models: _Coded
    facts_a: Array
    facts_b: Array
    cluster: Array
    of_item: Array
    tags: tuple[_Coded, ...]


async def pair_columns(database: Database, job: int, tags: Sequence[str] = ()) -> PairColumns:
    """Everything about the pairs that a report slices and weighs by; numbered pairs only, and of the tags only `tags`.

    The three tables are read side by side, since numbered pairs no longer change, and joined here: PostgreSQL's join
    of them costs three times as much.
    """
    of_job = {"job": job}
    wanted = {f"tag{number}": hashed(f"tags->>CAST(:tag{number} AS text)") for number in range(len(tags))}
    named = {f"tag{number}": tag for number, tag in enumerate(tags)}
    pairs, traces, items = await asyncio.gather(
        _read(database, _PAIRS, "FROM pairs WHERE job_id = :job AND seq IS NOT NULL", of_job),
        _read(database, _TRACES, "FROM traces WHERE job_id = :job", of_job),
        _read(database, _ITEMS | wanted, "FROM items WHERE job_id = :job", of_job | named),
    )
    joined = await beside(_joined, pairs, traces, items, list(wanted))
    async with database.transaction() as tx:
        models = await _texts(tx, "SELECT id, model FROM traces", joined.models.first)
        columns = [await _tag(tx, tag, coded) for tag, coded in zip(tags, joined.tags, strict=True)]
    facts = joined.facts_a | joined.facts_b
    return PairColumns(
        models=tuple(models),
        model_a=joined.models.code[0::2].astype(np.int32),
        model_b=joined.models.code[1::2].astype(np.int32),
        cluster=joined.cluster,
        right_a=_right(joined.facts_a),
        right_b=_right(joined.facts_b),
        tags={tag: column for tag, column in zip(tags, columns, strict=True) if column.values},
        length_a=(joined.facts_a >> LENGTH).astype(np.int64),
        length_b=(joined.facts_b >> LENGTH).astype(np.int64),
        has_images=(joined.of_item & 1).astype(bool),
        leaks=(facts >> LEAK & 1).astype(bool),
        has_answer=bool((facts >> ANSWERED & 1).any()),
        has_reference=bool((joined.of_item >> 1 & 1).any()),
    )


async def _read(
    database: Database, wanted: Mapping[str, tuple[str, str]], source: str, given: Mapping[str, Any]
) -> dict[str, Array]:
    async with database.transaction() as tx:
        return await columns(tx, wanted, source, given)


def _joined(
    pairs: Mapping[str, Array], traces: Mapping[str, Array], items: Mapping[str, Array], tags: Sequence[str]
) -> _Joined:
    order = np.argsort(pairs["seq"])
    a, b = (places(traces["id"], pairs[side][order]) for side in ("a", "b"))
    both, item = np.stack([a, b], axis=1).ravel(), places(items["id"], pairs["item"][order])
    cluster = items["cluster"][item]
    return _Joined(
        models=_coded(traces["model"][both], traces["id"][both]),
        facts_a=traces["facts"][a],
        facts_b=traces["facts"][b],
        # The pairs of a cluster have target numbers beside each other (app.store.numbering).
        cluster=np.cumsum(np.diff(cluster, prepend=cluster[:1]) != 0),
        of_item=items["facts"][item],
        tags=tuple(_coded(items[tag][item], items["id"][item]) for tag in tags),
    )


def _coded(hashes: Array, ids: Array) -> _Coded:
    code, first = numbered(hashes)
    return _Coded(code, ids[first])


async def _tag(tx: AsyncConnection, tag: str, coded: _Coded) -> TagColumn:
    """A tag; the number of pairs that have none stands for no value."""
    told = await _texts(tx, "SELECT id, tags->>CAST(:tag AS text) FROM items", coded.first, tag=tag)
    values = sorted(value for value in told if value is not None)
    number = {value: place for place, value in enumerate(values)} | {None: -1}
    return TagColumn(tuple(values), np.array([number[value] for value in told], np.int32)[coded.code])


async def _texts(tx: AsyncConnection, query: str, ids: Array, **given: Any) -> list[Any]:
    """The text that `query` (id, text) finds for every one of `ids`."""
    found = await tx.execute(text(f"{query} WHERE id = ANY(CAST(:ids AS bigint[]))"), {"ids": ids.tolist(), **given})
    told = {row[0]: row[1] for row in found}
    return [told[number] for number in ids.tolist()]


def _right(facts: Array) -> Array:
    """int8: 1 right, 0 wrong, -1 unknown."""
    right: Array = ((facts >> RIGHT & 3) - 1).astype(np.int8)
    return right
