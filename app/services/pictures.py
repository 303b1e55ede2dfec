"""Pictures: taking them in, fetching those that were given as URLs, and sweeping those nobody uses."""

from __future__ import annotations

import asyncio
import hashlib

from app.domain.errors import Invalid, NotFound, Problem
from app.judging.image_fetch import FetchGuard, fetch
from app.judging.images import ImageLimits, normalise
from app.store import images
from app.store.database import Database
from app.store.images import ImageInfo, PendingItem

__all__ = [
    "FetchGuard",
    "ImageInfo",
    "ImageLimits",
    "add_image",
    "check_image",
    "get_image",
    "prepare_some",
    "put_image",
]

# Items whose pictures are fetched by one round, side by side.
AT_ONCE = 16


async def put_image(database: Database, project: int, sha256_hex: str, data: bytes, limits: ImageLimits) -> ImageInfo:
    """Store a picture under the SHA-256 its sender computed; Invalid when the bytes have another, or are no picture."""
    if hashlib.sha256(data).hexdigest() != sha256_hex.lower():
        raise Invalid("the bytes are not the ones named", (Problem("is not the SHA-256 of the body", field="sha256"),))
    return await _store(database, project, data, limits)


async def add_image(database: Database, project: int, data: bytes, limits: ImageLimits) -> str:
    """Store a picture; its SHA-256 in hex. Invalid when it is none that judges could see."""
    return (await _store(database, project, data, limits)).sha256


async def get_image(database: Database, project: int, sha256: str) -> tuple[str, bytes]:
    """Media type and bytes of a stored picture; NotFound for one the project does not have."""
    async with database.transaction() as tx:
        found = await images.read_image(tx, project, sha256)
    if found is None:
        raise NotFound("there is no such image")
    return found


async def check_image(database: Database, project: int, sha256: str) -> None:
    """NotFound for a picture the project does not have; its bytes are not read."""
    async with database.transaction() as tx:
        if not await images.has_image(tx, project, sha256):
            raise NotFound("there is no such image")


async def prepare_some(database: Database, limits: ImageLimits, fetch_guard: FetchGuard) -> int:
    """Fetch pictures for some items of preparing jobs, then let jobs go that wait for none; items dealt with.

    A picture that cannot be had leaves its item `failed`: its units then fail as image_unavailable.
    """
    async with database.transaction() as tx:
        items = await images.pending_items(tx, limit=AT_ONCE)
    async with asyncio.TaskGroup() as fetching:
        for item in items:
            fetching.create_task(_prepare(database, item, limits, fetch_guard))
    async with database.transaction() as tx:
        await images.release_prepared_jobs(tx)
    return len(items)


async def _prepare(database: Database, item: PendingItem, limits: ImageLimits, guard: FetchGuard) -> None:
    found, error = [], None
    for image in item.images:
        if "sha256" not in image:
            try:
                data = await fetch(image["url"], guard)
                image = {**image, "sha256": await add_image(database, item.project, data, limits)}  # noqa: PLW2901
            except (Invalid, NotFound) as problem:
                error = problem.detail
        found.append(image)
    async with database.transaction() as tx:
        await images.settle_item(tx, item.id, found, error)


async def _store(database: Database, project: int, data: bytes, limits: ImageLimits) -> ImageInfo:
    sha256 = hashlib.sha256(data).hexdigest()
    async with database.transaction() as tx:
        known = await images.touch_image(tx, project, sha256)
    if known is not None:
        return known
    media_type, width, height = await asyncio.to_thread(normalise, data, limits)
    info = ImageInfo(sha256, media_type, width, height, len(data))
    async with database.transaction() as tx:
        await images.add_image(tx, project, info, data)
    return info
