"""A plan as users ask for it and get it: the same names in HTTP, client and command line."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from pydantic import BeforeValidator, Field, field_validator

from app.reports.planned import Asked
from app.wire.shape import LARGEST_INT, Input, Output, example

TOKENS_FORM = r"^\d{1,9}(/\d{1,9})?$"


def _share(value: Any) -> Any:
    """2 %, 2% or 0.02."""
    if not isinstance(value, str) or not value.strip().endswith("%"):
        return value
    try:
        return float(value.strip()[:-1]) / 100
    except ValueError:
        raise ValueError("must be a percentage such as 2% or a fraction such as 0.02") from None


Share = Annotated[
    float, BeforeValidator(_share, json_schema_input_type=float | str), Field(ge=-1, le=1, examples=["2%", 0.02])
]
Whole = Annotated[int, Field(ge=1, le=LARGEST_INT)]
Positive = Annotated[float, Field(gt=0, le=1e15)]


class PlanQuery(Input):
    """What is to be planned: at least one of `half_width`, `effect` and `margin`. Shares are 2% or 0.02."""

    half_width: Share | None = Field(None, description="of the win rate's interval")
    effect: Share | None = Field(None, description="distance of the true rate from 1/2 that is to be found")
    margin: Share | None = Field(None, description="distance from 1/2 within which equivalence is to be shown")
    power: Share = Field(0.8, description="chance of finding the effect, or of showing equivalence")
    level: Share = Field(0.95, description="of the interval")
    rate: Share | None = Field(None, description="the true win rate, for half_width and margin; 1/2 or the pilot's")
    ties: Share | None = Field(None, description="share of decided pairs that count half; 0 or the pilot's")
    cluster_size: Annotated[float, Field(ge=1, le=LARGEST_INT)] | None = Field(None, description="pairs, on average")
    largest_cluster: Whole | None = Field(None, description="clusters differ in size, up to this; else they are alike")
    icc: Share | None = Field(None, description="correlation of two scores of one cluster; 0 or the pilot's")
    lost: Share | None = Field(None, description="share of pairs that will have no verdict; 0 or the pilot's")
    judges: Whole | None = Field(None, description="1 or the pilot's")
    orders: Annotated[int, Field(ge=1, le=2)] | None = Field(None, description="2 or the pilot's")
    repeats: Whole | None = Field(None, description="1 or the pilot's")
    axes: Whole | None = Field(None, description="axes judged; 1 or the pilot's")
    axes_per_call: Whole | None = Field(None, description="axes asked in one call; all when not given")
    tokens_per_call: Annotated[str, Field(pattern=TOKENS_FORM)] | None = Field(
        None, description="prompt/reply, e.g. 3500/300; or the pilot's"
    )
    tokens_per_second: Positive | None = Field(None, description="of one GPU, prompt and reply together")
    gpus: Whole = Field(1, description="that work beside each other")
    pilot: UUID | None = Field(None, description="a job or import that says what is not given here")

    @field_validator("power", "level")
    @classmethod
    def _a_chance(cls, value: float) -> float:
        if not 0 < value < 1:
            raise ValueError("must lie between 0 and 1")
        return value

    def to_domain(self) -> Asked:
        content = self.model_dump(exclude={"pilot", "tokens_per_call"})
        return Asked(**content, tokens_per_call=_tokens(self.tokens_per_call))


class PlannedOut(Output):
    """What one goal takes."""

    goal: str
    rate: float = Field(description="the true win rate that this goal assumes")
    pairs: int = Field(description="to submit, lost ones included")
    clusters: int
    effective_clusters: float = Field(description="n^2 / sum of squared cluster sizes, over decided pairs")
    design_effect: float = Field(description="1 + (weighted cluster size - 1) ICC")
    half_width: float = Field(description="expected; at 90 % for equivalence")
    power: float | None
    units: int = Field(description="judge calls without re-asked ones")
    tokens_in: float | None
    tokens_out: float | None
    gpu_seconds: float | None
    hours: float | None = Field(description="by the clock, on all GPUs")
    warnings: list[str]


class AssumptionOut(Output):
    """One thing the plan stands on."""

    name: str
    value: str
    source: str = Field(description="given, pilot or default")


class PlanOut(Output):
    """A plan for each goal, and what all of them assume."""

    model_config = example(
        {
            "plans": [
                {
                    "goal": "95 % interval of ± 2.0 % around 60.0 %", "rate": 0.6, "pairs": 2305, "clusters": 2305,
                    "effective_clusters": 2305.0, "design_effect": 1.0, "half_width": 0.02, "power": None,
                    "units": 4610, "tokens_in": 16135000.0, "tokens_out": 1383000.0, "gpu_seconds": 4379.5,
                    "hours": 1.22, "warnings": [],
                }
            ],
            "assumptions": [{"name": "ties among decided pairs", "value": "0.0 %", "source": "default"}],
            "warnings": [],
        }
    )  # fmt: skip

    plans: list[PlannedOut]
    assumptions: list[AssumptionOut]
    warnings: list[str]


def _tokens(text: str | None) -> tuple[float, float] | None:
    if text is None:
        return None
    prompt, _, reply = text.partition("/")
    return float(prompt), float(reply or 0)
