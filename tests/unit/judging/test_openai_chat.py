"""Requests have the shape of chat completions; answers of any shape are read without an exception."""

from __future__ import annotations

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.judge import Judge
from app.domain.judgment import Outcome, Usage
from app.domain.prompt import Prompt
from app.domain.reply import Unusable
from app.judging.methods import METHODS
from app.judging.openai_chat import (
    Completion,
    lists_model,
    messages,
    read_completion,
    request_body,
    request_headers,
)

PROMPT = Prompt("system", "before", (), "after")
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


def judge(**sampling):
    return Judge("j", ("http://x/v1",), "m", sampling=sampling)


def sent(chosen, fields=None, **more):
    return orjson.loads(request_body(chosen, messages(PROMPT, []), fields or {}, **more))


def test_text_goes_as_one_string_and_pictures_between_the_texts():
    system, user = messages(PROMPT, [])
    assert system == {"role": "system", "content": "system"}
    assert user == {"role": "user", "content": "before\n\nafter"}
    kinds = [part["type"] for part in messages(PROMPT, [("image/png", b"1"), ("image/webp", b"2")])[1]["content"]]
    assert kinds == ["text", "image_url", "image_url", "text"]


def test_sampling_wins_and_null_leaves_a_field_out():
    fields = METHODS["json"].fields(["overall"])
    body = sent(judge(temperature=0.5, response_format=None, max_tokens=None, max_completion_tokens=9), fields)
    assert body["temperature"] == 0.5
    assert body["max_completion_tokens"] == 9
    assert not {"response_format", "max_tokens"} & set(body)
    assert sent(judge())["temperature"] == 0


def test_json_asks_for_a_strict_schema_of_its_axes():
    schema = sent(judge(), METHODS["json"].fields(["b", "a"]))["response_format"]["json_schema"]
    assert schema["strict"] is True
    assert list(schema["schema"]["properties"]) == ["b", "a"]
    assert list(schema["schema"]["properties"]["a"]["properties"]) == ["reason", "verdict"]


def test_stretch_doubles_whichever_cap_is_in_use_and_repeat_moves_the_seed():
    assert sent(judge(max_completion_tokens=9, seed=1), stretch=2, repeat=3) | {"messages": 0} == {
        "model": "m", "messages": 0, "temperature": 0, "max_completion_tokens": 18, "seed": 4,
    }  # fmt: skip


def test_no_key_no_authorization():
    assert "Authorization" not in request_headers(None)


@pytest.mark.parametrize(
    "body",
    [b"", b"null", b"[]", b"{}", b'"x"', b"<html>", b'{"choices": {}}', b'{"choices": [1]}', b"\x1f\x8b\x08",
     b'{"choices": [{"message": "hi"}]}', b'{"choices": [{}]}', b'{"error": {"message": "x"}}', b"[" * 100_000],
)  # fmt: skip
def test_what_is_no_completion_is_unparseable(body):
    found = read_completion(body)
    assert isinstance(found, Unusable)
    assert found.outcome is Outcome.UNPARSEABLE


@given(JSON, JSON, JSON, JSON)
def test_fields_of_any_type_never_raise(content, finish, logprobs, usage):
    choice = {"message": {"content": content, "refusal": usage}, "finish_reason": finish, "logprobs": logprobs}
    found = read_completion(orjson.dumps({"choices": [choice, finish], "usage": usage, "model": logprobs}))
    assert isinstance(found, Completion)
    assert found.content is None or isinstance(found.content, str)


@given(JSON)
def test_entries_of_any_type_among_the_log_probabilities_never_raise(entry):
    for shape in ({"content": [{"top_logprobs": [entry]}]}, {"content": [entry]}, {"content": entry}, entry):
        body = orjson.dumps({"choices": [{"message": {"content": "1"}, "logprobs": shape}]})
        assert isinstance(read_completion(body), Completion)


def test_everything_is_read_from_a_full_answer():
    top = [{"token": "1", "logprob": -0.5}, {"token": "2", "logprob": None}, {"token": 3, "logprob": -1}]
    body = {
        "model": "served",
        "choices": [
            {
                "message": {"content": [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]},
                "finish_reason": "stop",
                "logprobs": {"content": [{"token": "1", "top_logprobs": top}]},
            }
        ],
        "usage": {"prompt_tokens": 7, "completion_tokens": True, "prompt_tokens_details": {"cached_tokens": 5}},
    }
    assert read_completion(orjson.dumps(body)) == Completion(
        "ab", finish_reason="stop", model="served", usage=Usage(7, None, 5), top=(("1", -0.5),)
    )


@pytest.mark.parametrize(
    ("body", "listed"),
    [(b'{"data": [{"id": "m"}]}', True), (b'{"data": [{"id": "n"}, 3]}', False), (b"{}", None), (b"x", None)],
)
def test_models_list(body, listed):
    assert lists_model(body, "m") is listed
