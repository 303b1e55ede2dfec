"""Pictures named in files: known by their SHA-256, each is uploaded once however many pairs show it."""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from app.domain.errors import Invalid, Problem
from app.wire.pairs import DATA_URI


class Pictures:
    """`settled` swaps bytes and paths for SHA-256s and remembers them; `upload` hands over what is new."""

    def __init__(self) -> None:
        self._waiting: dict[str, Path | bytes] = {}
        self._known: set[str] = set()
        self._of_path: dict[Path, str] = {}

    def settled(self, item: Mapping[str, Any], where: str) -> dict[str, Any]:
        """The item with {"sha256"} for every image given as {"data"} or {"path"}. What has another shape stays:
        the server says what is wrong with it. Raises Invalid when a file cannot be read.
        """
        images = item.get("images")
        if not isinstance(images, list):
            return dict(item)
        return {**item, "images": [self._settled(image, where) for image in images]}

    def upload(self, put: Callable[[bytes], object]) -> None:
        """Hand every picture that was not handed over yet to `put`."""
        for sha256, source in list(self._waiting.items()):
            put(source if isinstance(source, bytes) else source.read_bytes())
            del self._waiting[sha256]
            self._known.add(sha256)

    def _settled(self, image: Any, where: str) -> Any:
        match image:
            case {"path": str(path), **rest} if not rest:
                return {"sha256": self._from_path(Path(path), where)}
            case {"data": str(uri), **rest} if not rest and (data := _decoded(uri)) is not None:
                return {"sha256": self._kept(data, data)}
            case _:
                return image

    def _from_path(self, path: Path, where: str) -> str:
        if path not in self._of_path:
            try:
                self._of_path[path] = self._kept(path.read_bytes(), path)
            except OSError as error:
                problem = Problem(f"{path} cannot be read: {error.strerror or error}", where)
                raise Invalid("an image is not there", (problem,)) from None
        return self._of_path[path]

    def _kept(self, data: bytes, source: Path | bytes) -> str:
        sha256 = hashlib.sha256(data).hexdigest()
        if sha256 not in self._known:
            self._waiting.setdefault(sha256, source)
        return sha256


def _decoded(uri: str) -> bytes | None:
    """The bytes of a data URI; None when it is none."""
    head = DATA_URI.match(uri)
    try:
        return base64.b64decode(uri[head.end() :], validate=True) if head else None
    except (binascii.Error, ValueError):
        return None
