"""What a job fixed at submit, and the plan of units that follows from it for each judge."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from app.domain.judge import Judge
from app.domain.order import Order, Plan, axis_groups
from app.domain.verdict import Policy


@dataclass(frozen=True, slots=True)
class Spec:
    """The choices of a job beside its rubric, judges and pairs; never changed after submit.

    `axes`: the axes judged, in the rubric's order, so their numbers within a group are stable.
    """

    primary_axis: str
    axes: tuple[str, ...]
    policy: Policy
    orders: tuple[Order, ...]
    repeats: int
    budget: Mapping[str, int] = field(default_factory=dict)
    metadata: Mapping[str, Any] = field(default_factory=dict)
    webhook_url: str | None = None


def plan_of(spec: Spec, judge: Judge) -> Plan:
    """The units asked of this judge for every target of the job."""
    return Plan(
        orders=spec.orders,
        repeats=spec.repeats,
        groups=axis_groups(spec.axes, one_axis_a_call=judge.one_axis_a_call),
    )
