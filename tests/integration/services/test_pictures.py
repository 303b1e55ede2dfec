"""Pictures: stored once, checked, fetched for preparing jobs, swept when nobody uses them."""

from __future__ import annotations

import asyncio
import hashlib
import io
from collections.abc import AsyncIterator

import pytest
from PIL import Image as Pillow
from sqlalchemy import text

from app.domain.errors import Invalid
from app.domain.job import JobStatus
from app.domain.trace import Image
from app.services import look, pictures, submit, verbs
from app.services.pictures import FetchGuard, ImageLimits
from app.store.images import sweep_images
from tests.integration.services.samples import count_rows, draft, lines, pair, started, upload

LIMITS = ImageLimits()


def png(colour: str = "red", size: int = 8) -> bytes:
    made = io.BytesIO()
    Pillow.new("RGB", (size, size), colour).save(made, "PNG")
    return made.getvalue()


async def make_old(database, project: int) -> None:
    async with database.transaction() as tx:
        await tx.execute(
            text("UPDATE images SET seen_at = seen_at - interval '2 hours' WHERE project_id = :p"), {"p": project}
        )


async def sweep(database) -> int:
    async with database.transaction() as tx:
        return await sweep_images(tx)


@pytest.fixture
async def host() -> AsyncIterator[tuple[str, dict[str, bytes]]]:
    """A web server of our own: what it serves is put into the dict."""
    files: dict[str, bytes] = {}

    async def serve(reader, writer):
        path = (await reader.readline()).decode().split()[1]
        while (await reader.readline()).strip():
            pass
        body = files.get(path)
        head = "404 Not Found" if body is None else "200 OK"
        writer.write(f"HTTP/1.1 {head}\r\nContent-Length: {len(body or b'')}\r\nConnection: close\r\n\r\n".encode())
        writer.write(body or b"")
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", files


async def test_a_picture_is_stored_once_under_its_hash(database, project, stranger):
    data = png()
    name = hashlib.sha256(data).hexdigest()
    info = await pictures.put_image(database, project, name.upper(), data, LIMITS)
    assert (info.sha256, info.media_type, info.width, info.height, info.bytes) == (name, "image/png", 8, 8, len(data))
    assert await asyncio.gather(*(pictures.add_image(database, project, data, LIMITS) for _ in range(4))) == [name] * 4
    assert (
        await count_rows(database, "images", project_id=project),
        await count_rows(database, "image_bytes", project_id=project),
    ) == (1, 1)
    assert await count_rows(database, "images", project_id=stranger) == 0


