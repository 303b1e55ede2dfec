"""One round of tidying takes what is old and leaves what is not."""

from __future__ import annotations

from sqlalchemy import text

from app.services import idempotency, pictures, submit
from app.services.tidying import tidy
from tests.integration.services.samples import count_rows, draft, lines, pair
from tests.integration.services.test_pictures import LIMITS, png

OLD = {
    "uploads": "UPDATE uploads SET created_at = created_at - interval '2 hours'",
    "idempotency_keys": "UPDATE idempotency_keys SET created_at = created_at - interval '2 days'",
    "images": "UPDATE images SET seen_at = seen_at - interval '2 hours'",
}


async def test_only_what_is_old_goes(database, vault, project):
    job = await draft(database, vault, project)
    upload = await submit.begin_upload(database, project, job.id)
    await upload.stage(lines([pair("q1"), pair("q2")]))
    await idempotency.begin(database, project, "key", b"digest")
    await pictures.add_image(database, project, png(), LIMITS)
    assert await tidy(database, upload_ttl=3600) == 0
    async with database.transaction() as tx:
        for statement in OLD.values():
            await tx.execute(text(statement))
    assert await tidy(database, upload_ttl=3600) == 3
    for table in (*OLD, "staged_pairs", "image_bytes"):
        assert await count_rows(database, table) == 0, table
    assert await tidy(database, upload_ttl=3600) == 0
