"""Verdicts made elsewhere: one row of a verdicts file (docs/contract.md)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from app.domain.order import Order

IMPORTED_JUDGE = "imported"
OVERALL = "overall"


class Design(StrEnum):
    """How the pairs that people labelled came to be chosen; only a random draw speaks for the pairs not labelled."""

    RANDOM = "random"
    FILTERED = "filtered"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class ImportedVerdict:
    """`count` identical verdicts of one judge on one axis about two models' traces for one item.

    `score`: 1 = A wins, 0 = B wins, 1/2 = tie, anything between = a soft verdict; None = abstained. `order`: which
    trace was shown first; None = a final stance, which no policy changes. `item` None: a pair of its own.
    `cluster` None: the item, or for a row without one (or with a count) an independent cluster for each verdict.
    `human`: a label; then `judge` names the labeller, `design` and `inclusion_probability` say how the pair was drawn.
    """

    line: int
    model_a: str
    model_b: str
    score: float | None
    item: str | None = None
    judge: str = IMPORTED_JUDGE
    axis: str = OVERALL
    order: Order | None = None
    repeat: int = 0
    count: int = 1
    cluster: str | None = None
    length_a: int | None = None
    length_b: int | None = None
    tags: Mapping[str, str] = field(default_factory=dict)
    human: bool = False
    design: Design = Design.UNKNOWN
    inclusion_probability: float | None = None
