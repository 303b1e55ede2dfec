"""What two texts share and what only one of them holds, in pieces to be marked; bounded for texts of any size."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Literal, NamedTuple

Unit = Literal["words", "lines"]
Block = tuple[int, int, int]  # where in a, where in b, how many

# Texts of more words are compared by line, of more lines than this not at all.
MOST_WORDS = 16_000
MOST_LINES = 12_000
# A gap between anchors is compared word by word up to this many couples of words.
COUPLES = 2_500
DEPTH = 6
# What both texts hold is only worth showing as shared where so many words follow each other.
RUN = 3

_MARKS = (
    "\u0300-\u036f\u0483-\u0489\u0591-\u05bd\u0610-\u061a\u064b-\u065f\u20d0-\u20ff\ufe00-\ufe0f\ufe20-\ufe2f\u200d"
)
_IDEOGRAPHS = "\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af"
_SIGNS = "!-/:-@\\[-`{-~"
# A word, one ideograph or one sign, each with the marks that combine with it and with the space behind it.
_WORD = re.compile(f"(\\s+|[{_IDEOGRAPHS}][{_MARKS}]*|[{_SIGNS}][{_MARKS}]*|[^\\s{_SIGNS}{_IDEOGRAPHS}]+)(\\s*)")
_LINE = re.compile("([^\n]*)(\n|$)")


class Gap(NamedTuple):
    """Words a to end_a of one text, b to end_b of the other."""

    a: int
    end_a: int
    b: int
    end_b: int


@dataclass(frozen=True, slots=True)
class Piece:
    """Some of a text; `shared`: the other text holds it too, at this place."""

    text: str
    shared: bool


@dataclass(frozen=True, slots=True)
class Changes:
    """Two texts in pieces that give them back when joined. `unit`: what was compared, None = too long to compare.

    White space does not count: pieces that are shared may differ in it.
    """

    a: tuple[Piece, ...]
    b: tuple[Piece, ...]
    unit: Unit | None


def changes(a: str, b: str) -> Changes:
    """Compare two texts by words, long ones by lines, and longer ones not at all."""
    found = _compared(a, b, _WORD, MOST_WORDS)
    if found is not None:
        return Changes(*found, "words")
    found = _compared(a, b, _LINE, MOST_LINES)
    if found is not None:
        return Changes(*found, "lines")
    return Changes((Piece(a, shared=True),), (Piece(b, shared=True),), None)


def _compared(a: str, b: str, form: re.Pattern[str], most: int) -> tuple[tuple[Piece, ...], tuple[Piece, ...]] | None:
    """Both texts in pieces; None when one has more parts of this form than `most`."""
    parts = [_parts(text, form, most) for text in (a, b)]
    if parts[0] is None or parts[1] is None:
        return None
    (words_a, whole_a), (words_b, whole_b) = parts[0], parts[1]
    blocks = _readable(_blocks(words_a, words_b), len(words_a), len(words_b))
    at_a = [(block[0], block[2]) for block in blocks]
    at_b = [(block[1], block[2]) for block in blocks]
    return tuple(_pieces(whole_a, at_a)), tuple(_pieces(whole_b, at_b))


def _parts(text: str, form: re.Pattern[str], most: int) -> tuple[list[str], list[str]] | None:
    """What is compared, and the same with the white space behind it."""
    bare: list[str] = []
    whole: list[str] = []
    for found in form.finditer(text):
        if len(bare) == most:
            return None
        if found.end() > found.start():
            bare.append(found[1])
            whole.append(found[0])
    return bare, whole


def _pieces(whole: Sequence[str], shared: Sequence[tuple[int, int]]) -> Iterator[Piece]:
    place = 0
    for start, count in (*shared, (len(whole), 0)):
        if start > place:
            yield Piece("".join(whole[place:start]), shared=False)
        if count:
            yield Piece("".join(whole[start : start + count]), shared=True)
        place = start + count


def _readable(blocks: Sequence[Block], end_a: int, end_b: int) -> list[Block]:
    """Without words that happen to be in both amid what differs: they would only scatter the marks."""
    joined: list[Block] = []
    for a, b, count in blocks:
        if joined and (a, b) == (joined[-1][0] + joined[-1][2], joined[-1][1] + joined[-1][2]):
            joined[-1] = (*joined[-1][:2], joined[-1][2] + count)
        else:
            joined.append((a, b, count))
    edges = {(0, 0), (end_a, end_b)}
    return [
        (a, b, count) for a, b, count in joined
        if count >= RUN or (a, b) in edges or (a + count, b + count) in edges
    ]  # fmt: skip


def _blocks(a: Sequence[str], b: Sequence[str]) -> list[Block]:
    """What both hold in the same order: words that are once in each are anchors, and between two anchors the same is
    done again (patience); the gaps that are left are compared as a whole when they are small.

    Bounded, unlike difflib alone, whose time grows with the square of the texts where words repeat.
    """
    found: list[Block] = []
    gaps = [(Gap(0, len(a), 0, len(b)), 0)]
    while gaps:
        gap, depth = gaps.pop()
        head, tail = _same_ends(a, b, gap)
        found += [(gap.a, gap.b, head), (gap.end_a - tail, gap.end_b - tail, tail)]
        gap = Gap(gap.a + head, gap.end_a - tail, gap.b + head, gap.end_b - tail)
        anchors = _anchors(a, b, gap) if depth < DEPTH else []
        if anchors:
            found += [(at_a, at_b, 1) for at_a, at_b in anchors]
            gaps += [(between, depth + 1) for between in _between(gap, anchors)]
        elif 0 < (gap.end_a - gap.a) * (gap.end_b - gap.b) <= COUPLES:
            matcher = SequenceMatcher(None, a[gap.a : gap.end_a], b[gap.b : gap.end_b], autojunk=False)
            found += [(gap.a + at_a, gap.b + at_b, count) for at_a, at_b, count in matcher.get_matching_blocks()]
    return sorted(block for block in found if block[2])


def _same_ends(a: Sequence[str], b: Sequence[str], gap: Gap) -> tuple[int, int]:
    """How many words both begin with, and how many of the others both end with."""
    most = min(gap.end_a - gap.a, gap.end_b - gap.b)
    head = 0
    while head < most and a[gap.a + head] == b[gap.b + head]:
        head += 1
    tail = 0
    while tail < most - head and a[gap.end_a - tail - 1] == b[gap.end_b - tail - 1]:
        tail += 1
    return head, tail


def _between(gap: Gap, anchors: Sequence[tuple[int, int]]) -> Iterator[Gap]:
    """What lies before, between and behind the anchors."""
    a, b = gap.a, gap.b
    for at_a, at_b in (*anchors, (gap.end_a, gap.end_b)):
        if at_a > a and at_b > b:
            yield Gap(a, at_a, b, at_b)
        a, b = at_a + 1, at_b + 1


def _anchors(a: Sequence[str], b: Sequence[str], gap: Gap) -> list[tuple[int, int]]:
    """The longest row of words of the gap, once in each text, that stand in the same order in both."""
    some_a, some_b = a[gap.a : gap.end_a], b[gap.b : gap.end_b]
    count_a, count_b = Counter(some_a), Counter(some_b)
    at_b = {word: place for place, word in enumerate(some_b, gap.b) if count_b[word] == count_a.get(word) == 1}
    return _rising([(place, at_b[word]) for place, word in enumerate(some_a, gap.a) if word in at_b])


def _rising(places: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """The longest part in which the second numbers rise too."""
    ends: list[int] = []  # the smallest last number of a row of each length
    at: list[int] = []
    before: list[int] = []
    for number, (_, value) in enumerate(places):
        length = bisect_left(ends, value)
        before.append(at[length - 1] if length else -1)
        if length == len(ends):
            ends.append(value)
            at.append(number)
        else:
            ends[length], at[length] = value, number
    row = []
    number = at[-1] if at else -1
    while number >= 0:
        row.append(places[number])
        number = before[number]
    return row[::-1]
