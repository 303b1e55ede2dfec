"""Tidying: giving up abandoned uploads, forgetting old idempotency keys and pictures nobody uses."""

from __future__ import annotations

from app.store.database import Database
from app.store.idempotency import sweep_keys
from app.store.images import sweep_images
from app.store.uploads import sweep_uploads

# How long an answer is given again under its Idempotency-Key.
KEY_SECONDS = 86_400.0


async def tidy(database: Database, *, upload_ttl: float) -> int:
    """One round, cheap when there is nothing to do; how many things went. `upload_ttl`: seconds an upload may take."""
    async with database.transaction() as tx:
        swept = await sweep_uploads(tx, upload_ttl)
    async with database.transaction() as tx:
        swept += await sweep_keys(tx, KEY_SECONDS)
    async with database.transaction() as tx:
        swept += await sweep_images(tx)
    return swept
