"""Uploads: pairs staged in chunks, each in a short transaction, until they are promoted or given up.

Staged rows live in an unlogged table: a crash of PostgreSQL empties it, so whoever promotes an upload compares the
number of rows with what was staged.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import asyncpg
import orjson
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from app.domain.errors import NotFound
from app.domain.trace import Image, Item, Pair, Trace, correctness, names_a_model
from app.store.database import driver_of, unavailable
from app.store.tables.jobs import staged_pairs

COLUMNS = tuple(column.name for column in staged_pairs.columns)


@dataclass(frozen=True, slots=True)
class StagedPair:
    """A pair and the line of the upload it came from, counted from 1."""

    line: int
    pair: Pair


async def open_upload(tx: AsyncConnection, job: int) -> int:
    """A new, empty upload into the job."""
    made = await tx.execute(text("INSERT INTO uploads (job_id) VALUES (:job) RETURNING id"), {"job": job})
    return int(made.scalar_one())


async def drop_upload(tx: AsyncConnection, upload: int) -> None:
    """Forget an upload and what it staged; nothing happens when it is gone already."""
    await _drop(tx, "id = :upload", {"upload": upload})


async def drop_uploads_of(tx: AsyncConnection, job: int) -> None:
    """Forget all uploads into a job."""
    await _drop(tx, "job_id = :job", {"job": job})


async def sweep_uploads(tx: AsyncConnection, ttl: float) -> int:
    """Give up uploads older than `ttl` seconds; how many that were."""
    return await _drop(tx, "created_at < clock_timestamp() - make_interval(secs => :ttl)", {"ttl": ttl})


async def _drop(tx: AsyncConnection, which: str, values: dict[str, Any]) -> int:
    # The upload goes first: that waits for a chunk being staged into it just now, and the rows of that chunk go too.
    statement = f"DELETE FROM uploads WHERE {which} RETURNING id"  # noqa: S608 - one of the three conditions above
    gone = await tx.execute(text(statement), values)
    ids = list(gone.scalars())
    await tx.execute(text("DELETE FROM staged_pairs WHERE upload_id = ANY(CAST(:ids AS bigint[]))"), {"ids": ids})
    return len(ids)


async def stage(tx: AsyncConnection, upload: int, pairs: Iterable[StagedPair]) -> None:
    """Add pairs to an upload. NotFound when it was swept meanwhile."""
    found = await tx.execute(text("SELECT 1 FROM uploads WHERE id = :upload FOR KEY SHARE"), {"upload": upload})
    if found.one_or_none() is None:
        raise NotFound("the upload took too long and was given up; send it again")
    driver = await driver_of(tx)
    try:
        await driver.copy_records_to_table("staged_pairs", columns=COLUMNS, records=_rows(upload, pairs))
    except (asyncpg.PostgresConnectionError, asyncpg.InterfaceError, OSError) as problem:
        raise unavailable(problem) from problem


def _rows(upload: int, pairs: Iterable[StagedPair]) -> Iterator[tuple[Any, ...]]:
    for staged in pairs:
        pair = staged.pair
        models = (pair.a.model, pair.b.model)
        yield (
            upload,
            staged.line,
            *_item_values(pair.item),
            *_trace_values(pair.a, pair.item, models),
            *_trace_values(pair.b, pair.item, models),
        )


def _item_values(item: Item) -> tuple[Any, ...]:
    return (
        item.id, item.fingerprint(), item.question, _json(dict(item.options)), item.answer, _json(dict(item.tags)),
        item.cluster_key, _json([_image_document(image) for image in item.images]),
    )  # fmt: skip


def _trace_values(trace: Trace, item: Item, models: tuple[str, ...]) -> tuple[Any, ...]:
    return (
        trace.model, trace.sample, trace.fingerprint(), trace.text, len(trace.text), trace.answer,
        correctness(item.answer, trace.answer), names_a_model(trace.text, models),
    )  # fmt: skip


def _image_document(image: Image) -> dict[str, str]:
    return {"sha256": image.sha256} if image.sha256 is not None else {"url": image.url or ""}


def _json(value: object) -> str:
    return orjson.dumps(value).decode()
