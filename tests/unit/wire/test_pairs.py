"""Lines of an upload: what is taken, what is refused, and what the refusal says."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from app.domain.errors import Invalid, Problem
from app.domain.trace import Image
from app.wire.pairs import PairIn, decode_picture, read_pair

LONGEST = 1_000
SHA = "ab" * 32


def pair(**changes: Any) -> dict[str, Any]:
    """A good pair; `item__question="x"` changes one field, a value of `...` drops it."""
    found: dict[str, Any] = {
        "item": {"id": "q1", "question": "Which?", "options": {"A": "x"}, "answer": "A", "tags": {"modality": "CT"}},
        "a": {"model": "base", "trace": "so D", "answer": "D"},
        "b": {"model": "tuned", "trace": "so A", "answer": "A"},
    }
    for path, value in changes.items():
        *outer, last = path.split("__")
        place = found
        for part in outer:
            place = place[part]
        if value is ...:
            del place[last]
        else:
            place[last] = value
    return found


def read(value: Any, number: int = 1) -> PairIn:
    return read_pair(json.dumps(value).encode(), number, LONGEST)


def refused(value: Any) -> tuple[Problem, ...]:
    with pytest.raises(Invalid) as caught:
        read(value, 7)
    assert all(problem.line == 7 for problem in caught.value.problems)
    return caught.value.problems


def test_a_pair_becomes_the_domains_pair():
    found = read(pair(item__images=[{"sha256": SHA}, {"url": "https://x/y.png"}], item__cluster="c", b__sample=2))
    domain = found.to_domain()
    assert domain.item.id == "q1"
    assert domain.item.images == (Image(sha256=SHA), Image(url="https://x/y.png"))
    assert domain.item.cluster_key == "c"
    assert domain.item.tags == {"modality": "CT"}
    assert (domain.a.model, domain.a.text, domain.a.answer, domain.a.sample) == ("base", "so D", "D", 0)
    assert domain.b.sample == 2


def test_images_sent_along_are_referred_to_by_their_hash():
    found = read(pair(item__images=[{"url": "https://x"}, {"data": "data:image/png;base64,AAAA"}]))
    assert found.pictures() == {1: "data:image/png;base64,AAAA"}
    assert found.to_domain({1: SHA}).item.images == (Image(url="https://x"), Image(sha256=SHA))


@pytest.mark.parametrize(
    ("changes", "field", "reason"),
    [
        ({"item__question": ...}, "item.question", "is missing"),
        ({"item__question": " \n"}, "item.question", "must not be blank"),
        ({"a__trace": "\t"}, "a.trace", "must not be blank"),
        ({"a__trace": "x" * (LONGEST + 1)}, "a.trace", "is longer than 1,000 characters"),
        ({"item__question": "a\0b"}, "item.question", "must not hold a NUL character"),
        ({"b__trace": "a\0b"}, "b.trace", "must not hold a NUL character"),
        ({"a__answer": "\0"}, "a.answer", "must not hold a NUL character"),
        ({"item__tags": {"a": "b\0"}}, "item.tags.a", "must not be blank or hold a NUL character"),
        ({"item__id": "x" * 201}, "item.id", "should have at most 200 characters"),
        ({"item__id": 5}, "item.id", "should be a valid string"),
        ({"a__sample": -1}, "a.sample", "greater than or equal to 0"),
        ({"a__sample": 2**31}, "a.sample", "less than or equal to"),
        ({"a__sample": True}, "a.sample", "valid integer"),
        ({"winner": "A"}, "winner", "unknown field"),
        ({"item__secret": 1}, "item.secret", "unknown field"),
        ({"b__model": "base"}, "b", "same trace"),
        ({"item__images": [{}]}, "item.images.0", "exactly one of"),
        ({"item__images": [{"sha256": SHA, "url": "https://x"}]}, "item.images.0", "exactly one of"),
        ({"item__images": [{"sha256": "xyz"}]}, "item.images.0.sha256", "does not have the form"),
        ({"item__images": [{"url": "file:///etc/passwd"}]}, "item.images.0.url", "does not have the form"),
        ({"item__tags": {str(n): "x" for n in range(51)}}, "item.tags", "at most 50"),
        ({"item__options": {str(n): "x" for n in range(51)}}, "item.options", "at most 50"),
    ],
)
def test_a_bad_pair_is_refused_by_line_and_field(changes: dict[str, Any], field: str, reason: str):
    problems = refused(pair(**changes))
    assert [problem.field for problem in problems] == [field]
    assert reason in problems[0].reason


@pytest.mark.parametrize(
    "line",
    [
        b"{",
        b"\xff\xfe",
        b"[" * 1_000,
        b'{"item": "\\ud800"}',
        b'{"a": NaN}',
        b"null",
        b"[]",
        b'"x"',
        b"1e999",
        b"0" * 9,
    ],
)
def test_a_line_that_is_no_pair_at_all_is_one_clear_problem(line: bytes):
    with pytest.raises(Invalid) as caught:
        read_pair(line, 3, LONGEST)
    assert caught.value.problems
    assert {problem.line for problem in caught.value.problems} == {3}


def test_no_submitted_value_comes_back():
    canary = "canary-7f3a"
    for bad in (
        pair(item__id=canary * 50),
        pair(item__images=[{"sha256": canary}]),
        pair(a__sample=canary),
        pair(item__question={canary: 1}),
        pair(item__tags=[canary]),
    ):
        assert all(canary not in problem.reason + problem.field for problem in refused(bad))


def test_same_model_with_another_sample_is_a_fair_pair():
    assert read(pair(b__model="base", b__sample=1)).b.sample == 1


def test_data_uris_are_decoded_strictly():
    data = b"\x89PNG\r\n"
    uri = "data:image/png;base64," + base64.b64encode(data).decode()
    assert decode_picture(uri, "item.images.0.data", 1) == data
    for bad in ("data:text/html;base64,AAAA", "AAAA", "data:image/png;base64,A!AA", "data:image/png,AAAA", uri + "é"):
        with pytest.raises(Invalid) as caught:
            decode_picture(bad, "item.images.0.data", 4)
        assert (caught.value.problems[0].field, caught.value.problems[0].line) == ("item.images.0.data", 4)
