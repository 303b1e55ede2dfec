"""How traces are formatted: marks of Markdown, counted where the texts are, so that no text crosses the wire."""

from __future__ import annotations

from typing import Final

import numpy as np

from app.store.database import Database
from app.store.packed import Array, columns

# Lines that begin with it, but for bold passages; regular expressions of PostgreSQL.
_MARKS: Final = {
    "headings": "^ {0,3}#{1,6} ",
    "list_items": "^[ \\t]*([-*+•]|[0-9]{1,3}[.)])[ \\t]",
    "bold_passages": "[*][*][^*\\n]+[*][*]",
}
AT_ONCE = 10_000  # pairs in a statement: each must end in time, however long the traces


async def format_counts(database: Database, job: int, pairs: int) -> Array:
    """Int32 (pairs, 2, kinds) of a started job in target order: headings, list items and bold passages of sides A and
    B. It reads every trace: some seconds for ten thousand.
    """
    found = np.zeros((pairs, 2, len(_MARKS)), np.int32)
    counted = {kind: ("i4", f"regexp_count(t.text, '{mark}', 1, 'n')") for kind, mark in _MARKS.items()}
    for first in range(0, pairs, AT_ONCE):
        for side, trace in enumerate(("a_id", "b_id")):
            source = f"FROM pairs p JOIN traces t ON t.id = p.{trace} WHERE p.job_id = :job AND p.seq >= :first"
            given = {"job": job, "first": first, "end": first + AT_ONCE}
            async with database.transaction() as tx:
                rows = await columns(tx, {"seq": ("i4", "p.seq"), **counted}, f"{source} AND p.seq < :end", given)
            found[rows["seq"], side] = np.stack([rows[kind] for kind in _MARKS], axis=1)
    return found
