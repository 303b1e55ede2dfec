"""A judge: an endpoint pool, the model it serves, and how that model is asked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class Method(StrEnum):
    """How a verdict is taken from a reply."""

    JSON = "json"
    LOGPROBS = "logprobs"


class JudgeStatus(StrEnum):
    """Whether a judge may be called. `waiting` heals itself; `paused` waits for a person."""

    UNVERIFIED = "unverified"
    READY = "ready"
    WAITING = "waiting"
    PAUSED = "paused"


class Breaker(StrEnum):
    """Whether calls to a replica are let through: all, a first one to see, or none."""

    CLOSED = "closed"
    HALF_OPEN = "half_open"
    OPEN = "open"


@dataclass(frozen=True, slots=True)
class Judge:
    """Everything that decides how a judge answers; frozen into the job that uses it.

    `urls`: base URLs ending before /chat/completions. `timeout`: seconds for a whole call.
    `sampling`: passed on as it is (temperature, top_p, max_tokens, seed), null leaving a field out.
    """

    name: str
    urls: tuple[str, ...]
    served_model: str
    method: Method = Method.JSON
    sampling: Mapping[str, Any] = field(default_factory=dict)
    sees_images: bool = True
    max_in_flight: int = 64
    timeout: float = 120.0
    family: str | None = None

    @property
    def sampling_asked(self) -> dict[str, Any]:
        """Sampling as the endpoint is told: at temperature 0 when nothing else is said."""
        return {name: value for name, value in {"temperature": 0, **self.sampling}.items() if value is not None}

    @property
    def one_axis_a_call(self) -> bool:
        return self.method is Method.LOGPROBS
