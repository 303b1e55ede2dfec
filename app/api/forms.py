"""Forms of our own pages: small, url-encoded, read once."""

from __future__ import annotations

from urllib.parse import parse_qsl

from fastapi import Request

from app.domain.errors import Malformed, TooLarge

MEDIA_TYPE = "application/x-www-form-urlencoded"
MOST_BYTES = 64 << 10
MOST_FIELDS = 200


async def form_of(request: Request) -> dict[str, str]:
    """The fields of the form that was sent; of a field that came twice the last one. Empty for any other body."""
    known: dict[str, str] | None = getattr(request.state, "form", None)
    if known is not None:
        return known
    found: dict[str, str] = {}
    if request.headers.get("content-type", "").startswith(MEDIA_TYPE):
        found = _parsed(await _body(request))
    request.state.form = found
    return found


async def _body(request: Request) -> bytes:
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > MOST_BYTES:
            raise TooLarge(f"a form may have at most {MOST_BYTES:,} bytes")
    return body


def _parsed(body: bytes) -> dict[str, str]:
    try:
        return dict(parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=MOST_FIELDS))
    except ValueError:
        raise Malformed("the form cannot be read") from None
