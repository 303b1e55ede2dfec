"""Images as users see them; they are sent as plain bytes."""

from __future__ import annotations

from app.wire.shape import Output


class ImageOut(Output):
    """A stored image. `sha256` is of the bytes as received: pairs refer to it by this."""

    sha256: str
    media_type: str
    width: int
    height: int
    bytes: int
