"""Lines out of chunks, whatever the cuts; and bad lines counted."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.api import ndjson
from app.domain.errors import Problem, TooLarge


async def stream(chunks: Iterable[bytes]) -> AsyncIterator[bytes]:
    for chunk in chunks:
        yield chunk


async def lines(*chunks: bytes, longest: int = 100) -> list[tuple[int, bytes]]:
    return [found async for found in ndjson.lines(stream(chunks), longest)]


async def test_lines_are_numbered_from_one_and_blank_ones_counted_but_skipped():
    assert await lines(b"a\n\n  \r\nb\r\nc") == [(1, b"a"), (4, b"b"), (5, b"c")]


async def test_a_byte_order_mark_is_no_part_of_the_first_line():
    assert await lines(b"\xef\xbb", b"\xbfa\n\xef\xbb\xbfb") == [(1, b"a"), (2, b"\xef\xbb\xbfb")]


async def test_only_a_line_feed_ends_a_line():
    text = "a\u2028b\x85c\x0bd".encode()
    assert await lines(text + b"\n") == [(1, text)]


@given(st.lists(st.binary(max_size=6), max_size=8), st.integers(1, 5))
async def test_the_cuts_between_chunks_do_not_matter(pieces: list[bytes], size: int):
    body = b"\n".join(pieces)
    cut = [body[start : start + size] for start in range(0, len(body), size)]
    assert await lines(*cut) == await lines(body)


@pytest.mark.parametrize("cut", [1, 7, 1_000])
async def test_a_line_over_its_limit_is_refused_as_soon_as_it_is(cut: int):
    body = b"ok\n" + b"x" * 101
    with pytest.raises(TooLarge) as caught:
        await lines(*(body[start : start + cut] for start in range(0, len(body), cut)))
    assert caught.value.problems[0].line == 2
    assert await lines(b"x" * 100) == [(1, b"x" * 100)]


def test_a_hundred_bad_lines_are_kept_and_all_are_counted():
    bad = ndjson.BadLines()
    assert not bad
    for line in range(1, 251):
        bad.add((Problem("is missing", "item", line), Problem("is missing", "a", line)))
    error = bad.error()
    assert (len(error.problems), error.problem_count) == (100, 250)
    assert error.problems[0] == Problem("is missing (and 1 more in this line)", "item", 1)
    assert error.detail == "250 lines are not valid; nothing was stored"


@dataclass
class Page:
    items: list[Any]
    next: str | None


async def test_all_pages_become_lines():
    async def following(after: str) -> Page:
        return {"1": Page([{"n": 3}], "2"), "2": Page([], None)}[after]

    found = [part async for part in ndjson.rows(Page([{"n": 1}, {"n": 2}], "1"), following)]
    assert b"".join(found) == b'{"n":1}\n{"n":2}\n{"n":3}\n'
