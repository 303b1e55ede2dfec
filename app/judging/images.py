"""Pictures from outside: what is accepted, checked before and by decoding, and pictures inside data URIs."""

from __future__ import annotations

import base64
import binascii
import io
import re
import struct
import zlib
from dataclasses import dataclass

from PIL import Image

from app.domain.errors import Invalid

MEDIA_TYPES = {"PNG": "image/png", "JPEG": "image/jpeg", "WEBP": "image/webp"}
# A JPEG with a preview or second view inside calls itself MPO; its first picture is the JPEG.
_SAME = {"MPO": "JPEG"}
_MAGIC = {"image/png": b"\x89PNG\r\n\x1a\n", "image/jpeg": b"\xff\xd8\xff", "image/webp": b"RIFF"}
_DATA_URI = re.compile(r"data:(image/[a-z0-9.+-]+);base64,", re.IGNORECASE)
# What Pillow raises on broken files, besides its own bomb guard.
_BROKEN = (OSError, SyntaxError, ValueError, EOFError, IndexError, KeyError, struct.error, zlib.error)


@dataclass(frozen=True, slots=True)
class ImageLimits:
    """Most bytes as received, most pixels once decoded."""

    max_bytes: int = 20 << 20
    max_pixels: int = 20_000_000


def normalise(data: bytes, limits: ImageLimits) -> tuple[str, int, int]:
    """Media type, width and height (pixels) of a sound PNG, JPEG or WEBP.

    The size in the header is checked before anything is decoded; then all of it is decoded once, so memory is
    bounded by `limits`. Raises Invalid: unsupported, too large or unreadable. Takes CPU: call it in a thread.
    """
    if len(data) > limits.max_bytes:
        raise Invalid(f"the image is too large: {len(data)} bytes, at most {limits.max_bytes}")
    try:
        picture = Image.open(io.BytesIO(data), formats=tuple(MEDIA_TYPES))
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise Invalid(f"the image is too large: at most {limits.max_pixels} pixels") from None
    except _BROKEN:
        raise Invalid("the image is unsupported: only PNG, JPEG and WEBP are taken") from None
    with picture:
        return _checked(picture, limits)


def decode_data_uri(text: str) -> bytes:
    """The bytes of a base64 data URI of a PNG, JPEG or WEBP. Raises Invalid."""
    found = _DATA_URI.match(text)
    media_type = found.group(1).lower() if found else ""
    if found is None or media_type not in _MAGIC:
        raise Invalid("the image is unsupported: data:image/png;base64,... is expected, or jpeg or webp")
    try:
        data = base64.b64decode(text[found.end() :], validate=True)
    except (binascii.Error, ValueError):
        raise Invalid("the image is unreadable: its base64 is broken") from None
    if not data.startswith(_MAGIC[media_type]):
        raise Invalid(f"the image is unsupported: it says {media_type} and is something else")
    return data


def _checked(picture: Image.Image, limits: ImageLimits) -> tuple[str, int, int]:
    width, height = picture.size
    if width * height > limits.max_pixels:
        raise Invalid(f"the image is too large: {width} x {height} pixels, at most {limits.max_pixels}")
    kind = _SAME.get(picture.format or "", picture.format or "")
    if kind == picture.format and getattr(picture, "is_animated", False):
        raise Invalid("the image is unsupported: it is animated")
    try:
        picture.load()
    except _BROKEN:
        raise Invalid("the image is unreadable: it is broken or cut short") from None
    return MEDIA_TYPES[kind], width, height
