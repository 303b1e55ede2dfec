"""A pair as users write it: one line of NDJSON, or one entry of `pairs` in a new job."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping
from typing import Annotated, Any, Self

from pydantic import Field, StringConstraints, TypeAdapter, ValidationError, model_validator

from app.domain.errors import Invalid, Problem
from app.domain.trace import Image, Item, Pair, Trace
from app.wire.problems import problems_of
from app.wire.shape import TEXT_FORM, Count, Filled, Input, Label, Output, example

DATA_URI = re.compile(r"data:image/[a-z0-9.+-]+;base64,", re.IGNORECASE)
Url = Annotated[str, StringConstraints(max_length=2_048, pattern=r"^https?://[^\s\x00]+$")]
Sha256 = Annotated[str, StringConstraints(to_lower=True, pattern=r"^[0-9a-fA-F]{64}$")]
Answer = Annotated[str, StringConstraints(max_length=20_000, pattern=TEXT_FORM)]

EXAMPLE: dict[str, Any] = {
    "item": {"id": "q17", "question": "Which?", "answer": "C", "tags": {"modality": "radiology"}},
    "a": {"model": "base-7b", "trace": "The lesion is ... so D.", "answer": "D"},
    "b": {"model": "tuned-7b", "trace": "The border is ... so C.", "answer": "C"},
}


class ImageIn(Input):
    """A picture: its bytes as a data URI, a URL to fetch it from, or the SHA-256 of an uploaded one."""

    data: str | None = Field(None, description="data:image/png;base64,...")
    url: Url | None = None
    sha256: Sha256 | None = None

    @model_validator(mode="after")
    def _exactly_one(self) -> Self:
        if (self.data is not None) + (self.url is not None) + (self.sha256 is not None) != 1:
            raise ValueError("give exactly one of data, url, sha256")
        return self


class ItemIn(Input):
    """A question with everything both models saw."""

    id: Label
    question: Filled
    options: dict[Label, Answer] = Field({}, max_length=50)
    answer: Answer | None = Field(None, description="the reference answer, where there is one")
    images: list[ImageIn] = Field([], max_length=32)
    tags: dict[Label, Label] = Field({}, max_length=50)
    cluster: Label | None = Field(None, description="the unit of resampling; the item's id when absent")


class TraceIn(Input):
    """One model's reasoning and final answer."""

    model: Label
    trace: Filled
    answer: Answer | None = None
    sample: Count = Field(0, description="tells several traces of one model for one item apart")


class PairIn(Input):
    """Two traces of one item."""

    model_config = example(EXAMPLE)

    item: ItemIn
    a: TraceIn
    b: TraceIn

    def problems(self, longest: int, line: int) -> tuple[Problem, ...]:
        """What the schema does not say: texts over `longest` characters or with NUL, a trace that meets itself."""
        found = []
        for field, text in (
            ("item.question", self.item.question),
            ("a.trace", self.a.trace),
            ("b.trace", self.b.trace),
        ):
            if len(text) > longest:
                found.append(Problem(f"is longer than {longest:,} characters", field, line))
            if "\x00" in text:
                found.append(Problem("must not hold a NUL character", field, line))
        if (self.a.model, self.a.sample) == (self.b.model, self.b.sample):
            found.append(Problem("a and b are the same trace (same model and sample)", "b", line))
        return tuple(found)

    def pictures(self) -> dict[int, str]:
        """The data URIs among the images, by position: to be stored before `to_domain`."""
        return {number: image.data for number, image in enumerate(self.item.images) if image.data is not None}

    def to_domain(self, stored: Mapping[int, str] | None = None) -> Pair:
        """The domain's pair. `stored`: for each data URI, by position, the SHA-256 (hex) it was stored under."""
        item = self.item
        kept = stored or {}
        images = tuple(Image(kept.get(number, image.sha256), image.url) for number, image in enumerate(item.images))
        return Pair(
            Item(item.id, item.question, item.options, item.answer, images, item.tags, item.cluster),
            Trace(self.a.model, self.a.trace, self.a.answer, self.a.sample),
            Trace(self.b.model, self.b.trace, self.b.answer, self.b.sample),
        )


class Accepted(Output):
    """What an upload added to its job."""

    model_config = example({"pairs": 500, "items": 500, "traces": 1000, "identical_traces": 0})

    pairs: int
    items: int
    traces: int
    identical_traces: int = Field(0, description="pairs whose two traces have the same text")


_ADAPTER = TypeAdapter(PairIn)


def read_pair(line: bytes, number: int, longest: int) -> PairIn:
    """The pair on line `number` of an upload. Raises Invalid, with the line in every problem."""
    try:
        pair = _ADAPTER.validate_json(line)
    except ValidationError as error:
        found = error.errors(include_url=False, include_input=False)
        raise _bad_line(problems_of(found, number)) from None
    if problems := pair.problems(longest, number):
        raise _bad_line(problems)
    return pair


def decode_picture(uri: str, field: str, line: int) -> bytes:
    """The bytes of a data URI. Raises Invalid at the field when it is none, or not base64."""
    head = DATA_URI.match(uri)
    if head is None:
        raise _bad_line((Problem("is not a data URI of the form data:image/...;base64,...", field, line),))
    try:
        return base64.b64decode(uri[head.end() :], validate=True)
    except (binascii.Error, ValueError):
        raise _bad_line((Problem("is not valid base64", field, line),)) from None


def _bad_line(problems: tuple[Problem, ...]) -> Invalid:
    return Invalid("a pair is not valid", problems)
