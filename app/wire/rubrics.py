"""Rubrics as users write and see them."""

from __future__ import annotations

from typing import Annotated, Any, Self

from pydantic import Field

from app.domain.rubric import Rubric
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
