"""What a slice works on, and what its consumers share."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

from app.domain.judge import Judge
from app.domain.order import Plan, Slot
from app.domain.rubric import Rubric
from app.domain.trace import Pair
from app.judging.openai_chat import Picture
from app.judging.pool import JudgePool, Lane
from app.judging.stop import StopSignal


@dataclass(frozen=True, slots=True)
class Assignment:
    """What all targets of a slice share."""

    judge: Judge
    api_key: str | None = field(repr=False)
    rubric: Rubric
    plan: Plan
    fence_secret: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Target:
    """One pair and its units that have no judgment yet."""

    seq: int
    pair: Pair
    slots: tuple[Slot, ...]


class ImageSource(Protocol):
    """Where the bytes of images come from, asked anew for each call: it should remember the last few.

    Raises ImageMissing (final) or Unavailable (try again later).
    """

    async def load(self, sha256: str) -> Picture:
        """Media type and bytes."""


@dataclass(slots=True)
class Circumstances:
    """What the consumers of a slice share. `retry_after`: longest wait (seconds) a server asked for at the end."""

    assignment: Assignment
    pool: JudgePool
    lane: Lane
    images: ImageSource
    stop: StopSignal
    retry_after: float | None = None

    def closed(self) -> bool:
        """Whether no new call may start."""
        return self.stop.now() or self.lane.fault is not None