async def test_what_is_not_the_picture_named_is_refused(database, project):
    with pytest.raises(Invalid, match="not the ones named"):
        await pictures.put_image(database, project, "0" * 64, png(), LIMITS)
    for data in (b"", b"<svg/>", png()[: len(png()) // 2]):
        with pytest.raises(Invalid):
            await pictures.add_image(database, project, data, LIMITS)
    with pytest.raises(Invalid, match="too large"):
        await pictures.add_image(database, project, png(), ImageLimits(max_pixels=10))
    assert await count_rows(database, "images", project_id=project) == 0


async def test_pairs_refer_to_stored_pictures_of_their_own_project(database, vault, project, stranger):
    name = await pictures.add_image(database, project, png(), LIMITS)
    one = pair("q1", images=(Image(sha256=name),))
    job = await draft(database, vault, project)
    assert (await upload(database, project, job.id, [one])).pairs == 1
    other = await draft(database, vault, stranger)
    with pytest.raises(Invalid):
        await upload(database, stranger, other.id, [one])


async def test_only_pictures_nobody_uses_are_swept(database, vault, project):
    used = await pictures.add_image(database, project, png("red"), LIMITS)
    await pictures.add_image(database, project, png("blue"), LIMITS)
    job = await draft(database, vault, project)
    await upload(database, project, job.id, [pair("q1", images=(Image(sha256=used),))])
    assert await sweep(database) == 0  # too young
    await make_old(database, project)
    assert await sweep(database) == 1
    assert await count_rows(database, "image_bytes", project_id=project) == 1
    assert await sweep(database) == 0  # looked at, and left for an hour
    await verbs.delete(database, project, job.id)
    await make_old(database, project)
    assert await sweep(database) == 1
    assert await count_rows(database, "images", project_id=project) == 0


async def test_sending_a_picture_again_keeps_it(database, project):
    await pictures.add_image(database, project, png("green"), LIMITS)
    await make_old(database, project)
    await pictures.add_image(database, project, png("green"), LIMITS)
    assert await sweep(database) == 0


async def test_a_picture_about_to_be_used_is_not_swept(database, vault, project):
    name = await pictures.add_image(database, project, png("black"), LIMITS)
    await make_old(database, project)
    job = await draft(database, vault, project)
    async with await submit.begin_upload(database, project, job.id) as one:
        await one.stage(lines([pair("q1", images=(Image(sha256=name),))]))

        async def promote_slowly(tx):
            moved = await one._move(tx)
            assert await sweep(database) == 0  # another connection, while this one has not committed
            return moved

        await database.run(promote_slowly)
    assert await sweep(database) == 0


async def test_urls_are_fetched_and_the_job_goes_on(database, vault, project, host):
    url, files = host
    files["/a.png"], files["/b.png"] = png("red"), png("blue")
    name = await pictures.add_image(database, project, png("green"), LIMITS)
    pairs = [
        pair("q1", images=(Image(url=f"{url}/a.png"), Image(sha256=name))),
        pair("q2", images=(Image(url=f"{url}/b.png"),)),
        pair("q3"),
    ]
    job = await started(database, vault, project, pairs=pairs)
    assert job.status is JobStatus.PREPARING
    guard = FetchGuard(hosts=url.removeprefix("http://"))
    assert await pictures.prepare_some(database, LIMITS, guard) == 2
    assert (await look.get_job(database, project, job.id)).status is JobStatus.RUNNING
    assert await count_rows(database, "images", project_id=project) == 3
    async with database.transaction() as tx:
        found = await tx.execute(
            text("SELECT images FROM items WHERE images::text LIKE :url"), {"url": f"%{url}/a.png%"}
        )
        assert found.scalar_one() == [
            {"url": f"{url}/a.png", "sha256": hashlib.sha256(png("red")).hexdigest()}, {"sha256": name},
        ]  # fmt: skip
    assert await pictures.prepare_some(database, LIMITS, guard) == 0


async def test_a_picture_that_cannot_be_had_fails_its_item_only(database, vault, project, host):
    url, files = host
    files["/a.png"], files["/page.html"] = png("red"), b"<html>"
    paths = ("/a.png", "/missing.png", "/page.html")
    pairs = [pair(f"q{number}", images=(Image(url=url + path),)) for number, path in enumerate(paths)]
    job = await started(database, vault, project, pairs=pairs)
    await pictures.prepare_some(database, LIMITS, FetchGuard(hosts=url.removeprefix("http://")))
    async with database.transaction() as tx:
        found = await tx.execute(
            text(
                """
                SELECT i.name, i.images_state, i.images_error FROM items i JOIN jobs j ON j.id = i.job_id
                WHERE j.public_id = CAST(:id AS uuid) ORDER BY i.name
                """
            ),
            {"id": job.id},
        )
        states = [tuple(row) for row in found]
    assert [state for _, state, _ in states] == ["ready", "failed", "failed"]
    assert [bool(error) for _, _, error in states] == [False, True, True]
    seen = await look.get_job(database, project, job.id)
    assert seen.status is JobStatus.RUNNING
    assert seen.warnings[0].startswith("2 of the items")


async def test_private_addresses_are_not_asked(database, vault, project, host):
    url, _ = host
    await started(database, vault, project, pairs=[pair("q1", images=(Image(url=f"{url}/a.png"),))])
    await pictures.prepare_some(database, LIMITS, FetchGuard())
    async with database.transaction() as tx:
        found = await tx.execute(text("SELECT images_error FROM items ORDER BY id DESC LIMIT 1"))
        assert "not allowed" in found.scalar_one()
