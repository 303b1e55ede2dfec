"""Pairs and judgments as Parquet: typed rows out of pages, a row group at a time, in bounded memory.

One row is one row of the NDJSON. An object with fixed fields becomes columns with a dot (`a.model`,
`usage.prompt_tokens`), named as pandas.json_normalize names them. An object keyed by names of the job (axes, judges,
tags) becomes a list of structs that hold the name as a field: the columns are the same for every job, and
`explode` and `unnest` of polars or DuckDB make rows of it; Arrow's map type is a list of nameless pairs there and in
pandas. Hashes stay hexadecimal text, as everywhere; times are timestamps in UTC.
"""

from __future__ import annotations

import asyncio
import io
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from importlib import import_module
from typing import Any

from app.services.paging import LONGEST_PAGE, Page

GROUP = LONGEST_PAGE  # rows of a row group
SIDES = ("a", "b")

Row = Mapping[str, Any]
Columns = Mapping[str, Any]  # Arrow type by column


@dataclass(frozen=True, slots=True)
class Table:
    """A list as columns. `columns`: the types, out of the pyarrow module; `flat`: a row under these columns."""

    columns: Callable[[Any], Columns]
    flat: Callable[[Row], Row]


async def row_groups(table: Table, first: Page, following: Callable[[str], Awaitable[Page]]) -> AsyncIterator[bytes]:
    """The content of a Parquet file in pieces. `first`: the list's first page; `following(after)` gives the next.

    Short pages, as narrow filters give, are gathered into whole row groups. A reader that goes away leaves the file
    to be collected when the thread that may still write it has ended.
    """
    file = await asyncio.to_thread(_File, table)
    waiting: list[Row] = []
    page = first
    while True:
        waiting += page.items
        while len(waiting) >= GROUP:
            yield await asyncio.to_thread(file.add, waiting[:GROUP])
            del waiting[:GROUP]
        if page.next is None:
            break
        page = await following(page.next)
    if waiting:
        yield await asyncio.to_thread(file.add, waiting)
    yield await asyncio.to_thread(file.end)


class _File:
    """A Parquet file that is taken away while it is written; only its index of row groups stays until the end."""

    def __init__(self, table: Table) -> None:
        self._arrow = import_module("pyarrow")  # half a second that only this format waits for
        self._flat = table.flat
        self._schema = self._arrow.schema(list(table.columns(self._arrow).items()))
        self._sink = io.BytesIO()
        self._writer = import_module("pyarrow.parquet").ParquetWriter(self._sink, self._schema, compression="zstd")

    def add(self, rows: Sequence[Row]) -> bytes:
        """Write one row group; the bytes that came of it."""
        batch = self._arrow.RecordBatch.from_pylist([self._flat(row) for row in rows], schema=self._schema)
        self._writer.write_batch(batch, row_group_size=GROUP)
        return self._taken()

    def end(self) -> bytes:
        """Write the file's footer; the last bytes."""
        self._writer.close()
        return self._taken()

    def _taken(self) -> bytes:
        """What was written since the last time. The writer counts its own position, so the sink may begin anew."""
        content = self._sink.getvalue()
        self._sink.seek(0)
        self._sink.truncate()
        return content


def _judgment_columns(arrow: Any) -> Columns:
    text, whole, real, truth = arrow.string(), arrow.int64(), arrow.float64(), arrow.bool_()
    pick = arrow.struct({"axis": text, "pick": text, "side": text, "log_odds": real, "reason": text})
    return {
        "seq": whole,
        "item": text,
        "judge": text,
        "order": text,
        "repeat": whole,
        "outcome": text,
        "picks": arrow.list_(pick),
        "detail": text,
        "raw": text,
        "prompt_hash": text,
        "served_model": text,
        "logprob_kind": text,
        "censored": truth,
        "images_sent": whole,
        "calls": whole,
        "usage.prompt_tokens": whole,
        "usage.completion_tokens": whole,
        "usage.cached_tokens": whole,
        "latency_ms": real,
        "created_at": arrow.timestamp("us", tz="UTC"),
    }


def _flat_judgment(row: Row) -> Row:
    return {
        **row,
        "picks": [{"axis": axis, **pick} for axis, pick in row["picks"].items()],
        **{f"usage.{name}": tokens for name, tokens in row["usage"].items()},
        "created_at": datetime.fromisoformat(row["created_at"]),
    }


def _pair_columns(arrow: Any) -> Columns:
    text, whole, truth = arrow.string(), arrow.int64(), arrow.bool_()
    tag = arrow.struct({"name": text, "value": text})
    stance = arrow.struct({"judge": text, "stance": text})
    label = arrow.struct({"side": text, "people": whole})
    side = {"model": text, "sample": whole, "answer": text, "correct": truth}
    axis = {"axis": text, "verdict": text, "stances": arrow.list_(stance), "labels": arrow.list_(label)}
    return {
        "seq": whole,
        "item": text,
        "cluster": text,
        "tags": arrow.list_(tag),
        **{f"{name}.{field}": kind for name in SIDES for field, kind in side.items()},
        "axes": arrow.list_(arrow.struct(axis)),
    }


def _flat_pair(row: Row) -> Row:
    return {
        **row,
        "tags": [{"name": name, "value": value} for name, value in row["tags"].items()],
        **{f"{name}.{field}": value for name in SIDES for field, value in row[name].items()},
        "axes": [_flat_axis(axis, found) for axis, found in row["axes"].items()],
    }


def _flat_axis(axis: str, found: Row) -> Row:
    return {
        "axis": axis,
        "verdict": found["verdict"],
        "stances": [{"judge": judge, "stance": stance} for judge, stance in found["stances"].items()],
        "labels": [{"side": side, "people": people} for side, people in found["labels"].items()],
    }


JUDGMENTS = Table(_judgment_columns, _flat_judgment)
PAIRS = Table(_pair_columns, _flat_pair)
