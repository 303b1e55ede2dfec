"""A job: what a user submits, the states it goes through, and how far it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from app.domain.errors import Conflict
from app.domain.judge import Judge
from app.domain.order import Order
from app.domain.rubric import OVERALL
from app.domain.verdict import Policy


class JobStatus(StrEnum):
    """Where a job stands. A job never becomes final while a retry is owed."""

    DRAFT = "draft"
    PREPARING = "preparing"
    RUNNING = "running"
    PAUSED = "paused"
    COMPLETED = "completed"
    COMPLETED_WITH_FAILURES = "completed_with_failures"
    CANCELLED = "cancelled"

    @property
    def final(self) -> bool:
        return self in FINAL


FINAL = frozenset({JobStatus.COMPLETED, JobStatus.COMPLETED_WITH_FAILURES, JobStatus.CANCELLED})

# Which verbs fit which status; everything else is a Conflict that names the status.
VERBS: Mapping[JobStatus, frozenset[str]] = {
    JobStatus.DRAFT: frozenset({"upload", "start", "cancel", "delete"}),
    JobStatus.PREPARING: frozenset({"cancel"}),
    JobStatus.RUNNING: frozenset({"pause", "cancel"}),
    JobStatus.PAUSED: frozenset({"resume", "cancel"}),
    JobStatus.COMPLETED: frozenset({"retry", "delete"}),
    JobStatus.COMPLETED_WITH_FAILURES: frozenset({"retry", "delete"}),
    JobStatus.CANCELLED: frozenset({"delete"}),
}


def require(verb: str, status: JobStatus) -> None:
    """Raise Conflict, naming the status and what would fit, when the verb does not."""
    allowed = VERBS[status]
    if verb not in allowed:
        fitting = ", ".join(sorted(allowed)) or "nothing"
        raise Conflict(f"the job is {status}; '{verb}' does not fit (possible now: {fitting})")


@dataclass(frozen=True, slots=True)
class NewJob:
    """What is fixed when a job is made. `judges`: names of stored judges, or inline ones with their secrets.

    `budget`: {"max_calls": int} and the like; `orders` is both unless the policy is `single`-only by wish.
    """

    name: str
    judges: tuple[str | tuple[Judge, str | None], ...]
    rubric: str
    primary_axis: str = OVERALL
    axes: tuple[str, ...] | None = None  # None = all axes of the rubric
    policy: Policy = field(default_factory=Policy)
    orders: tuple[Order, ...] = (Order.AB, Order.BA)
    repeats: int = 1
    seed: int = 0
    budget: Mapping[str, int] = field(default_factory=dict)
    metadata: Mapping[str, Any] = field(default_factory=dict)
    webhook_url: str | None = None


@dataclass(frozen=True, slots=True)
class Progress:
    """units = done + abstained + failed + cancelled + pending, always."""

    pairs: int
    units: int
    done: int
    abstained: int
    failed: int
    cancelled: int
    pending: int


@dataclass(frozen=True, slots=True)
class Spent:
    """What judging has used so far."""

    calls: int
    prompt_tokens: int
    completion_tokens: int
    cached_tokens: int


@dataclass(frozen=True, slots=True)
class Job:
    """A job as its owner sees it. `id` is the public id."""

    id: str
    name: str
    status: JobStatus
    status_reason: str | None
    judges: tuple[str, ...]
    rubric: str
    rubric_version: int
    axes: tuple[str, ...]
    primary_axis: str
    policy: Policy
    orders: tuple[Order, ...]
    repeats: int
    seed: int
    progress: Progress
    usage: Spent
    fenced_writes: int
    eta_seconds: float | None
    warnings: tuple[str, ...]
    metadata: Mapping[str, Any]
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
