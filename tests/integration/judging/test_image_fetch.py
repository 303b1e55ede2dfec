"""Fetching images over real connections: pinned, capped, and never past the guard."""

from __future__ import annotations

import asyncio
import time

import pytest

from app.domain.errors import ImageMissing, Invalid
from app.judging.image_fetch import FetchGuard, fetch
from tests.integration.judging.loopback import answers, raw_server, read_request

PNG = b"\x89PNG\r\n\x1a\n rest"


def reply(body=PNG, status="200 OK", **headers):
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\n{lines}\r\n".encode() + body


def guard_for(url, **more):
    """A guard that trusts this very server, although its address is private."""
    return FetchGuard(hosts=f"*, {url.partition('//')[2]}", **more)


async def test_a_named_host_is_fetched_from(request):
    async with raw_server(answers(reply())) as url:
        assert await fetch(f"{url}/1.png", guard_for(url)) == PNG


async def test_an_unnamed_private_address_gets_no_packet():
    touched = []

    async def behave(reader, writer):
        touched.append(1)

    async with raw_server(behave) as url:
        for host in ("127.0.0.1", "localhost", "127.1", "2130706433", "0x7f000001", "[::ffff:127.0.0.1]"):
            with pytest.raises((Invalid, ImageMissing)):
                await fetch(f"http://{host}:{url.rsplit(':', 1)[1]}/", FetchGuard())

            async def here(name, port):
                return ["127.0.0.1"]

            with pytest.raises(Invalid):
                await fetch(f"http://{host}/", FetchGuard(), resolve=here)
    assert touched == []


async def test_the_name_is_resolved_once_and_kept_in_the_host_header():
    heads, asked = [], []

    async def behave(reader, writer):
        heads.append(await read_request(reader))
        writer.write(reply())

    async def resolve(host, port):
        asked.append(host)
        return ["127.0.0.1"]

    async with raw_server(behave) as url:
        port = url.rsplit(":", 1)[1]
        guard = FetchGuard(hosts=f"pictures.example:{port}")
        assert await fetch(f"http://pictures.example:{port}/a?b=c", guard, resolve=resolve) == PNG
    assert asked == ["pictures.example"]
    assert heads[0].startswith(b"GET /a?b=c HTTP/1.1\r\n")
    assert f"Host: pictures.example:{port}\r\n".encode() in heads[0]


async def test_redirects_are_checked_anew_and_counted():
    async with (
        raw_server(answers(reply())) as good,
        raw_server(answers(reply(b"", "302 Found", Location=f"{good}/x.png"))) as hop,
    ):
        both = FetchGuard(hosts=f"{good[7:]},{hop[7:]}")
        assert await fetch(hop, both) == PNG
        with pytest.raises(Invalid):
            await fetch(hop, guard_for(hop))
    async with raw_server(answers(reply(b"", "302 Found", Location="/again"))) as loop:
        with pytest.raises(ImageMissing, match="redirects"):
            await fetch(loop, guard_for(loop))


@pytest.mark.parametrize("location", ["file:///etc/passwd", "http://169.254.169.254/", "//[::1]/", "http://x@y/"])
async def test_a_redirect_leads_nowhere_else(location):
    async with raw_server(answers(reply(b"", "302 Found", Location=location))) as url:
        with pytest.raises(Invalid):
            await fetch(url, guard_for(url))


async def test_too_large_too_slow_and_not_there():
    async with raw_server(answers(reply(bytes(5_000)))) as url:
        with pytest.raises(Invalid, match="too large"):
            await fetch(url, guard_for(url, max_bytes=4_000))
    async with raw_server(answers(reply(b"", "404 Not Found"))) as url:
        with pytest.raises(ImageMissing, match="404"):
            await fetch(url, guard_for(url))

    async def drip(reader, writer):
        await read_request(reader)
        writer.write(reply(bytes(100))[:-100])
        while True:
            writer.write(b"x")
            await writer.drain()
            await asyncio.sleep(0.05)

    async with raw_server(drip) as url:
        started = time.monotonic()
        with pytest.raises(ImageMissing):
            await fetch(url, guard_for(url, seconds=0.3))
        assert time.monotonic() - started < 2.0
