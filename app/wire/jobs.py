"""Jobs as users write and see them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Annotated, Any, Literal, Self

from pydantic import (
    BeforeValidator,
    Discriminator,
    Field,
    Tag,
    field_validator,
)

from app.domain.job import Job, JobStatus, NewJob
from app.domain.judge import Judge
from app.domain.order import Order
from app.domain.rubric import OVERALL
from app.domain.verdict import Policy, PolicyName
from app.wire.judges import JudgeIn
from app.wire.pairs import EXAMPLE as PAIR_EXAMPLE
from app.wire.pairs import PairIn, Url
from app.wire.shape import Count, Input, JsonObject, Label, Name, Output, Seed, example

OrderName = Literal["AB", "BA"]


JOB: dict[str, Any] = {
    "id": "0b8f3a52-6f0e-4a3c-9a44-0d8f6c1f2f10",
    "name": "tuned against base",
    "status": "running",
    "status_reason": None,
    "judges": ["qwen-72b"],
    "rubric": "reasoning-trace",
    "rubric_version": 1,
    "axes": ["overall"],
    "primary_axis": "overall",
    "policy": {"name": "half", "epsilon": 0.0, "quorum": 1},
    "orders": ["AB", "BA"],
    "repeats": 1,
    "seed": 0,
    "progress": {
        "pairs": 500, "units": 1000, "done": 612, "abstained": 3, "failed": 0, "cancelled": 0,
        "pending": 385,
    },
    "usage": {"calls": 615, "prompt_tokens": 1845000, "completion_tokens": 98400, "cached_tokens": 0},
    "fenced_writes": 0,
    "eta_seconds": 41.5,
    "warnings": [],
    "metadata": {},
    "created_at": "2026-01-31T09:00:00Z",
    "started_at": "2026-01-31T09:00:01Z",
    "finished_at": None,
}  # fmt: skip


class PolicyIn(Input):
    """How INCONSISTENT counts and how a panel votes; printed in every report."""

    name: PolicyName = PolicyName.HALF
    epsilon: Annotated[float, Field(ge=0, le=100)] = Field(
        0.0, description="debiased log-odds, in nats, up to which a pair is a tie"
    )
    quorum: Annotated[int, Field(strict=True, ge=1, le=16)] = Field(1, description="stances a panel needs")

    def to_domain(self) -> Policy:
        return Policy(self.name, self.epsilon, self.quorum)


class BudgetIn(Input):
    """Where a job pauses by itself."""

    max_calls: Count | None = None
    max_tokens: Annotated[int, Field(strict=True, ge=0)] | None = None


def _policy_by_name(value: Any) -> Any:
    return {"name": value} if isinstance(value, str) else value


def _kind_of_judge(value: Any) -> str:
    return "(name)" if isinstance(value, str) else "(inline)"


PolicyChoice = Annotated[PolicyIn, BeforeValidator(_policy_by_name, json_schema_input_type=PolicyName | PolicyIn)]
JudgeChoice = Annotated[
    Annotated[Name, Tag("(name)")] | Annotated[JudgeIn, Tag("(inline)")], Discriminator(_kind_of_judge)
]
Axes = Annotated[list[Label], Field(min_length=1, max_length=50)]
Orders = Annotated[list[OrderName], Field(min_length=1, max_length=2)]


class NewJobIn(Input):
    """A job to be made. With `pairs` it starts at once; without it stays a draft that pairs are uploaded into."""

    model_config = example(
        {
            "name": "tuned against base",
            "judges": ["qwen-72b"],
            "rubric": "reasoning-trace",
            "policy": "half",
            "pairs": [PAIR_EXAMPLE],
        }
    )

    name: Label = "unnamed"
    judges: Annotated[list[JudgeChoice], Field(min_length=1, max_length=16)] = Field(
        description="names of stored judges, or judges in full (needs the scope judges:write)"
    )
    rubric: Name = "reasoning-trace"
    primary_axis: Label = OVERALL
    axes: Axes | None = Field(None, description="axes to judge; all of the rubric when absent")
    policy: PolicyChoice = PolicyIn()
    orders: Orders = Field(["AB", "BA"])
    repeats: Annotated[int, Field(strict=True, ge=1, le=100)] = 1
    seed: Seed = 0
    budget: BudgetIn = BudgetIn()
    metadata: JsonObject = Field({}, description="yours; comes back as it is")
    webhook_url: Url | None = None
    pairs: list[PairIn] | None = None

    @field_validator("orders")
    @classmethod
    def _no_order_twice(cls, orders: list[OrderName]) -> list[OrderName]:
        if len(set(orders)) < len(orders):
            raise ValueError("names an order twice")
        return orders

    def to_domain(self) -> NewJob:
        return NewJob(
            name=self.name,
            judges=tuple(self._judges()),
            rubric=self.rubric,
            primary_axis=self.primary_axis,
            axes=tuple(self.axes) if self.axes is not None else None,
            policy=self.policy.to_domain(),
            orders=tuple(Order[order] for order in self.orders),
            repeats=self.repeats,
            seed=self.seed,
            budget=self.budget.model_dump(exclude_none=True),
            metadata=self.metadata,
            webhook_url=self.webhook_url,
        )

    def _judges(self) -> Iterator[str | tuple[Judge, str | None]]:
        for judge in self.judges:
            yield judge if isinstance(judge, str) else (judge.to_domain(), judge.secret)


class RetryIn(Input):
    """What to ask again."""

    what: set[Literal["failed", "abstained"]] = Field({"failed"}, min_length=1)


class ProgressOut(Output):
    """units = done + abstained + failed + cancelled + pending, always."""

    pairs: int
    units: int
    done: int
    abstained: int
    failed: int
    cancelled: int
    pending: int


class UsageOut(Output):
    """What judging has used so far."""

    calls: int
    prompt_tokens: int
    completion_tokens: int
    cached_tokens: int


class PolicyOut(Output):
    """The policy fixed at submit."""

    name: PolicyName
    epsilon: float
    quorum: int


class JobOut(Output):
    """A job and how far it is."""

    model_config = example(JOB)

    id: str
    name: str
    status: JobStatus
    status_reason: str | None
    judges: list[str]
    rubric: str
    rubric_version: int
    axes: list[str]
    primary_axis: str
    policy: PolicyOut
    orders: list[OrderName]
    repeats: int
    seed: int
    progress: ProgressOut
    usage: UsageOut
    fenced_writes: int = Field(description="late writes of lost leases that were refused; harmless")
    eta_seconds: float | None
    warnings: list[str]
    metadata: dict[str, Any]
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None

    @field_validator("orders", mode="before")
    @classmethod
    def _order_names(cls, orders: Any) -> Any:
        return [order.name if isinstance(order, Order) else order for order in orders]

    @classmethod
    def of(cls, job: Job) -> Self:
        return cls.model_validate(job)
