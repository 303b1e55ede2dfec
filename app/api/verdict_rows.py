"""The body of an import or of labels: CSV or NDJSON rows, read off the event loop."""

from __future__ import annotations

import asyncio
import hashlib
from dataclasses import dataclass

from fastapi import Request

from app.api import ndjson
from app.api.bodies import require_type, whole
from app.bootstrap import App
from app.domain.errors import Invalid
from app.domain.imported import Verdicts
from app.wire.tables import csv_table, ndjson_table
from app.wire.verdict_columns import KNOWN, read_verdicts
from app.wire.verdicts import EXAMPLE, RowsIn

CSV = "text/csv"
MOST_BYTES = 256 << 20  # held in memory, unlike pairs
BODY = {
    "requestBody": {
        "required": True,
        "content": {
            CSV: {"schema": {"type": "string"}, "example": "model_a,model_b,winner,item\ntuned,base,A,q1\n"},
            ndjson.MEDIA_TYPE: {"schema": {"type": "string"}, "example": EXAMPLE},
        },
    }
}


@dataclass(frozen=True, slots=True)
class Rows:
    """The verdicts of a body. `skipped`: rows with count 0. `digest`: of the whole request."""

    verdicts: Verdicts
    skipped: int
    digest: bytes


async def read_rows(request: Request, running: App, asked: RowsIn) -> Rows:
    """Raises Invalid with the bad lines, or when there is no verdict."""
    require_type(request, CSV, ndjson.MEDIA_TYPE, *ndjson.ALSO)
    body = await whole(request, min(running.settings.max_upload_bytes, MOST_BYTES))
    kind = request.headers["content-type"].partition(";")[0].strip().lower()
    return await asyncio.to_thread(_read, body, f"{request.method} {request.url}\n{kind}\n", asked, as_csv=kind == CSV)


def _read(body: bytes, request: str, asked: RowsIn, *, as_csv: bool) -> Rows:
    table = csv_table(body, KNOWN) if as_csv else ndjson_table(body, KNOWN)
    if not table.lines:
        raise Invalid("the file holds no verdicts")
    verdicts = read_verdicts(table, human=asked.human, design=asked.design)
    digest = hashlib.sha256(request.encode() + body).digest()
    return Rows(verdicts, len(table.lines) - len(verdicts), digest)
