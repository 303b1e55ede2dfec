"""A job as the API shows it, and a client that plays a list of them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from app.domain.verdict import PolicyName
from app.wire.jobs import JobOut, PolicyOut, ProgressOut, UsageOut

JOB_ID = "0198c0de-7a11-7000-8000-00000000c0de"


def a_job(status: str = "running", *, done: int = 0, abstained: int = 0, failed: int = 0, **changes: Any) -> JobOut:
    pending = 10 - done - abstained - failed
    fields = {
        "id": JOB_ID,
        "name": "base vs tuned",
        "status": status,
        "status_reason": None,
        "judges": ["judge"],
        "rubric": "reasoning-trace",
        "rubric_version": 1,
        "axes": ["overall"],
        "primary_axis": "overall",
        "policy": PolicyOut(name=PolicyName.HALF, epsilon=0.0, quorum=1),
        "orders": ["AB", "BA"],
        "repeats": 1,
        "seed": 0,
        "progress": ProgressOut(
            pairs=5, units=10, done=done, abstained=abstained, failed=failed, cancelled=0, pending=pending
        ),
        "usage": UsageOut(calls=0, prompt_tokens=0, completion_tokens=0, cached_tokens=0),
        "fenced_writes": 0,
        "eta_seconds": 95.2,
        "warnings": [],
        "metadata": {},
        "created_at": datetime(2026, 1, 2, tzinfo=UTC),
        "started_at": None,
        "finished_at": None,
    }
    return JobOut.model_validate(fields | changes)


class PlayedClient:
    """Answers `get_job` with one state after the other; an exception among them is raised."""

    def __init__(self, *states: JobOut | BaseException) -> None:
        self._states: Iterator[JobOut | BaseException] = iter(states)

    def get_job(self, job_id: str) -> JobOut:
        assert job_id == JOB_ID
        state = next(self._states)
        if isinstance(state, BaseException):
            raise state
        return state
