"""The rows of imports: in by COPY, out as one array a column, so that a million of them take seconds."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from itertools import count, repeat
from typing import Any

import asyncpg
import numpy as np
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from app.domain.imported import DESIGNS, NONE, Array, Coded, Verdicts
from app.store.database import driver_of, unavailable
from app.store.packed import columns, hashed, numbered

_COLUMNS = (
    "import_id", "line", "item", "judge", "axis", "model_a", "model_b", "score", "presented", "repeat", "count",
    "cluster", "length_a", "length_b", "tags", "human", "design", "inclusion_probability",
)  # fmt: skip


async def add_verdicts(
    tx: AsyncConnection, import_id: int, after: int, verdicts: Verdicts, spec: Mapping[str, Any]
) -> None:
    """Append rows by COPY, numbered on from `after`, the rows that are there; `spec` takes the place of the old."""
    await tx.execute(
        text("UPDATE imports SET rows = rows + :rows, spec = CAST(:spec AS jsonb) WHERE id = :id"),
        {"rows": len(verdicts), "id": import_id, "spec": json.dumps(spec)},
    )
    driver = await driver_of(tx)
    try:
        await driver.copy_records_to_table(
            "imported_verdicts", columns=_COLUMNS, records=_records(import_id, after, verdicts)
        )
    except (asyncpg.PostgresConnectionError, asyncpg.InterfaceError, OSError) as problem:
        raise unavailable(problem) from problem


async def verdicts_of(tx: AsyncConnection, import_id: int, *, names: bool = True) -> Verdicts:
    """All rows in the order of their lines; `line` is their number from 1. Without `names` items and clusters are told
    apart, but called anything, which is enough for a report of one import.
    """
    found = await columns(tx, _READ, "FROM imported_verdicts WHERE import_id = :id", {"id": import_id})
    by_line = np.argsort(found["line"], kind="stable")
    found = {name: values[by_line] for name, values in found.items()}
    texts: dict[str, Coded] = {}
    for name in _TEXTS:
        told = names or name not in _MANY
        texts[name] = await _coded(tx, import_id, name, found) if told else _told_apart(found[name])
    number = {
        model: place for place, model in enumerate(dict.fromkeys(texts["model_a"].names + texts["model_b"].names))
    }
    sides = {
        side: np.array([number[model] for model in texts[side].names], np.int64)[texts[side].code]
        for side in ("model_a", "model_b")
    }
    designs = {design.value: place for place, design in enumerate(DESIGNS)}
    unknown = np.full(len(found["line"]), NONE)
    return Verdicts(
        **{name: found[name].astype(np.int64) for name in ("line", "repeat", "count", "length_a", "length_b")},
        **sides,
        models=tuple(number),
        score=found["score"],
        item=texts["item"],
        judge=texts["judge"],
        axis=texts["axis"],
        order=found["order"].astype(np.int8),
        cluster=texts["cluster"],
        tags=_tags(texts["tags"]),
        human=found["human"].astype(bool),
        design=np.array([designs[design] for design in texts["design"].names], np.int8)[texts["design"].code],
        probability=found["probability"],
        sample_a=unknown,
        sample_b=unknown,
    )


# What is read as texts, once for each distinct one.
_TEXTS = {
    "model_a": "model_a", "model_b": "model_b", "judge": "judge", "axis": "axis", "design": "design",
    "tags": "nullif(tags, '{}')::text", "item": "item", "cluster": "cluster",
}  # fmt: skip
_MANY = ("item", "cluster")
_READ = {
    "line": ("i4", "line"), "score": ("f8", "coalesce(score, 'NaN')"), "order": ("i2", "coalesce(presented, -1::int2)"),
    "repeat": ("i2", "repeat"), "count": ("i4", "count"), "length_a": ("i4", "coalesce(length_a, -1)"),
    "length_b": ("i4", "coalesce(length_b, -1)"), "human": ("i2", "human::int::int2"),
    "probability": ("f8", "coalesce(inclusion_probability, 'NaN')"),
    **{name: hashed(value) for name, value in _TEXTS.items()},
}  # fmt: skip


async def _coded(tx: AsyncConnection, import_id: int, name: str, found: Mapping[str, Array]) -> Coded:
    """A column of texts by their hashes; each text is read from the first row that has it."""
    code, first = numbered(found[name])
    lines = found["line"][first].tolist()
    rows = await tx.execute(
        text(
            f"SELECT line, {_TEXTS[name]} FROM imported_verdicts "  # noqa: S608 - one of the expressions above
            "WHERE import_id = :id AND line = ANY(CAST(:lines AS int[]))"
        ),
        {"id": import_id, "lines": lines},
    )
    there = {row[0]: row[1] for row in rows}
    names = [there[line] for line in lines]
    coded = Coded.of(names)
    return Coded(coded.names, coded.code[code])


def _told_apart(hashes: Array) -> Coded:
    """Equal texts by equal numbers; NULL has hash 0."""
    code, first = numbered(hashes)
    empty = hashes[first] == 0
    place = np.where(empty, NONE, np.cumsum(~empty) - 1)
    return Coded(tuple(map(str, range(len(first) - int(empty.sum())))), place[code])


def _tags(sets: Coded) -> dict[str, Coded]:
    """Rows have few different sets of tags, so each set is read once."""
    told: list[dict[str, str]] = [*map(json.loads, sets.names), {}]
    found = {}
    for name in sorted({name for one in told for name in one}):
        values = Coded.of(one.get(name) for one in told)
        found[name] = Coded(values.names, values.code[sets.code])
    return found


def _records(import_id: int, after: int, verdicts: Verdicts) -> Iterable[tuple[Any, ...]]:
    return zip(
        repeat(import_id), count(after + 1), verdicts.item.cells(), verdicts.judge.cells(), verdicts.axis.cells(),
        Coded(verdicts.models, verdicts.model_a).cells(), Coded(verdicts.models, verdicts.model_b).cells(),
        _or_none(verdicts.score, np.isnan(verdicts.score)), _or_none(verdicts.order, verdicts.order == NONE),
        verdicts.repeat.tolist(), verdicts.count.tolist(), verdicts.cluster.cells(),
        _or_none(verdicts.length_a, verdicts.length_a == NONE), _or_none(verdicts.length_b, verdicts.length_b == NONE),
        _tag_sets(verdicts), verdicts.human.tolist(), [DESIGNS[place].value for place in verdicts.design.tolist()],
        _or_none(verdicts.probability, np.isnan(verdicts.probability)),
        strict=False,
    )  # fmt: skip


def _or_none(values: Array, empty: Array) -> list[Any]:
    return [None if gone else value for value, gone in zip(values.tolist(), empty.tolist(), strict=True)]


def _tag_sets(verdicts: Verdicts) -> list[str]:
    if not verdicts.tags:
        return ["{}"] * len(verdicts)
    seen: dict[tuple[str | None, ...], str] = {}
    cells = zip(*(tag.cells() for tag in verdicts.tags.values()), strict=True)
    return [seen.get(row) or seen.setdefault(row, _tag_set(tuple(verdicts.tags), row)) for row in cells]


def _tag_set(names: Sequence[str], row: Sequence[str | None]) -> str:
    return json.dumps({name: value for name, value in zip(names, row, strict=True) if value is not None})
