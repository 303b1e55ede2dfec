"""Imports as users meet them. The rows of a verdicts file are read in verdict_columns.py."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from app.domain.imported import Design
from app.domain.verdict import PolicyName
from app.wire.shape import Input, Label, Name, Output, example

EXAMPLE: dict[str, Any] = {"model_a": "tuned-7b", "model_b": "base-7b", "winner": "A", "item": "q17", "order": "AB"}


class RowsIn(Input):
    """How the rows of a file are to be read."""

    human: bool = Field(default=False, description="the verdicts are people's labels")
    design: Design = Field(Design.UNKNOWN, description="how labelled pairs were drawn, where a row does not say")


class NewImportIn(RowsIn):
    """A new import; its rows are the body."""

    name: Name = Field(description="what the import is called")
    primary_axis: Label | None = Field(None, description="default: `overall`, else the first row's axis")
    policy: Annotated[PolicyName, Field(description="what reports take as fixed before the verdicts were seen")] = (
        PolicyName.HALF
    )


class ImportOut(Output):
    """An import. Counts are those of the judges' rows; labels are counted apart."""

    model_config = example(
        {
            "id": "0b8f3a52-6f0e-4a3c-9a44-0d8f6c1f2f10", "name": "mt-bench", "rows": 200, "verdicts": 200,
            "pairs": 100, "models": ["tuned-7b", "base-7b"], "judges": ["imported"], "axes": ["overall"],
            "primary_axis": "overall", "policy": "half", "labels": 0, "skipped": 0,
            "created_at": "2026-11-24T01:37:31+00:00",
        }
    )  # fmt: skip

    id: str
    name: str
    rows: int
    verdicts: int = Field(description="rows times their counts")
    pairs: int
    models: list[str]
    judges: list[str]
    axes: list[str]
    primary_axis: str
    policy: str
    labels: int = 0
    skipped: int = Field(0, description="rows with count 0, which hold no verdict; told once, when they come in")
    created_at: str
