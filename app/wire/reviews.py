"""Blind review as users write and see it: a lead draws pairs, labellers take turns.

A labeller never sees models, verdicts, the job's name or how a pair was drawn: `QueueOut` and `TurnOut` hold nothing
of the kind.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from app.wire.shape import LARGEST_INT, Input, Label, Output, Seed, example

PickName = Literal["first", "second", "tie", "unable"]
DesignName = Literal["random", "filtered", "cascade"]


class ReviewFiltersIn(Input):
    """Which pairs a review is drawn from; drawn from some, its labels say nothing about all."""

    axis: Label | None = None
    verdict: Label | None = None
    stance: Label | None = None
    tag: Label | None = Field(None, description="name:value")
    judge: Label | None = None
    reason: Label | None = None


class ReviewIn(Input):
    """A review to be made: so many pairs, drawn at random by `seed` from all pairs of the job, or from those the
    filters leave.
    """

    model_config = example({"title": "Radiologists, first round", "pairs": 200, "per_pair": 2})

    title: Label = Field("Review", description="what labellers see; do not name the models in it")
    pairs: Annotated[int, Field(strict=True, ge=1, le=LARGEST_INT)]
    per_pair: Literal[1, 2] = Field(1, description="labellers for every pair")
    axes: Annotated[list[Label], Field(min_length=1, max_length=50)] | None = Field(
        None, description="all axes of the job when absent"
    )
    seed: Seed = 0
    filters: ReviewFiltersIn = ReviewFiltersIn()


class LabellerOut(Output):
    """How far one labeller is. `seconds`: median over the pairs done."""

    labeller: str
    done: int
    seconds: float | None


class ReviewOut(Output):
    """A review as its lead sees it. `design` is `random` or `filtered`; only random ones reach the calibrated rate.

    `pairs` were drawn from `population`, each with `inclusion_probability`; `done` have all labellers they need.
    """

    model_config = example({
        "id": "5f3c1d7e-3a39-4b53-9d8a-0c6f1f2f1010", "job": "0b8f3a52-6f0e-4a3c-9a44-0d8f6c1f2f10",
        "title": "Radiologists, first round", "design": "random", "filters": {}, "seed": 0, "axes": ["overall"],
        "pairs": 200, "population": 4000, "inclusion_probability": 0.05, "per_pair": 2, "done": 120,
        "labellers": [{"labeller": "ann", "done": 130, "seconds": 41.5}],
        "created_at": "2026-01-31T09:00:00Z", "closed_at": None,
    })  # fmt: skip

    id: str
    job: str
    title: str
    design: DesignName
    filters: dict[str, str]
    seed: int
    axes: list[str]
    pairs: int
    population: int
    inclusion_probability: float | None
    per_pair: int
    done: int
    labellers: list[LabellerOut]
    created_at: datetime
    closed_at: datetime | None


class ReviewAxisOut(Output):
    """An axis as a labeller meets it."""

    name: str
    title: str
    question: str


class QueueOut(Output):
    """A review as a labeller sees it: `done` by this labeller, `left` for this labeller at this moment.

    `waiting`: others have them in front of them, and they come back if those stop. `seconds`: this labeller's median.
    """

    model_config = example({
        "id": "5f3c1d7e-3a39-4b53-9d8a-0c6f1f2f1010", "title": "Radiologists, first round",
        "axes": [{"name": "overall", "title": "Overall", "question": "Which reasoning is better?"}],
        "pairs": 200, "done": 12, "left": 188, "waiting": 0, "open": True, "seconds": 41.5,
    })  # fmt: skip

    id: str
    title: str
    axes: list[ReviewAxisOut]
    pairs: int
    done: int
    left: int
    waiting: int = 0
    open: bool
    seconds: float | None = None


class PictureOut(Output):
    """A picture of an item; its bytes are at /v1/images/{sha256}."""

    sha256: str
    width: int
    height: int


class ShownOut(Output):
    """One trace as a labeller sees it."""

    text: str
    answer: str | None


class TurnOut(Output):
    """One pair in front of one labeller, sides shuffled. `place` names it within the review. `picks`: what this
    labeller has said before, after an undo.
    """

    model_config = example({
        "review": "5f3c1d7e-3a39-4b53-9d8a-0c6f1f2f1010", "place": 17, "question": "What does the film show?",
        "options": {"A": "...", "B": "..."}, "images": [], "first": {"text": "...", "answer": "A"},
        "second": {"text": "...", "answer": "B"}, "picks": {},
    })  # fmt: skip

    review: str
    place: int
    question: str
    options: dict[str, str]
    images: list[PictureOut]
    first: ShownOut
    second: ShownOut
    picks: dict[str, PickName] = Field({})


class PicksIn(Input):
    """What a labeller says about a pair: a pick on every axis of the review. `seconds`: it was in front of them."""

    model_config = example({"picks": {"overall": "first"}, "seconds": 38.2})

    picks: Annotated[dict[Label, PickName], Field(min_length=1, max_length=50)]
    seconds: Annotated[float, Field(ge=0, le=86_400)] | None = None
