"""Pages of lists: what may be asked of them and how they look."""

from __future__ import annotations

from typing import Annotated, Generic, Literal, TypeVar

from pydantic import Field, StringConstraints

from app.wire.shape import Input, Label, Output

T = TypeVar("T")
HumanName = Literal["agree", "disagree", "labelled"]


class PageIn(Input):
    """Which page of a list."""

    after: Annotated[str, StringConstraints(max_length=300)] | None = Field(
        None, description="`next` of the page before"
    )
    limit: Annotated[int, Field(ge=1, le=1_000)] = 100


class NarrowIn(Input):
    """Which pairs or judgments of a job."""

    axis: Label | None = None
    verdict: Label | None = None
    stance: Label | None = None
    tag: Label | None = Field(None, description="name:value")
    judge: Label | None = None
    reason: Label | None = Field(None, description="why a unit has no verdict, as in judgments")
    human: Label | None = Field(
        None,
        description=(
            "only for pairs, on `axis` or else the primary one. `labelled`: people labelled it. `agree`, `disagree`: "
            "more people chose one side (or a tie) than any other, the panel's verdict is A, B or TIE, and the two "
            "are the same, or not; a tie against a side is a disagreement, and who could not tell is not counted"
        ),
    )

    def filters(self) -> dict[str, str]:
        """The filters that were given."""
        return self.model_dump(include=set(NarrowIn.model_fields), exclude_none=True)


class FilterIn(PageIn, NarrowIn):
    """Which page of a list of pairs or judgments, and which of them."""

    format: Literal["ndjson", "parquet"] | None = Field(
        None, description="all rows, as with Accept: for links, which cannot say what they accept"
    )


class PageOut(Output, Generic[T]):
    """One page; `next` is null on the last."""

    items: list[T]
    next: str | None
