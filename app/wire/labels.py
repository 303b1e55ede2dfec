"""Human labels of a job's pairs as users meet them; they come in as rows of a verdicts file."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from app.wire.shape import Output, example


class LabelsAddedOut(Output):
    """What an upload of labels did."""

    model_config = example({"job": "0b8f3a52-6f0e-4a3c-9a44-0d8f6c1f2f10", "labels": 120, "total": 240})

    job: str
    labels: int = Field(description="labels in this upload")
    total: int = Field(description="labels the job has now")


class LabelOut(Output):
    """One person's verdict on one pair; `winner` null = could not tell."""

    model_config = example({
        "item": "q17", "model_a": "tuned-7b", "model_b": "base-7b", "axis": "overall", "labeller": "reader-2",
        "winner": "A", "order": "AB", "design": "random", "inclusion_probability": 0.1,
    })  # fmt: skip

    item: str
    model_a: str
    model_b: str
    axis: str
    labeller: str
    winner: Literal["A", "B", "tie"] | None
    order: Literal["AB", "BA"] | None
    design: str
    inclusion_probability: float | None
