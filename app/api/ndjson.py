"""NDJSON in both directions: lines out of a stream of chunks in bounded memory, and rows into a stream of lines."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import orjson

from app.domain.errors import Invalid, Problem, TooLarge

MEDIA_TYPE = "application/x-ndjson"
ALSO = ("application/jsonl", "application/x-jsonlines", "application/ndjson")
BYTE_ORDER_MARK = b"\xef\xbb\xbf"
WHITESPACE = b" \t\r"


async def lines(chunks: AsyncIterator[bytes], longest: int) -> AsyncIterator[tuple[int, bytes]]:
    """(line number from 1, line) for every line that is not blank. Raises TooLarge, naming the line."""
    number = 0
    begun: list[bytes] = []  # pieces of the line still arriving; joined once, so a long line costs no more
    length = 0
    async for chunk in chunks:
        *complete, rest = chunk.split(b"\n")
        for piece in complete:
            number += 1
            line = b"".join((*begun, piece)) if begun else piece
            begun, length = [], 0
            if readable := _checked(line, number, longest):
                yield number, readable
        begun.append(rest)
        length += len(rest)
        _require_short(length, number + 1, longest)
    if readable := _checked(b"".join(begun), number + 1, longest):
        yield number + 1, readable


def _checked(line: bytes, number: int, longest: int) -> bytes:
    _require_short(len(line), number, longest)
    return (line.removeprefix(BYTE_ORDER_MARK) if number == 1 else line).strip(WHITESPACE)


def _require_short(length: int, number: int, longest: int) -> None:
    if length > longest:
        problem = Problem(f"is longer than {longest:,} bytes", line=number)
        raise TooLarge(f"a line may have at most {longest:,} bytes", (problem,))


class BadLines:
    """The first hundred bad lines of an upload, and how many there were."""

    def __init__(self, kept: int = 100) -> None:
        self._kept = kept
        self.problems: list[Problem] = []
        self.count = 0

    def add(self, found: tuple[Problem, ...]) -> None:
        """Note one bad line by the first thing wrong with it."""
        self.count += 1
        if len(self.problems) < self._kept:
            first, more = found[0], len(found) - 1
            reason = f"{first.reason} (and {more} more in this line)" if more else first.reason
            self.problems.append(Problem(reason, first.field, first.line))

    def __bool__(self) -> bool:
        return self.count > 0

    def error(self) -> Invalid:
        """What the upload is refused with."""
        noun = "line is" if self.count == 1 else "lines are"
        return Invalid(f"{self.count:,} {noun} not valid; nothing was stored", tuple(self.problems), self.count)


async def rows(first: Any, following: Callable[[str], Awaitable[Any]]) -> AsyncIterator[bytes]:
    """All rows of a list as lines. `first`: its first page; `following(after)` gives the next."""
    page = first
    while True:
        if page.items:
            yield b"".join(orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE) for row in page.items)
        if page.next is None:
            return
        page = await following(page.next)
