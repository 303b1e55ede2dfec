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
from app.store.database import unavailable

_COLUMNS = (
    "import_id", "line", "item", "judge", "axis", "model_a", "model_b", "score", "presented", "repeat", "count",
    "cluster", "length_a", "length_b", "tags", "human", "design", "inclusion_probability",
)  # fmt: skip
# Rows come back as one array a column, so many at a time: a row of its own costs more than its values.
PIECE = 100_000


async def add_verdicts(
    tx: AsyncConnection, import_id: int, after: int, verdicts: Verdicts, spec: Mapping[str, Any]
) -> None:
    """Append rows by COPY, numbered on from `after`, the rows that are there; `spec` takes the place of the old."""
    await tx.execute(
        text("UPDATE imports SET rows = rows + :rows, spec = CAST(:spec AS jsonb) WHERE id = :id"),
        {"rows": len(verdicts), "id": import_id, "spec": json.dumps(spec)},
    )
    driver = (await tx.get_raw_connection()).driver_connection
    assert driver is not None  # noqa: S101 - only a detached connection has none
    try:
        await driver.copy_records_to_table(
            "imported_verdicts", columns=_COLUMNS, records=_records(import_id, after, verdicts)
        )
    except (asyncpg.PostgresConnectionError, asyncpg.InterfaceError, OSError) as problem:
        raise unavailable(problem) from problem


async def verdicts_of(tx: AsyncConnection, import_id: int) -> Verdicts:
    """All rows in the order of their lines; `line` is their number from 1."""
    pieces, after = [], 0
    while piece := await _piece(tx, import_id, after):
        pieces.append(piece)
        after = piece[0][-1]
    columns = [[cell for piece in pieces for cell in piece[place]] for place in range(len(_READ))]
    return _verdicts(dict(zip(_READ, columns, strict=True)))


_READ = {
    "line": "line", "item": "item", "judge": "judge", "axis": "axis", "model_a": "model_a", "model_b": "model_b",
    "score": "coalesce(score, 'NaN')", "order": "coalesce(presented, -1)", "repeat": "repeat", "count": "count",
    "cluster": "cluster", "length_a": "coalesce(length_a, -1)", "length_b": "coalesce(length_b, -1)",
    "tags": "nullif(tags, '{}')::text", "human": "human", "design": "design",
    "probability": "coalesce(inclusion_probability, 'NaN')",
}  # fmt: skip


async def _piece(tx: AsyncConnection, import_id: int, after: int) -> Sequence[list[Any]]:
    arrays = ", ".join(f"array_agg({value} ORDER BY line)" for value in _READ.values())
    found = await tx.execute(
        text(
            f"SELECT {arrays} FROM imported_verdicts "  # noqa: S608 - only the columns above go in
            "WHERE import_id = :id AND line > :after AND line <= :last"
        ),
        {"id": import_id, "after": after, "last": after + PIECE},
    )
    row = found.one()
    return [] if row[0] is None else list(row)


def _verdicts(columns: Mapping[str, list[Any]]) -> Verdicts:
    rows = len(columns["line"])
    models = Coded.of([*columns["model_a"], *columns["model_b"]])
    numbers = {name: np.array(columns[name], np.int64) for name in ("line", "repeat", "count", "length_a", "length_b")}
    unknown = np.full(rows, NONE)
    designs = {design.value: place for place, design in enumerate(DESIGNS)}
    return Verdicts(
        **numbers,
        models=models.names,
        model_a=models.code[:rows],
        model_b=models.code[rows:],
        score=np.array(columns["score"], float),
        item=Coded.of(columns["item"]),
        judge=Coded.of(columns["judge"]),
        axis=Coded.of(columns["axis"]),
        order=np.array(columns["order"], np.int8),
        cluster=Coded.of(columns["cluster"]),
        tags=_tags(columns["tags"]),
        human=np.array(columns["human"], bool),
        design=np.array([designs[design] for design in columns["design"]], np.int8),
        probability=np.array(columns["probability"], float),
        sample_a=unknown,
        sample_b=unknown,
    )


def _tags(cells: Sequence[str | None]) -> dict[str, Coded]:
    """Rows have few different sets of tags, so each set is read once."""
    sets = Coded.of(cells)
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
