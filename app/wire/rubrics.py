"""Rubrics as users write and see them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Self

from pydantic import Field

from app.domain.rubric import Rubric
from app.services.rubric_card import RubricCard
from app.wire.shape import Count, Filled, Input, Label, Name, Output, example


class AxisIn(Input):
    """One dimension of judging."""

    name: Name
    title: Label
    instruction: Filled
    needs_image: bool = False


EXAMPLE: dict[str, Any] = {
    "name": "proofs",
    "version": 1,
    "title": "Mathematical proofs",
    "guidance": "You compare two proofs.",
    "axes": [{"name": "overall", "title": "Overall", "instruction": "Which proof is better?", "needs_image": False}],
}


class RubricIn(Input):
    """Versioned instructions. A name and version, once stored, never change their content."""

    model_config = example(EXAMPLE)

    name: Name
    version: Count
    title: Label
    guidance: Filled
    axes: Annotated[list[AxisIn], Field(min_length=1, max_length=50)]


class AxisOut(Output):
    """One dimension of judging."""

    name: str
    title: str
    instruction: str
    needs_image: bool


class RubricOut(Output):
    """A rubric with the hash of its content."""

    model_config = example(EXAMPLE | {"hash": "5c" * 32})

    name: str
    version: int
    title: str
    guidance: str
    axes: list[AxisOut]
    hash: str

    @classmethod
    def of(cls, rubric: Rubric) -> Self:
        axes = [AxisOut.model_validate(axis) for axis in rubric.axes]
        return cls(
            name=rubric.name,
            version=rubric.version,
            title=rubric.title,
            guidance=rubric.guidance,
            axes=axes,
            hash=rubric.hash(),
        )


class RubricVersionOut(Output):
    """One version; `created_at` is null for what comes with the service."""

    version: int
    hash: str
    created_at: datetime | None


class RubricJobOut(Output):
    """A job judged by the rubric."""

    id: str
    name: str
    status: str
    version: int
    created_at: datetime


class RubricCardOut(Output):
    """A rubric, its versions, the newest jobs judged by it (up to 20), and the prompt of an example pair in order AB:
    all axes in one call, a stand-in for the job's secret code word.
    """

    model_config = example({
        "rubric": EXAMPLE | {"hash": "5c" * 32}, "built_in": False,
        "versions": [{"version": 1, "hash": "5c" * 32, "created_at": "2026-01-31T09:00:00Z"}],
        "jobs": [{
            "id": "0b8f3a52-6f0e-4a3c-9a44-0d8f6c1f2f10", "name": "tuned against base", "status": "completed",
            "version": 1, "created_at": "2026-01-31T09:00:00Z",
        }],
        "system": "You compare two reasoning traces ...", "user": "[TJ-EXAMPLE question] ...",
    })  # fmt: skip

    rubric: RubricOut
    built_in: bool
    versions: list[RubricVersionOut]
    jobs: list[RubricJobOut]
    system: str
    user: str

    @classmethod
    def of(cls, card: RubricCard) -> Self:
        return cls(
            rubric=RubricOut.of(card.rubric),
            built_in=card.built_in,
            versions=[RubricVersionOut.model_validate(one) for one in card.versions],
            jobs=[RubricJobOut.model_validate(one) for one in card.jobs],
            system=card.system,
            user=card.user,
        )
