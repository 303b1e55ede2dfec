"""The report parameters: the same names in HTTP, client and command line."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from app.domain.verdict import PolicyName
from app.reports import FORMATS
from app.reports.sheet import Parameters
from app.wire.shape import Input, Label


def _known(name: str) -> str:
    if name not in FORMATS:
        raise ValueError(f"must be one of {', '.join(FORMATS)}")
    return name


FormatName = Annotated[str, AfterValidator(_known), Field(json_schema_extra={"enum": list(FORMATS)})]


class ParametersIn(Input):
    """What a report is computed with; whatever is absent is as the job fixed it at submit."""

    policy: PolicyName | None = None
    ties: Literal["half_win", "davidson"] = "half_win"
    order_effect: bool = Field(default=False, description="a position parameter in Bradley-Terry")
    anchor: Label | None = Field(None, description="the model whose strength is 0")
    level: Annotated[float, Field(gt=0.5, lt=1)] = 0.95
    interval: Literal["robust", "model", "bootstrap"] = "robust"
    slice_by: Label = "modality"
    judges: list[Label] | None = Field(None, description="a subset of the panel; repeat the parameter")
    control: Literal["length", "format"] | None = Field(
        None, description="also the rate at equal length; `format`: and equal headings, list items and bold passages"
    )
    margin: Annotated[float, Field(gt=0, lt=0.5)] | None = Field(
        None, description="test equivalence within this distance of 1/2"
    )
    correction: Literal["holm", "bh"] = Field("holm", description="of the p-values of axes and slices")
    seed: Annotated[int, Field(ge=0, le=2**63 - 1)] = 0

    def to_domain(self) -> Parameters:
        return Parameters(
            policy=self.policy.value if self.policy is not None else None,
            ties=self.ties,
            order_effect=self.order_effect,
            anchor=self.anchor,
            level=self.level,
            interval=self.interval,
            slice_by=self.slice_by,
            judges=tuple(self.judges) if self.judges is not None else None,
            control=self.control,
            margin=self.margin,
            correction=self.correction,
            seed=self.seed,
        )


class ReportQuery(ParametersIn):
    """What GET report takes: the parameters, the format, and how much of it how soon."""

    format: FormatName | None = Field(None, description="instead of the Accept header")
    axis: Label | None = Field(None, description="see it from this axis: its headline, nothing of other axes (HTML)")
    part: Literal["whole", "body"] = Field("whole", description="body: without the page around it (HTML)")
    recent: bool = Field(
        default=False,
        description="answer at once with the last one made, however old (Last-Modified tells), while a newer one is "
        "being made; 202 without content while the first one is",
    )
