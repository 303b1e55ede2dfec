"""Pairs on their way to the server: files and lines as pieces of a size worth sending."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import orjson

Line = bytes | str | Mapping[str, Any]
Pieces = Iterator[bytes]
Progress = Callable[[int], None]
PIECE = 1 << 16


def pieces(source: Path | Iterable[Line], progress: Progress | None) -> Iterator[bytes]:
    """The upload in pieces of a size worth sending."""
    sent = 0
    for piece in _of_file(source) if isinstance(source, Path) else _of_lines(source):
        sent += len(piece)
        yield piece
        if progress is not None:
            progress(sent)


def _of_file(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while piece := file.read(PIECE):
            yield piece


def _of_lines(lines: Iterable[Line]) -> Iterator[bytes]:
    piece = bytearray()
    for line in lines:
        piece += _encoded(line).rstrip(b"\r\n") + b"\n"
        if len(piece) >= PIECE:
            yield bytes(piece)
            piece.clear()
    if piece:
        yield bytes(piece)


def _encoded(line: Line) -> bytes:
    if isinstance(line, bytes):
        return line
    return line.encode() if isinstance(line, str) else orjson.dumps(line)
