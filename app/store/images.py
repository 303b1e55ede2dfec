"""Pictures: facts in one table, bytes in another, shared by the jobs of a project, swept when nobody uses them."""

from __future__ import annotations

from dataclasses import dataclass

import orjson
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

# Pictures looked at by one sweep.
PIECE = 500


@dataclass(frozen=True, slots=True)
class ImageInfo:
    """A stored picture. `sha256`: hex, of the bytes as received; width and height in pixels."""

    sha256: str
    media_type: str
    width: int
    height: int
    bytes: int


@dataclass(frozen=True, slots=True)
class PendingItem:
    """An item of a preparing job with pictures still to be fetched. `images` as in the items table."""

    id: int
    project: int
    images: list[dict[str, str]]


async def touch_image(tx: AsyncConnection, project: int, sha256: str) -> ImageInfo | None:
    """A picture that is there already, kept from being swept for another while; None when it is not."""
    found = await tx.execute(
        text(
            """
            UPDATE images SET seen_at = clock_timestamp() WHERE project_id = :project AND sha256 = :sha256
            RETURNING media_type, width, height, bytes
            """
        ),
        {"project": project, "sha256": bytes.fromhex(sha256)},
    )
    row = found.one_or_none()
    return None if row is None else ImageInfo(sha256, *row)


async def add_image(tx: AsyncConnection, project: int, info: ImageInfo, data: bytes) -> None:
    """Store a picture; one that is there already is only touched."""
    key = {"project": project, "sha256": bytes.fromhex(info.sha256)}
    await tx.execute(
        text(
            """
            INSERT INTO images (project_id, sha256, media_type, width, height, bytes)
            VALUES (:project, :sha256, :media_type, :width, :height, :bytes)
            ON CONFLICT (project_id, sha256) DO UPDATE SET seen_at = clock_timestamp()
            """
        ),
        {**key, "media_type": info.media_type, "width": info.width, "height": info.height, "bytes": info.bytes},
    )
    await tx.execute(
        text(
            """
            INSERT INTO image_bytes (project_id, sha256, data) VALUES (:project, :sha256, :data) ON CONFLICT DO NOTHING
            """
        ),
        {**key, "data": data},
    )


async def read_image(tx: AsyncConnection, project: int, sha256: str) -> tuple[str, bytes] | None:
    """Media type and bytes of a picture; None when the project has none of that hash."""
    found = await tx.execute(
        text(
            """
            SELECT i.media_type, b.data FROM images i JOIN image_bytes b USING (project_id, sha256)
            WHERE project_id = :project AND sha256 = :sha256
            """
        ),
        {"project": project, "sha256": bytes.fromhex(sha256)},
    )
    row = found.one_or_none()
    return None if row is None else (row.media_type, row.data)


async def has_image(tx: AsyncConnection, project: int, sha256: str) -> bool:
    """Whether the project has a picture of that hash."""
    found = await tx.execute(
        text("SELECT true FROM images WHERE project_id = :project AND sha256 = :sha256"),
        {"project": project, "sha256": bytes.fromhex(sha256)},
    )
    return found.one_or_none() is not None


async def sweep_images(tx: AsyncConnection, *, unused_for: float = 3600.0) -> int:
    """Delete pictures that nobody sent or used for `unused_for` seconds; how many.

    One that is still used is looked at again only after as long a time. A promotion that is about to use one holds
    it (promotion.lock_images), so it is passed over here.
    """
    candidates = await tx.execute(
        text(
            """
            SELECT project_id, sha256 FROM images
            WHERE seen_at < clock_timestamp() - make_interval(secs => :seconds)
            LIMIT :piece FOR UPDATE SKIP LOCKED
            """
        ),
        {"seconds": unused_for, "piece": PIECE},
    )
    swept = 0
    # A statement of its own sees what was committed up to the moment the rows were locked.
    for project, sha256 in candidates.all():
        kept = await tx.execute(
            text(
                """
                UPDATE images SET seen_at = clock_timestamp()
                WHERE project_id = :project AND sha256 = :sha256 AND EXISTS (
                  SELECT FROM items i JOIN jobs j ON j.id = i.job_id
                  WHERE i.images <> '[]'::jsonb AND i.images @> CAST(:reference AS jsonb) AND j.project_id = :project)
                """
            ),
            {"project": project, "sha256": sha256, "reference": orjson.dumps([{"sha256": sha256.hex()}]).decode()},
        )
        if kept.rowcount == 0:
            await tx.execute(
                text("DELETE FROM images WHERE project_id = :project AND sha256 = :sha256"),
                {"project": project, "sha256": sha256},
            )
            swept += 1
    return swept


async def pending_items(tx: AsyncConnection, *, limit: int) -> list[PendingItem]:
    """Some items whose pictures are still to be fetched, any of them: two workers seldom take the same."""
    found = await tx.execute(
        text(
            """
            SELECT i.id, j.project_id, i.images FROM jobs j JOIN items i ON i.job_id = j.id
            WHERE j.status = 'preparing' AND i.images_state = 'pending' ORDER BY random() LIMIT :limit
            """
        ),
        {"limit": limit},
    )
    return [PendingItem(*row) for row in found]


async def settle_item(tx: AsyncConnection, item: int, images: list[dict[str, str]], error: str | None) -> None:
    """Write down what fetching an item's pictures came to; nothing changes when another worker was faster."""
    await tx.execute(
        text(
            """
            UPDATE items SET images = CAST(:images AS jsonb), images_error = :error,
              images_state = CASE WHEN CAST(:error AS text) IS NULL THEN 'ready' ELSE 'failed' END
            WHERE id = :item AND images_state = 'pending'
            """
        ),
        {"item": item, "images": orjson.dumps(images).decode(), "error": error},
    )


async def release_prepared_jobs(tx: AsyncConnection) -> int:
    """Let jobs go that wait for no picture any more; how many."""
    done = await tx.execute(
        text(
            """
            UPDATE jobs j SET status = 'running' WHERE j.status = 'preparing'
              AND NOT EXISTS (SELECT FROM items i WHERE i.job_id = j.id AND i.images_state = 'pending')
            """
        )
    )
    return int(done.rowcount)
