"""Whole columns of a query as arrays: each column is one bytea, so a million rows cross the wire as one.

Rows cost more than values: a row of COPY is a message that both ends handle one by one. The columns of one query are
aligned. Names are compared as salted 64-bit hashes and looked up once each, so texts do not travel.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from app.store.beside import beside

Array = npt.NDArray[Any]
# How PostgreSQL sends a value of each kind, and how it reads here.
SENT: Final[Mapping[str, str]] = {
    "i2": "int2send", "i4": "int4send", "i8": "int8send", "f4": "float4send", "f8": "float8send",
}  # fmt: skip
# Of this process: whoever chooses names cannot choose two that collide.
SALT = secrets.randbits(62)
IN_A_THREAD = 256 << 10  # bytes; less is sooner done than handed over
SPARSE = 16  # a table over ids may have this many places for each id


async def columns(
    tx: AsyncConnection, wanted: Mapping[str, tuple[str, str]], source: str, given: Mapping[str, Any]
) -> dict[str, Array]:
    """The columns `wanted`, name -> (kind of SENT, SQL expression, never NULL), over the rows of `source`: what stands
    after SELECT. A query may bring some forty million rows; PostgreSQL refuses a longer bytea.
    """
    sent = ", ".join(f"string_agg({SENT[kind]}({value}), ''::bytea)" for kind, value in wanted.values())
    found = (await tx.execute(text(f"SELECT {sent} {source}"), dict(given))).one()
    kinds = {name: kind for name, (kind, _) in wanted.items()}
    if sum(len(packed or b"") for packed in found) < IN_A_THREAD:
        return _arrays(kinds, found)
    return await beside(_arrays, kinds, found)


def _arrays(kinds: Mapping[str, str], found: Sequence[bytes | None]) -> dict[str, Array]:
    return {
        name: np.frombuffer(packed or b"", f">{kind}").astype(f"={kind}")
        for (name, kind), packed in zip(kinds.items(), found, strict=True)
    }


def hashed(value: str) -> tuple[str, str]:
    """The column that tells apart the texts of an SQL expression; 0 for NULL."""
    return "i8", f"coalesce(hashtextextended({value}, {SALT}), 0)"


def places(ids: Array, wanted: Array) -> Array:
    """Int (m,) index into `ids`, int64 (n,), where each of `wanted`, (m,), stands; all of them must be there."""
    if not len(wanted):
        return np.zeros(0, np.intp)
    first, last = int(ids.min()), int(ids.max())
    if last - first >= SPARSE * len(ids):
        order = np.argsort(ids)
        found: Array = order[np.searchsorted(ids, wanted, sorter=order)]
        return found
    table = np.empty(last - first + 1, np.int32)
    table[ids - first] = np.arange(len(ids), dtype=np.int32)
    at: Array = table[wanted - first]
    return at


def numbered(values: Array) -> tuple[Array, Array]:
    """Each distinct value of `values`, int (n,), by a number in order of first appearance: the numbers int (n,), and
    int (distinct,) the row where each appears first.
    """
    distinct = np.unique(values)
    code = np.searchsorted(distinct, values)
    first = np.empty(len(distinct), np.intp)
    first[code[::-1]] = np.arange(len(values))[::-1]  # of places written twice the last write stays: the first row
    order = np.argsort(first)
    rank = np.empty(len(order), np.intp)
    rank[order] = np.arange(len(order))
    return rank[code], first[order]
