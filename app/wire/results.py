"""Pairs with their verdicts, and judgments, as users see them."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from pydantic import Field

from app.wire.pages import PageOut
from app.wire.shape import Output, example

PickName = Literal["FIRST", "SECOND", "TIE"]
SideName = Literal["A", "B", "TIE"]
StanceName = Literal["MISSING", "A", "B", "TIE", "FLIP", "PARTIAL"]
VerdictName = Literal["MISSING", "A", "B", "TIE", "INCONSISTENT", "UNDECIDED"]
LabelName = Literal["NONE", "A", "B", "TIE"]

Rows = Literal["judgments", "pairs"]
RowsFormat = Literal["ndjson", "parquet"]
# What Accept says for all rows of a job in one answer.
STREAMED: dict[RowsFormat, str] = {"ndjson": "application/x-ndjson", "parquet": "application/vnd.apache.parquet"}


PAIR: dict[str, Any] = {
    "seq": 0,
    "item": "q17",
    "cluster": "article-9",
    "tags": {"modality": "radiology"},
    "a": {"model": "base-7b", "sample": 0, "answer": "D", "correct": False},
    "b": {"model": "tuned-7b", "sample": 0, "answer": "C", "correct": True},
    "axes": {"overall": {"verdict": "B", "stances": {"qwen-72b": "B"}, "labels": {"B": 2}}},
}
JUDGMENT: dict[str, Any] = {
    "seq": 0,
    "item": "q17",
    "judge": "qwen-72b",
    "order": "BA",
    "repeat": 0,
    "outcome": "judged",
    "picks": {"overall": {"pick": "FIRST", "side": "B", "log_odds": None, "reason": "It reads the border."}},
    "detail": "",
    "raw": "{...}",
    "prompt_hash": "77" * 32,
    "served_model": "Qwen2.5-VL-72B-Instruct",
    "logprob_kind": None,
    "censored": False,
    "images_sent": 1,
    "calls": 1,
    "usage": {"prompt_tokens": 3010, "completion_tokens": 160, "cached_tokens": 0},
    "latency_ms": 2140.5,
    "created_at": "2026-01-31T09:00:03Z",
}


class SideOut(Output):
    """One side of a pair, without its text. `correct`: the final answer equals the reference; null = unknown."""

    model: str
    sample: int
    answer: str | None
    correct: bool | None


class AxisOut(Output):
    """What became of a pair on one axis: the panel's verdict, each judge's stance, and how many people chose which
    side (NONE: could not tell).
    """

    verdict: VerdictName
    stances: dict[str, StanceName]
    labels: dict[LabelName, int]


class PairOut(Output):
    """A pair of a job. `seq` is its target number, null before the start; `axes` is by axis name."""

    model_config = example(PAIR)

    seq: int | None
    item: str
    cluster: str
    tags: dict[str, str]
    a: SideOut
    b: SideOut
    axes: dict[str, AxisOut]


class PairsPageOut(PageOut[PairOut]):
    """A page of a job's pairs. Where a filter is asked that must read judgments it may be short, even empty, and still
    have a `next`: go on there.
    """

    model_config = example({"items": [PAIR], "next": None, "searched": 500, "pairs": 500, "total": 1})

    searched: int = Field(description="pairs looked through so far, on this page and those before")
    pairs: int = Field(description="pairs of the job")
    total: int | None = Field(description="pairs in the whole list; null where only reading the job would tell")


class PickOut(Output):
    """A pick about positions, and the side it means. `log_odds` = log P(FIRST)/P(SECOND), in nats."""

    pick: PickName
    side: SideName
    log_odds: float | None
    reason: str


class UnitUsageOut(Output):
    """Tokens of one unit; null where the endpoint did not say."""

    prompt_tokens: int | None
    completion_tokens: int | None
    cached_tokens: int | None


class JudgmentOut(Output):
    """The stored fact of one unit. `outcome` is `judged`, or why there is no verdict; `raw` is the reply's text."""

    model_config = example(JUDGMENT)

    seq: int
    item: str
    judge: str
    order: Literal["AB", "BA"]
    repeat: int
    outcome: str
    picks: dict[str, PickOut]
    detail: str
    raw: str
    prompt_hash: str
    served_model: str | None
    logprob_kind: str | None
    censored: bool
    images_sent: int
    calls: int
    usage: UnitUsageOut
    latency_ms: float
    created_at: datetime
