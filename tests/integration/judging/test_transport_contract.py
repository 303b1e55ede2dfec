"""What every transport engine must do; a new one is added to ENGINES."""

from __future__ import annotations

import asyncio
import gzip
import socket
import time

import pytest

from app.judging.httpx_engine import HttpxTransport
from app.judging.transport import TransportFault
from tests.integration.judging.loopback import answers, raw_server, read_request

ENGINES = [HttpxTransport]
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX-Seen: Yes\r\n\r\nhi"


@pytest.fixture(params=ENGINES, ids=lambda engine: engine.__name__)
async def engine(request):
    made = request.param()
    yield made
    await made.aclose()


async def post(engine, url, *, seconds=5.0, most=1_000, body=b"{}"):
    return await engine.post(url, {"Content-Type": "application/json", "X-Own": "1"}, body, seconds, most)


async def test_an_answer_comes_back_whole(engine):
    async with raw_server(answers(OK)) as url:
        reply = await post(engine, url)
    assert (reply.status, reply.body, reply.headers["x-seen"]) == (200, b"hi", "Yes")


async def test_the_request_is_ours_and_asks_for_no_coding(engine):
    seen = []

    async def behave(reader, writer):
        seen.append(await read_request(reader))
        writer.write(OK)

    async with raw_server(behave) as url:
        await post(engine, f"{url}/v1/chat/completions")
        await engine.get(f"{url}/v1/models", {}, 5.0, 1_000)
    first, second = (head.lower() for head in seen)
    assert first.startswith(b"post /v1/chat/completions http/1.1\r\n")
    assert second.startswith(b"get /v1/models http/1.1\r\n")
    assert b"accept-encoding: identity\r\n" in first
    assert b"content-length: 2\r\n" in first
    assert b"x-own: 1\r\n" in first


async def test_connections_are_used_again(engine):
    connections = 0

    async def behave(reader, writer):
        nonlocal connections
        connections += 1
        while True:
            await read_request(reader)
            writer.write(OK)

    async with raw_server(behave) as url:
        for _ in range(5):
            await post(engine, url)
    assert connections == 1


async def test_errors_are_answers(engine):
    async with raw_server(answers(b"HTTP/1.1 503 Busy\r\nRetry-After: 7\r\nContent-Length: 0\r\n\r\n")) as url:
        reply = await post(engine, url)
    assert (reply.status, reply.headers["retry-after"]) == (503, "7")


async def test_redirects_are_not_followed(engine):
    moved = b"HTTP/1.1 307 Moved\r\nLocation: http://127.0.0.1:9/\r\nContent-Length: 0\r\n\r\n"
    async with raw_server(answers(moved)) as url:
        assert (await post(engine, url)).status == 307


@pytest.mark.parametrize("drips", ["head", "body"])
async def test_a_server_that_drips_is_cut_at_the_deadline(engine, drips):
    async def behave(reader, writer):
        await read_request(reader)
        if drips == "body":
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
        for _ in range(1_000):
            writer.write(b"x" if drips == "body" else b"HTTP/1.1 200 OK"[:1])
            await writer.drain()
            await asyncio.sleep(0.05)

    async with raw_server(behave) as url:
        started = time.monotonic()
        with pytest.raises(TransportFault) as caught:
            await post(engine, url, seconds=0.3)
    assert caught.value.timed_out
    assert 0.25 < time.monotonic() - started < 2.0


async def test_a_server_that_says_nothing_is_cut_at_the_deadline(engine):
    async def behave(reader, writer):
        await asyncio.sleep(5)

    async with raw_server(behave) as url:
        with pytest.raises(TransportFault) as caught:
            await post(engine, url, seconds=0.2)
    assert caught.value.timed_out


async def test_no_more_than_the_cap_is_read(engine):
    sent = 0

    async def behave(reader, writer):
        nonlocal sent
        await read_request(reader)
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100000000\r\n\r\n")
        while True:
            writer.write(bytes(50_000))
            await writer.drain()
            sent += 50_000

    async with raw_server(behave) as url:
        reply = await post(engine, url, most=10_000)
    assert len(reply.body) == 10_000
    assert sent < 50_000_000


async def test_a_content_coding_we_did_not_ask_for_is_not_unpacked(engine):
    bomb = gzip.compress(bytes(5_000_000))
    head = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(bomb)
    async with raw_server(answers(head + bomb)) as url:
        reply = await post(engine, url, most=100_000)
    assert reply.body == bomb


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nhalf",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab",
        b"HTTP/1.1 200 OK\r\nContent-Le",
        b"SSH-2.0-OpenSSH\r\n\r\n",
        b"\x00\xff\x00\xff\r\n\r\n",
        b"HTTP/1.1 999999 What\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\nhi",
        b"HTTP/1.1 200 OK\r\n" + b"X: " + b"y" * 500_000 + b"\r\n\r\n",
    ],
    ids=range(9),
)
async def test_what_is_no_whole_answer_is_a_fault(engine, text):
    async with raw_server(answers(text)) as url:
        with pytest.raises(TransportFault) as caught:
            await post(engine, url)
    assert not caught.value.timed_out


async def test_nobody_there_is_a_fault(engine):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        with pytest.raises(TransportFault):
            await post(engine, f"http://127.0.0.1:{taken.getsockname()[1]}")


@pytest.mark.parametrize("url", ["http://", "nonsense", "http://127.0.0.1:99999/", "ftp://127.0.0.1/"])
async def test_a_url_that_is_none_is_a_fault(engine, url):
    with pytest.raises(TransportFault):
        await post(engine, url)


async def test_proxies_of_the_environment_are_not_used(engine, monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:9")
    fresh = type(engine)()
    try:
        async with raw_server(answers(OK)) as url:
            assert (await post(fresh, url)).status == 200
    finally:
        await fresh.aclose()


async def test_cancelling_ends_the_call_at_once(engine):
    async def behave(reader, writer):
        await asyncio.sleep(5)

    async with raw_server(behave) as url:
        call = asyncio.create_task(post(engine, url))
        await asyncio.sleep(0.05)
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call
