"""The shapes of chat completions: what is sent, and what is read from an answer nobody can be trusted with."""

from __future__ import annotations

import base64
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson

from app.domain.judge import Judge
from app.domain.judgment import Outcome, Usage
from app.domain.prompt import Prompt
from app.domain.reply import Unusable

TOKEN_CAPS = ("max_tokens", "max_completion_tokens")
Picture = tuple[str, bytes]  # media type, bytes


@dataclass(frozen=True, slots=True)
class Completion:
    """The first choice of an answer. `top`: (token, log-probability) of its first token; None = none given."""

    content: str | None
    refused: bool = False
    finish_reason: str | None = None
    model: str | None = None
    usage: Usage = field(default_factory=Usage)
    top: tuple[tuple[str, float], ...] | None = None


def completions_url(base: str) -> str:
    return base.rstrip("/") + "/chat/completions"


def models_url(base: str) -> str:
    return base.rstrip("/") + "/models"


def request_headers(api_key: str | None) -> dict[str, str]:
    headers = {"Content-Type": "application/json", "Accept": "application/json"}
    return headers | {"Authorization": f"Bearer {api_key}"} if api_key else headers


def messages(prompt: Prompt, pictures: Sequence[Picture]) -> list[dict[str, Any]]:
    """System text, then the user's parts in the order that keeps the prefix shared: text, images, text."""
    return [{"role": "system", "content": prompt.system}, user_message(prompt.before, pictures, prompt.after)]


def user_message(before: str, pictures: Sequence[Picture], after: str = "") -> dict[str, Any]:
    """Text, pictures, text. Text alone goes as one string: small servers know no parts."""
    if not pictures:
        return {"role": "user", "content": f"{before}\n\n{after}" if after else before}
    tail = [_text(after)] if after else []
    return {"role": "user", "content": [_text(before), *(_image(*picture) for picture in pictures), *tail]}


def request_body(
    judge: Judge, talk: list[dict[str, Any]], fields: Mapping[str, Any], *, repeat: int = 0, stretch: int = 1
) -> bytes:
    """The body of a call. The judge's sampling wins over our fields, and null there leaves a field out.

    A fixed seed is moved on by `repeat`, or all repeats were one; token caps are multiplied by `stretch`.
    """
    asked = {"model": judge.served_model, "messages": talk, "temperature": 0, **fields, **judge.sampling}
    if isinstance(asked.get("seed"), int):
        asked["seed"] += repeat
    for cap in TOKEN_CAPS:
        if isinstance(asked.get(cap), int):
            asked[cap] *= stretch
    return orjson.dumps({name: value for name, value in asked.items() if value is not None})


def read_completion(body: bytes) -> Completion | Unusable:
    """Read an answer; whatever is not as it should be is Unusable or left out, never an exception."""
    try:
        found = orjson.loads(body)
    except orjson.JSONDecodeError:
        return Unusable(Outcome.UNPARSEABLE, "the answer is not JSON")
    choice = _first(_get(found, "choices"))
    message = _get(choice, "message")
    if not isinstance(message, dict):
        return Unusable(Outcome.UNPARSEABLE, "the answer holds no message")
    return Completion(
        content=_content(message.get("content")),
        refused=bool(message.get("refusal")) or _get(choice, "finish_reason") == "content_filter",
        finish_reason=_string(_get(choice, "finish_reason")),
        model=_string(_get(found, "model")),
        usage=_usage(_get(found, "usage")),
        top=_top(_get(_first(_get(_get(choice, "logprobs"), "content")), "top_logprobs")),
    )


def lists_model(body: bytes, name: str) -> bool | None:
    """Whether an answer of /models names the model; None when it is no such answer."""
    try:
        listed = _get(orjson.loads(body), "data")
    except orjson.JSONDecodeError:
        return None
    return name in [_get(entry, "id") for entry in listed] if isinstance(listed, list) else None


def _text(text: str) -> dict[str, Any]:
    return {"type": "text", "text": text}


def _image(media_type: str, data: bytes) -> dict[str, Any]:
    return {"type": "image_url", "image_url": {"url": f"data:{media_type};base64,{base64.b64encode(data).decode()}"}}


def _content(value: object) -> str | None:
    """Content as text; some servers answer in parts."""
    if isinstance(value, list):
        return "".join(part["text"] for part in value if isinstance(_get(part, "text"), str))
    return _string(value)


def _usage(value: object) -> Usage:
    return Usage(
        _count(_get(value, "prompt_tokens")),
        _count(_get(value, "completion_tokens")),
        _count(_get(_get(value, "prompt_tokens_details"), "cached_tokens")),
    )


def _top(listed: object) -> tuple[tuple[str, float], ...] | None:
    if not isinstance(listed, list):
        return None
    pairs = ((_get(entry, "token"), _get(entry, "logprob")) for entry in listed)
    return tuple(
        (token, float(value))
        for token, value in pairs
        if isinstance(token, str) and isinstance(value, int | float) and math.isfinite(value)
    )


def _get(value: object, key: str) -> Any:
    return value.get(key) if isinstance(value, dict) else None


def _first(value: object) -> Any:
    return value[0] if isinstance(value, list) and value else None


def _string(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _count(value: object) -> int | None:
    return value if type(value) is int and 0 <= value < 1 << 31 else None
