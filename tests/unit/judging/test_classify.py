"""Each answer of an endpoint has one class; the list here is the golden one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.judging.classify import Class, Kind, classify, retry_after
from app.judging.transport import Response

NOW = 1_700_000_000.0  # Tue, 14 Nov 2023 22:13:20 GMT


def error(message: str) -> bytes:
    return b'{"error": {"message": "%s", "type": "x"}}' % message.encode()


GOLDEN = [
    (200, b"", Kind.OK),
    (201, b"", Kind.OK),
    (301, b"", Kind.CONFIG),
    (307, b"", Kind.CONFIG),
    (400, b"", Kind.REJECTED),
    (400, b"\xff\xfe", Kind.REJECTED),
    (400, error("template error"), Kind.REJECTED),
    (400, error("This model's maximum context length is 4096 tokens. However, you requested 5000"), Kind.CONTENT),
    (400, b'{"error": {"code": "context_length_exceeded", "message": "x"}}', Kind.CONTENT),
    (400, b'{"object": "error", "message": "prompt is too long", "code": 400}', Kind.CONTENT),
    (400, b'{"detail": "longer than the maximum model length of 512"}', Kind.CONTENT),
    (400, error("the request exceeds the available context size"), Kind.CONTENT),
    (422, error("Too many tokens"), Kind.CONTENT),
    (400, error("response_format is not supported"), Kind.UNSUPPORTED),
    (400, error("Invalid schema for response_format 'verdicts'"), Kind.UNSUPPORTED),
    (400, error("Failed to compile grammar"), Kind.UNSUPPORTED),
    (400, error("logprobs is not supported with this model"), Kind.UNSUPPORTED),
    (400, error("The model `m` does not exist"), Kind.UNSUPPORTED),
    (400, error("x" * 400 + " response_format"), Kind.REJECTED),  # so far back the server quotes the request
    (401, error("bad key"), Kind.CONFIG),
    (402, b"", Kind.CONFIG),
    (403, b"<html>", Kind.CONFIG),
    (404, b'{"detail": "Not Found"}', Kind.CONFIG),
    (405, b"", Kind.CONFIG),
    (407, b"", Kind.CONFIG),
    (408, b"", Kind.TRANSPORT),
    (409, b"", Kind.REJECTED),
    (413, b"", Kind.REJECTED),
    (415, b"", Kind.REJECTED),
    (422, error("bad image"), Kind.REJECTED),
    (425, b"", Kind.TRANSPORT),
    (429, b"", Kind.CAPACITY),
    (429, b'{"error": {"code": "insufficient_quota", "message": "x"}}', Kind.CONFIG),
    (500, b"", Kind.TRANSPORT),
    (500, error("maximum context length"), Kind.TRANSPORT),
    (502, b"<html>Bad gateway</html>", Kind.TRANSPORT),
    (503, b"", Kind.CAPACITY),
    (504, b"", Kind.TRANSPORT),
    (520, b"", Kind.TRANSPORT),
    (529, b"", Kind.TRANSPORT),
]


@pytest.mark.parametrize(("status", "body", "kind"), GOLDEN, ids=range(len(GOLDEN)))
def test_golden_classes(status, body, kind):
    assert classify(Response(status, {}, body), NOW).kind is kind


@given(st.integers(100, 599), st.binary(max_size=300))
def test_every_answer_has_a_class_and_words_that_can_be_shown(status, body):
    found = classify(Response(status, {}, body), NOW)
    assert found.reason.isprintable()
    assert len(found.reason) < 400


@pytest.mark.parametrize(
    ("said", "seconds"),
    [
        ("3", 3.0),
        ("2.5", 2.5),
        ("0", 1.0),
        ("-7", 1.0),
        ("100000", 120.0),
        ("inf", 120.0),
        ("nan", None),
        ("soon", None),
        ("", None),
        ("Tue, 14 Nov 2023 22:13:50 GMT", 30.0),
        ("Tue, 14 Nov 2023 22:00:00 GMT", 1.0),
        ("Tue, 14 Nov 2034 22:00:00 GMT", 120.0),
        ("Tue, 99 Nov 2023 22:00:00 GMT", None),
    ],
)
def test_retry_after_in_all_its_forms(said, seconds):
    assert retry_after({"retry-after": said}, NOW) == seconds
    assert classify(Response(429, {"retry-after": said}), NOW).retry_after == seconds


def test_no_retry_after_is_no_wait_said():
    assert classify(Response(503), NOW) == Class(Kind.CAPACITY, "HTTP 503")


def test_a_key_that_the_server_repeats_is_taken_out():
    found = classify(Response(401, {}, error("Incorrect API key: sk-1")), NOW).without("sk-1")
    assert found.reason == "HTTP 401: Incorrect API key: [key]"
    assert found.without(None) is found
