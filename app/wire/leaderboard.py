"""The leaderboard's parameters: the same names in HTTP, client and command line."""

from __future__ import annotations

from typing import Annotated, Literal
from uuid import UUID

from pydantic import AfterValidator, Field

from app.reports.board_formats import BOARD_FORMATS
from app.reports.leaderboard import Asked
from app.wire.shape import Input, Label

MOST_JOBS = 100


def _known(name: str) -> str:
    if name not in BOARD_FORMATS:
        raise ValueError(f"must be one of {', '.join(BOARD_FORMATS)}")
    return name


def _told_apart(tag: str) -> str:
    if not all(tag_of(tag)):
        raise ValueError("must be of the form name:value")
    return tag


BoardFormat = Annotated[str, AfterValidator(_known), Field(json_schema_extra={"enum": list(BOARD_FORMATS)})]


def tag_of(text: str) -> tuple[str, str]:
    """`name:value` or `name=value`; the first of the two signs counts. The value is empty without either."""
    sign = min((sign for sign in ":=" if sign in text), key=text.index, default=":")
    name, _, value = text.partition(sign)
    return name, value


class LeaderboardQuery(Input):
    """Which jobs are pooled, and what the leaderboard is computed with."""

    job: Annotated[list[UUID], Field(min_length=1, max_length=MOST_JOBS)] = Field(
        description="a job or an import; repeat the parameter"
    )
    tag: Annotated[Label, AfterValidator(_told_apart)] | None = Field(
        None, description="name:value: only the pairs whose item has this tag"
    )
    axis: Label | None = Field(None, description="instead of the jobs' primary axis")
    level: Annotated[float, Field(gt=0.5, lt=1)] = 0.95
    interval: Literal["robust", "model", "bootstrap"] = "robust"
    anchor: Label | None = Field(None, description="the model whose strength is 0")
    ties: Literal["half_win", "davidson"] = "half_win"
    allow_mixed: bool = Field(default=False, description="fit jobs that do not measure the same as strata")
    seed: Annotated[int, Field(ge=0, le=2**63 - 1)] = 0
    format: BoardFormat | None = Field(None, description="instead of the Accept header")

    def to_domain(self) -> Asked:
        return Asked(
            axis=self.axis,
            tag=tag_of(self.tag) if self.tag is not None else None,
            level=self.level,
            interval=self.interval,
            anchor=self.anchor,
            ties=self.ties,
            allow_mixed=self.allow_mixed,
            seed=self.seed,
        )
