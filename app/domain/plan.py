"""What is asked of a job's targets: the frozen specification, and the plan of units it gives for a judge."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from app.domain.judge import Judge
from app.domain.order import Order, Plan, axis_groups
from app.domain.verdict import Policy


@dataclass(frozen=True, slots=True)
class JobSpec:
    """Everything about judging that is fixed at submit, besides rubric, judges and seed."""

    axes: tuple[str, ...]
    primary_axis: str
    policy: Policy = field(default_factory=Policy)
    orders: tuple[Order, ...] = (Order.AB, Order.BA)
    repeats: int = 1
    budget: Mapping[str, int] = field(default_factory=dict)
    metadata: Mapping[str, Any] = field(default_factory=dict)
    webhook_url: str | None = None


def plan_of(spec: JobSpec, judge: Judge) -> Plan:
    """The units of one target for one judge: methods differ in how many axes a call covers."""
    return Plan(spec.orders, spec.repeats, axis_groups(spec.axes, one_axis_a_call=judge.one_axis_a_call))
