"""Texts sent in one piece are compressed for those who can read that; streams and pictures are left alone."""

from __future__ import annotations

import gzip

import pytest

from app.api.compression import IN_A_THREAD, LEAST_BYTES, Compression

TEXT = b"<p>A pair is judged in both orders.</p>" * 100


async def sent(
    *pieces: bytes, kind: bytes = b"text/html; charset=utf-8", accept: bytes = b"br, gzip", **headers: bytes
):
    """Head and body messages of an answer in these pieces."""
    told = []

    async def app(_scope, _receive, send):
        own = [(name.encode(), value) for name, value in headers.items()]
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", kind), *own]})
        for number, piece in enumerate(pieces, 1):
            await send({"type": "http.response.body", "body": piece, "more_body": number < len(pieces)})
            told.append(None)  # what was sent until here had to go out before the next piece

    async def send(message):
        told.append(message)

    await Compression(app)({"type": "http", "headers": [(b"accept-encoding", accept)]}, None, send)
    return told


def head_of(told):
    return dict(told[0]["headers"])


@pytest.mark.parametrize("text", [TEXT, TEXT * (IN_A_THREAD // len(TEXT) + 1)])
async def test_a_text_in_one_piece_is_compressed(text):
    told = await sent(text, **{"content-length": b"%d" % len(text)})
    body = told[1]["body"]
    assert gzip.decompress(body) == text
    assert head_of(told)[b"content-encoding"] == b"gzip"
    assert head_of(told)[b"content-length"] == b"%d" % len(body)
    assert head_of(told)[b"vary"] == b"Accept-Encoding"


async def test_a_short_text_is_sent_as_it_is():
    told = await sent(TEXT[: LEAST_BYTES - 1])
    assert told[1]["body"] == TEXT[: LEAST_BYTES - 1]
    assert b"content-encoding" not in head_of(told)


@pytest.mark.parametrize(
    "choices",
    [
        {"accept": b"br"},
        {"kind": b"image/png"},
        {"kind": b"application/x-ndjson"},
        {"content-encoding": b"br"},
    ],
)
async def test_what_must_stay_as_it_is_stays(choices):
    told = await sent(TEXT, **choices)
    assert told[1]["body"] == TEXT
    assert head_of(told).get(b"content-encoding") != b"gzip"


@pytest.mark.parametrize("kind", [b"text/event-stream", b"text/html"])
async def test_pieces_of_a_stream_go_out_one_by_one(kind):
    told = await sent(TEXT, TEXT, b"", kind=kind)
    bodies = [message["body"] if message else "the next" for message in told[1:]]
    assert bodies == [TEXT, "the next", TEXT, "the next", b"", "the next"]
