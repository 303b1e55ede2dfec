"""Only sound PNG, JPEG and WEBP pictures get in, and the size is known before anything is decoded."""

from __future__ import annotations

import base64
import io
import random
import struct
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from app.domain.errors import Invalid
from app.judging.images import ImageLimits, decode_data_uri, normalise

LIMITS = ImageLimits(max_bytes=200_000, max_pixels=10_000)


def picture(kind: str = "PNG", size: tuple[int, int] = (40, 30), mode: str = "RGB", **options) -> bytes:
    noise = random.Random(1).randbytes(size[0] * size[1])
    made = io.BytesIO()
    Image.frombytes("L", size, noise).convert(mode).save(made, kind, **options)
    return made.getvalue()


def png_header(width: int, height: int) -> bytes:
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(bytes(64)))


def chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def uri(data: bytes, kind: str = "image/png") -> str:
    return f"data:{kind};base64,{base64.b64encode(data).decode()}"


@pytest.mark.parametrize(("kind", "media_type"), [("PNG", "image/png"), ("JPEG", "image/jpeg"), ("WEBP", "image/webp")])
@pytest.mark.parametrize("mode", ["RGB", "L"])
def test_sound_pictures_are_taken(kind, media_type, mode):
    data = picture(kind, mode=mode)
    assert normalise(data, LIMITS) == (media_type, 40, 30)
    assert decode_data_uri(uri(data, media_type)) == data


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"text",
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        b"%PDF-1.7",
        picture("GIF"),
        picture("BMP"),
        picture("TIFF"),
        b"SIMPLE  =                    T" + b" " * 3000,
    ],
)
def test_other_formats_are_unsupported(data):
    with pytest.raises(Invalid, match="unsupported"):
        normalise(data, LIMITS)


@pytest.mark.parametrize("kind", ["PNG", "WEBP"])
def test_animated_pictures_are_unsupported(kind):
    frames = [Image.new("RGB", (8, 8), colour) for colour in ("red", "blue")]
    made = io.BytesIO()
    frames[0].save(made, kind, save_all=True, append_images=frames[1:])
    with pytest.raises(Invalid, match="animated"):
        normalise(made.getvalue(), LIMITS)


@pytest.mark.parametrize("size", [(101, 100), (30_000, 30_000), (2_000_000_000, 2_000_000_000)])
def test_a_pixel_bomb_is_refused_by_its_header(size):
    with pytest.raises(Invalid, match="too large"):
        normalise(png_header(*size), LIMITS)


def test_too_many_bytes_are_refused():
    with pytest.raises(Invalid, match="too large"):
        normalise(b"\x89PNG" + bytes(200_000), LIMITS)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
@pytest.mark.parametrize("share", [0.3, 0.7, 0.95])
def test_a_picture_cut_short_is_refused(kind, share):
    data = picture(kind)
    with pytest.raises(Invalid, match=r"unreadable|unsupported"):
        normalise(data[: int(len(data) * share)], LIMITS)


@given(st.sampled_from(["PNG", "JPEG", "WEBP"]), st.data())
def test_a_damaged_picture_is_read_or_refused_and_nothing_else(kind, data):
    damaged = bytearray(picture(kind, size=(16, 16)))
    for _ in range(data.draw(st.integers(1, 8))):
        damaged[data.draw(st.integers(0, len(damaged) - 1))] = data.draw(st.integers(0, 255))
    try:
        media_type, width, height = normalise(bytes(damaged), LIMITS)
    except Invalid:
        return
    assert media_type.startswith("image/")
    assert width * height <= LIMITS.max_pixels


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "unsupported"),
        ("http://x/y.png", "unsupported"),
        ("data:text/html;base64,PGI+", "unsupported"),
        ("data:image/svg+xml;base64,PHN2Zy8+", "unsupported"),
        ("data:image/png,rawtext", "unsupported"),
        ("data:image/png;base64,@@@@", "unreadable"),
        ("data:image/png;base64,iVBORw0KGgo", "unreadable"),
        ("data:image/png;base64,iVBORw0K\nGgo=", "unreadable"),
        ("data:image/png;base64,ü", "unreadable"),
        (uri(picture("JPEG")), "something else"),
        (uri(b"\x89PNG\r\n\x1a\n", "image/webp"), "something else"),
    ],
)
def test_bad_data_uris_are_refused_with_the_reason(text, why):
    with pytest.raises(Invalid, match=why):
        decode_data_uri(text)
