"""One pair as users see it, whole: the item, both traces, what judges and people said, and the pairs beside it."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import Field

from app.wire.results import JUDGMENT, PAIR, AxisOut, JudgmentOut, LabelName, SideOut
from app.wire.shape import Output, example


class PairImageOut(Output):
    """A picture of an item; its bytes are at /v1/images/{sha256}. `missing` says why it cannot be shown."""

    sha256: str | None
    media_type: str | None
    width: int | None
    height: int | None
    bytes: int | None
    missing: str | None


class WholeItemOut(Output):
    """What both models were asked. `answer` is the reference."""

    id: str
    question: str
    options: dict[str, str]
    answer: str | None
    tags: dict[str, str]
    cluster: str
    images: list[PairImageOut]


class WholeTraceOut(SideOut):
    """One side with its text. `length` in characters."""

    text: str
    length: int


class PairJudgmentOut(JudgmentOut):
    """A judgment with the axes that were asked for in its call."""

    axes: list[str]


class PairLabelOut(Output):
    """What one person said on one axis; `side` NONE = could not tell. `shown`: which side stood first."""

    labeller: str
    axis: str
    side: LabelName
    shown: Literal["AB", "BA"] | None
    design: str
    seconds: float | None = Field(description="the pair was in front of the labeller; null = not measured")
    review: str | None = Field(description="id of the blind review; null = the label was sent in")
    created_at: datetime


class NeighbourOut(Output):
    """Another pair of the job. `matches`: it is the next one in the list the filters leave; false where that one is
    too far away to be looked for, and this is the pair with the next number.
    """

    seq: int
    matches: bool


class WholePairOut(Output):
    """A pair with everything that is known of it. `pairs`: how many the job has, numbered from 0. `previous` and
    `next` are null at the ends of the list.
    """

    model_config = example({
        "seq": 0,
        "pairs": 500,
        "item": {
            "id": "q17", "question": "Which modality is it?", "options": {"C": "MRI", "D": "CT"}, "answer": "C",
            "tags": {"modality": "radiology"}, "cluster": "article-9",
            "images": [{"sha256": "5e" * 32, "media_type": "image/png", "width": 512, "height": 384, "bytes": 91_204,
                        "missing": None}],
        },
        "a": PAIR["a"] | {"text": "The bone is bright, so it is CT.", "length": 32},
        "b": PAIR["b"] | {"text": "Fat is bright and bone is dark, so it is MRI.", "length": 45},
        "axes": PAIR["axes"],
        "judgments": [JUDGMENT | {"axes": ["overall"]}],
        "labels": [{
            "labeller": "ann", "axis": "overall", "side": "B", "shown": "BA", "design": "random", "seconds": 41.5,
            "review": "7b1e2a54-0d0e-4f6a-8a3c-51f0c3a7be90", "created_at": "2026-02-01T10:00:00Z",
        }],
        "previous": None,
        "next": {"seq": 1, "matches": True},
    })  # fmt: skip

    seq: int
    pairs: int
    item: WholeItemOut
    a: WholeTraceOut
    b: WholeTraceOut
    axes: dict[str, AxisOut]
    judgments: list[PairJudgmentOut]
    labels: list[PairLabelOut]
    previous: NeighbourOut | None
    next: NeighbourOut | None
