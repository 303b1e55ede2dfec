"""Reads one chat-completion request: what is asked, about which traces, with the fence names taken out."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from typing import Any

_FENCE = re.compile(r"\[(TJ-[0-9a-f]{12}) (?:question|options|reference answer|first trace|second trace)\]\n")
_ONE_AXIS = re.compile(r"on one axis: ([^.\n]+)")
_LISTED_AXIS = re.compile(r"^- (\w+) \(", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Question:
    """One request, understood. The hashes are hex and free of fence names; `pair` is the same in both orders."""

    prompt: str
    question: str
    first: str
    second: str
    pair: str
    axes: tuple[str, ...]
    first_text: str | None
    second_text: str | None
    text: str
    images: tuple[str, ...]
    wants_log_probabilities: bool


def read(body: dict[str, Any]) -> Question:
    """Understand a request body; text without fences is a question without traces."""
    texts, images = _parts(body.get("messages") or [])
    text = "\n".join(texts)
    found = _FENCE.search(text)
    fence = found.group(1) if found else "\x00"
    first, second = _between(text, fence, "first trace"), _between(text, fence, "second trace")
    first_hash, second_hash = digest(first or ""), digest(second or "")
    wants = bool(body.get("logprobs"))
    return Question(
        prompt=digest(text.replace(fence, "\x00fence\x00") + "\x00".join(images)),
        question=digest(_between(text, fence, "question") or ""),
        first=first_hash,
        second=second_hash,
        pair=digest("".join(sorted((first_hash, second_hash)))),
        axes=_axes(body, text.rsplit(f"[{fence} end]", 1)[-1]),
        first_text=first,
        second_text=second,
        text=text,
        images=tuple(images),
        wants_log_probabilities=wants,
    )


def digest(text: str) -> str:
    """16 hex digits of SHA-256."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def _parts(messages: list[dict[str, Any]]) -> tuple[list[str], list[str]]:
    texts: list[str] = []
    images: list[str] = []
    for message in messages:
        content: Any = message.get("content") or ""
        parts: list[dict[str, Any]] = [{"type": "text", "text": content}] if isinstance(content, str) else content
        for part in parts:
            if part.get("type") == "text":
                texts.append(part["text"])
            elif part.get("type") == "image_url":
                images.append(part["image_url"]["url"])
    return texts, images


def _between(text: str, fence: str, what: str) -> str | None:
    opening = f"[{fence} {what}]\n"
    start = text.find(opening)
    if start < 0:
        return None
    start += len(opening)
    return text[start : text.find(f"\n[{fence} end]", start)]


def _axes(body: dict[str, Any], instruction: str) -> tuple[str, ...]:
    shape: dict[str, Any] = (body.get("response_format") or {}).get("json_schema") or {}
    properties = (shape.get("schema") or {}).get("properties")
    if properties:
        return tuple(properties)
    one = _ONE_AXIS.search(instruction)
    if one:
        return (one.group(1).strip().lower().replace(" ", "_"),)
    return tuple(_LISTED_AXIS.findall(instruction))
