"""Images as users see them; they are sent as plain bytes."""

from __future__ import annotations

from app.wire.shape import Output, example


class ImageOut(Output):
    """A stored image. `sha256` is of the bytes as received: pairs refer to it by this."""

    model_config = example(
        {"sha256": "9f" * 32, "media_type": "image/png", "width": 512, "height": 512, "bytes": 48213}
    )

    sha256: str
    media_type: str
    width: int
    height: int
    bytes: int
