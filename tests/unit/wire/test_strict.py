"""Strict JSON: nothing is repaired in silence."""

from __future__ import annotations

import pytest

from app.domain.errors import Invalid, Malformed
from app.wire.strict import parse


def test_ordinary_json_is_read():
    assert parse(b'\xef\xbb\xbf{"a": [1, 2.5, "\\u00e9\\ud83d\\ude00", null]}') == {"a": [1, 2.5, "é😀", None]}


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b'{"a": 1, "a": 2}', "same key twice"),
        (b'{"x": {"a": 1, "a": 2}}', "same key twice"),
        (b'{"a": NaN}', "NaN"),
        (b'{"a": -Infinity}', "Infinity"),
        (b'{"a": 1e999}', "too large"),
        (b"9" * 5_000, "too large"),
        (b"[" * 100_000, "too deeply"),
        (b'{"a": ', "not JSON"),
        (b"\xff", "not UTF-8"),
        (b"{'a': 1}", "not JSON"),
        (b'{"a": 1} x', "not JSON"),
    ],
)
def test_what_is_not_strict_json_is_malformed(body: bytes, said: str):
    with pytest.raises(Malformed) as caught:
        parse(body)
    assert said in caught.value.detail


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (b'{"a": ["x", "\\u0000"]}', "a.1"),
        (b'{"a": {"b": "\\ud800"}}', "a.b"),
        (b'{"a": "\\uDFFF"}', "a"),
        (b'{"a": {"\\u0000k": 1}}', "a"),
    ],
)
def test_text_that_cannot_be_stored_is_refused_by_field(body: bytes, field: str):
    with pytest.raises(Invalid) as caught:
        parse(body)
    assert not isinstance(caught.value, Malformed)
    assert [problem.field for problem in caught.value.problems] == [field]


def test_an_escaped_backslash_before_u0000_is_ordinary_text():
    assert parse(rb'{"a": "\\u0000"}') == {"a": "\\u0000"}
