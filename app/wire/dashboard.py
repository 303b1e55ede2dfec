"""The numbers of the dashboard."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import Field

from app.domain.judge import Breaker, JudgeStatus
from app.services.dashboard import HeadlineState
from app.wire.jobs import JOB, JobOut
from app.wire.pages import PageIn, PageOut
from app.wire.shape import Output, example


class DashboardPageIn(PageIn):
    """Which jobs."""

    limit: Annotated[int, Field(ge=1, le=100)] = 20


class HeadlineOut(Output):
    """Who is preferred, as the report says it under the parameters of the job; the rate is that of `model_a`."""

    model_a: str
    model_b: str
    axis: str
    estimate: float | None
    low: float | None
    high: float | None
    level: float
    n_pairs: int
    n_decided: int = Field(description="of these pairs: what the rate is a mean over")
    text: str = Field(description="the citable sentence")
    as_of: datetime = Field(description="of the judgments it was computed from")


class JobLineOut(Output):
    """A job, and what it says so far."""

    job: JobOut
    headline: HeadlineOut | None
    headline_state: HeadlineState = Field(
        description="`pending` while the first headline is being computed, `none` where there is nothing to say"
    )
    units_per_minute: float | None = Field(description="of a running job; null while unknown")


class ReplicaOut(Output):
    """One replica of a judge over all live workers: the worst breaker, sums of slots and calls, mean latency."""

    host: str
    breaker: Breaker
    reason: str | None
    slots: float = Field(description="calls in flight that the limiters allow now")
    in_flight: int
    latency_ms: float | None = Field(description="of recent calls")
    workers: int


class TokensOut(Output):
    """What jobs that are not over have used so far."""

    prompt: int
    completion: int


class JudgeHealthOut(Output):
    """How a judge fares. No replicas: no live worker has called it yet."""

    name: str
    status: JudgeStatus
    status_reason: str | None
    in_use: bool = Field(description="a job that is not over asks it")
    replicas: list[ReplicaOut]
    in_flight: int
    tokens: TokensOut


class WorkersOut(Output):
    """Worker processes of the service seen in the last 30 s, and the slices they work on."""

    alive: int
    slices: int


class ThroughputOut(Output):
    """Units finished a minute over at most `window_seconds`, from counters sampled whenever this is asked; null until
    they were sampled twice.
    """

    units_per_minute: float | None
    window_seconds: float


class DashboardOut(Output):
    """Jobs with their headlines, newest first, and how judging fares. No list of judgments is read for it."""

    model_config = example({
        "as_of": "2026-01-31T09:00:20Z",
        "jobs": {
            "items": [{
                "job": JOB,
                "headline": {
                    "model_a": "tuned-7b", "model_b": "base-7b", "axis": "overall", "estimate": 0.723, "low": 0.671,
                    "high": 0.769, "level": 0.95, "n_pairs": 500, "n_decided": 496,
                    "as_of": "2026-01-31T09:00:12Z",
                    "text": "tuned-7b preferred to base-7b: win rate 72.3 % (95 % CI 67.1-76.9, ...",
                },
                "headline_state": "ready",
                "units_per_minute": 540.0,
            }],
            "next": None,
        },
        "running": 1,
        "judges": [{
            "name": "qwen-72b", "status": "ready", "status_reason": None, "in_use": True,
            "replicas": [{"host": "gpu-1:8000", "breaker": "closed", "reason": None, "slots": 32.0, "in_flight": 30,
                          "latency_ms": 2140.5, "workers": 1}],
            "in_flight": 30, "tokens": {"prompt": 1_845_000, "completion": 98_400},
        }],
        "workers": {"alive": 1, "slices": 2},
        "throughput": {"units_per_minute": 540.0, "window_seconds": 120.0},
    })  # fmt: skip

    as_of: datetime
    jobs: PageOut[JobLineOut]
    running: int = Field(description="running jobs of the project, on this page or not")
    judges: list[JudgeHealthOut] = Field(description="those in use or in trouble first")
    workers: WorkersOut
    throughput: ThroughputOut
