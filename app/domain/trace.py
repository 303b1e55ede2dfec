"""What users submit: items, traces and the pairs made of them. All values are immutable."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

# Shorter names ("gpt", "a") would be found in ordinary prose.
SHORTEST_NAME = 4


@dataclass(frozen=True, slots=True)
class Image:
    """A picture of an item: by the SHA-256 (hex) of its bytes, or by a URL still to be fetched."""

    sha256: str | None = None
    url: str | None = None


@dataclass(frozen=True, slots=True)
class Item:
    """A question with everything both models saw, and the cluster it is resampled with."""

    id: str
    question: str
    options: Mapping[str, str] = field(default_factory=dict)
    answer: str | None = None
    images: tuple[Image, ...] = ()
    tags: Mapping[str, str] = field(default_factory=dict)
    cluster: str | None = None

    @property
    def cluster_key(self) -> str:
        """The unit of resampling; an item is its own cluster unless it says otherwise."""
        return self.cluster if self.cluster is not None else self.id

    def fingerprint(self) -> bytes:
        """SHA-256 over the content: two uploads of one item must agree on it."""
        images = [image.sha256 or image.url for image in self.images]
        return _digest(
            [
                self.id,
                self.question,
                dict(self.options),
                self.answer,
                images,
                dict(self.tags),
                self.cluster_key,
            ]
        )


@dataclass(frozen=True, slots=True)
class Trace:
    """One model's reasoning and final answer for one item."""

    model: str
    text: str
    answer: str | None = None
    sample: int = 0

    def fingerprint(self) -> bytes:
        """SHA-256 over model, sample, text (by its own SHA-256: quoting long text is dear) and answer."""
        text = hashlib.sha256(self.text.encode()).hexdigest()
        return _digest([self.model, self.sample, text, self.answer])


@dataclass(frozen=True, slots=True)
class Pair:
    """Two traces of one item; the sides are fixed for ever."""

    item: Item
    a: Trace
    b: Trace


def correctness(item_answer: str | None, trace_answer: str | None) -> bool | None:
    """Whether a final answer equals the reference, compared without case, space or a closing stop.

    None when either is unknown.
    """
    if item_answer is None or trace_answer is None:
        return None
    return _plain(item_answer) == _plain(trace_answer)


def names_a_model(text: str, models: tuple[str, ...]) -> bool:
    """Whether a trace gives away one of the models by name (whole word, any case)."""
    lowered = text.lower()
    return any(
        len(name) >= SHORTEST_NAME
        and name.lower() in lowered  # the cheap test first: it settles nearly every trace
        and re.search(rf"(?<!\w){re.escape(name.lower())}(?!\w)", lowered) is not None
        for name in models
    )


def _plain(answer: str) -> str:
    return " ".join(answer.split()).rstrip(".").casefold()


# Made once: json.dumps makes one for every call with settings of its own.
_canonical = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode


def _digest(content: list[object]) -> bytes:
    return hashlib.sha256(_canonical(content).encode()).digest()
