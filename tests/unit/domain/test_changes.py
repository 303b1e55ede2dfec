"""Two texts side by side: pieces give the texts back, shared words are found, no size of text takes long."""

from __future__ import annotations

import time
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.changes import changes

STORED = st.text(alphabet=st.characters(exclude_categories=["Cs"], exclude_characters="\x00"))
# Few words, so that texts share many of them.
ALIKE = st.lists(
    st.sampled_from(["the", "border", "is", "is,", "e\u0301", "漢字", "👩\u200d⚕️", "\n", "\u202e", "(x)"])
).map(" ".join)


def joined(pieces):
    return "".join(piece.text for piece in pieces)


def shared(pieces):
    return [piece.text.split() for piece in pieces if piece.shared]


@given(st.one_of(STORED, ALIKE), st.one_of(STORED, ALIKE))
def test_the_pieces_give_the_texts_back(a, b):
    found = changes(a, b)
    assert (joined(found.a), joined(found.b)) == (a, b)


@given(ALIKE, ALIKE)
def test_what_is_shared_is_the_same_on_both_sides(a, b):
    found = changes(a, b)
    alike = [["".join(word for piece in shared(pieces) for word in piece)] for pieces in (found.a, found.b)]
    assert alike[0] == alike[1]


@given(ALIKE)
def test_a_text_shares_everything_with_itself(a):
    assert all(piece.shared for piece in changes(a, a).a)


@given(ALIKE, ALIKE)
def test_no_piece_begins_with_a_mark_that_combines(a, b):
    found = changes(a, b)
    pieces = [*found.a[1:], *found.b[1:]]
    assert not [piece for piece in pieces if unicodedata.combining(piece.text[0]) or piece.text[0] == "\u200d"]


def test_the_words_that_differ_are_marked():
    found = changes("The left border is sharp, so it is C.", "The left border is blurred, so it is D.")
    assert [piece.text for piece in found.a if not piece.shared] == ["sharp", "C"]
    assert [piece.text for piece in found.b if not piece.shared] == ["blurred", "D"]
    assert found.unit == "words"


def test_words_in_both_by_chance_do_not_scatter_the_marks():
    found = changes("we see the shadow of a cyst behind it", "no tumour is the cause of this grey line")
    assert [piece.shared for piece in found.a] == [False]


def test_an_ideograph_is_a_word():
    found = changes("左側邊界清晰可見", "左側邊界模糊可見")
    assert [piece.text for piece in found.a if not piece.shared] == ["清晰"]


def test_a_long_text_is_compared_by_line():
    lines = [f"step {number} of the proof" for number in range(8_000)]
    found = changes("\n".join(lines), "\n".join([*lines[:50], "another step", *lines[51:]]))
    assert found.unit == "lines"
    assert [piece.text for piece in found.b if not piece.shared] == ["another step\n"]


def test_a_longer_one_is_not_compared():
    found = changes("x\n" * 100_000, "y\n" * 100_000)
    assert found.unit is None
    assert [len(found.a), len(found.b)] == [1, 1]


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ("x" * 400_000, "x" * 399_999 + "y"),
        ("!?" * 200_000, "?!" * 200_000),
        ("a b " * 100_000, "b a a " * 66_000),
        (" ".join(map(str, range(23_000))), " ".join(map(str, range(23_000, 0, -1)))),
        (" ".join(str(n % 7) for n in range(23_000)), " ".join(str(n % 5) for n in range(23_000))),
    ],
    ids=["one word", "signs", "two words", "backwards", "few words"],
)
def test_hostile_texts_take_no_time(a, b):
    began = time.process_time()
    found = changes(a, b)
    assert time.process_time() - began < 1, "this takes some 50 ms; a second means that a bound is gone"
    assert (joined(found.a), joined(found.b)) == (a, b)
