"""Pages of lists: what may be asked of them and how they look."""

from __future__ import annotations

from typing import Annotated, Generic, TypeVar

from pydantic import Field, StringConstraints

from app.wire.shape import Input, Label, Output

T = TypeVar("T")


class PageIn(Input):
    """Which page of a list."""

    after: Annotated[str, StringConstraints(max_length=300)] | None = Field(
        None, description="`next` of the page before"
    )
    limit: Annotated[int, Field(ge=1, le=1_000)] = 100


class FilterIn(PageIn):
    """Which pairs or judgments of a job."""

    axis: Label | None = None
    verdict: Label | None = None
    stance: Label | None = None
    tag: Label | None = Field(None, description="name:value")
    judge: Label | None = None
    reason: Label | None = Field(None, description="why a unit has no verdict, as in judgments")

    def filters(self) -> dict[str, str]:
        """The filters that were given."""
        return self.model_dump(exclude={"after", "limit"}, exclude_none=True)


class PageOut(Output, Generic[T]):
    """One page; `next` is null on the last."""

    items: list[T]
    next: str | None
