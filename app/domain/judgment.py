"""The stored fact of one unit: what a judge said about two positions, or why it said nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum

from app.domain.order import Order, Slot


class Pick(IntEnum):
    """What a reply says about positions. The numbers are what the database stores."""

    FIRST = 1
    SECOND = 2
    TIE = 3


class Outcome(IntEnum):
    """How a unit ended. The numbers are what the database stores; never reuse one.

    0 judged · 1-49 abstained (the judge answered, without a usable verdict) · 50-89 failed (no answer was
    to be had) · 90 cancelled.
    """

    JUDGED = 0
    CONTEXT_LENGTH = 1
    REFUSAL = 2
    UNPARSEABLE = 3
    TRUNCATED = 4
    NO_CONTENT = 5
    LOW_MASS = 6
    UNSTORABLE = 7
    ELSEWHERE = 8  # an imported row without a verdict: why is known where it was made
    ENDPOINT_ERROR = 50
    REJECTED = 51
    IMAGE_UNAVAILABLE = 52
    POISON = 53
    INTERNAL_ERROR = 54
    CANCELLED = 90

    @property
    def abstained(self) -> bool:
        return Outcome.JUDGED < self < Outcome.ENDPOINT_ERROR

    @property
    def failed(self) -> bool:
        return Outcome.ENDPOINT_ERROR <= self < Outcome.CANCELLED

    @property
    def label(self) -> str:
        """The word users meet: `context_length`, `endpoint_error`, ..."""
        return self.name.lower()


class Side(IntEnum):
    """What a pick means once positions are translated back to sides."""

    A = 1
    B = 2
    TIE = 3


def unswap(pick: Pick, order: Order) -> Side:
    """Translate a pick about positions into sides: the one place where the two vocabularies meet."""
    if pick is Pick.TIE:
        return Side.TIE
    return Side.A if (pick is Pick.FIRST) == (order is Order.AB) else Side.B


@dataclass(frozen=True, slots=True)
class AxisPick:
    """A pick on one axis.

    `log_odds` = log P(FIRST)/P(SECOND) in nats where the judge gave probabilities; `censored` when one of
    the two was missing from the reply and stands at the smallest probability reported.
    """

    pick: Pick
    log_odds: float | None = None
    censored: bool = False
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens of one unit, re-asks included; None where the endpoint did not say."""

    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    cached_tokens: int | None = None


@dataclass(frozen=True, slots=True)
class Judgment:
    """One finished unit of a target: picks per axis when judged, else an abstention or failure reason.

    `latency_ms`: wall time of the last call. `prompt_hash`: SHA-256 with the fence name as a placeholder.
    `raw`: the last reply body as received, capped. `calls`: HTTP calls spent.
    """

    target: int
    slot: Slot
    outcome: Outcome
    picks: Mapping[str, AxisPick] = field(default_factory=dict)
    detail: str = ""
    raw: bytes = b""
    prompt_hash: bytes = b""
    usage: Usage = field(default_factory=Usage)
    latency_ms: float = 0.0
    served_model: str | None = None
    logprob_kind: str | None = None
    images_sent: int = 0
    calls: int = 1
