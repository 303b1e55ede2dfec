"""The Sheet: everything a report is computed from, as arrays over a job's pairs in target order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from app.domain.order import Order

Array = npt.NDArray[Any]
# In `Sheet.outcomes`: no judgment yet, and a place that is no unit (a judge that needs fewer calls than another).
PENDING = -1
NOT_PLANNED = -2


@dataclass(frozen=True, slots=True)
class JudgeFacts:
    """One judge of the job, as provenance: what was asked and what answered."""

    name: str
    served_model: str
    method: str
    sees_images: bool
    sampling: Mapping[str, Any]
    family: str | None = None
    images_sent: int = 0
    served_as: Sequence[str] = ()
    logprob_kind: str | None = None
    censored: int = 0  # log-probabilities that stand at the smallest one reported
    single_order: bool = False  # each of its pairs was shown in one order only


@dataclass(frozen=True, slots=True)
class AxisPicks:
    """Picks on one axis.

    `picks`: int8 (pairs, judges, orders, repeats), a Pick or 0 for none. `log_odds`: float32, same shape, NaN for
    none, or None when no judge gives any. `final`: float (pairs, judges), verdicts that came finished from
    elsewhere as scores for side A in [0, 1], NaN for none, or None when there is none. `means`: the same shape, the
    mean score of a pair where it tells more than picks or `final` do. `votes`: int8 (pairs, judges, repeats), a `Side`
    or 0 for none, the verdicts without an order one by one; None when each judge gave at most one on a pair.
    """

    picks: Array
    log_odds: Array | None = None
    final: Array | None = None
    means: Array | None = None
    votes: Array | None = None


@dataclass(frozen=True, slots=True)
class Tag:
    """One tag of all pairs. `values`: in order, each that occurs. `code`: int (pairs,) index into them, -1 for none."""

    values: tuple[str, ...]
    code: Array

    @classmethod
    def of(cls, cells: Sequence[str | None]) -> Tag:
        """From the value of every pair, None for none."""
        values = sorted({cell for cell in cells if cell is not None})
        index = {value: number for number, value in enumerate(values)} | {None: -1}
        return cls(tuple(values), np.array([index[cell] for cell in cells], np.int32))


@dataclass(frozen=True, slots=True)
class Labels:
    """Human labels on one axis, L of them.

    `pair`: int (L,) index into the sheet's pairs. `labeller`: int (L,) index into `Sheet.labellers`. `score`:
    float (L,), 1 for side A, 0 for B, 1/2 for a tie, NaN where the labeller could not tell. `random`: bool (L,), the
    pair was drawn at random. `probability`: float (L,), its inclusion probability, NaN where unknown. `filtered`: bool
    (L,), drawn from some pairs only, so that the others had no chance at all; None = none was.
    """

    pair: Array
    labeller: Array
    score: Array
    random: Array
    probability: Array
    filtered: Array | None = None


@dataclass(frozen=True, slots=True)
class PlannedReview:
    """Pairs that were drawn at random for people to label: on which axes, how many, how many of them are done."""

    axes: Sequence[str]
    pairs: int
    done: int
    closed: bool

    @property
    def complete(self) -> bool:
        return self.done >= self.pairs


@dataclass(frozen=True, slots=True)
class Sheet:
    """One job, ready for statistics. Pairs are in target (seq) order, which the job's seed fixes.

    `model_a`, `model_b`: int (pairs,) indices into `models`. `cluster`: int (pairs,). `right_a`, `right_b`: int8
    (pairs,), 1 right, 0 wrong, -1 unknown. `tags`: by name, those that were asked for and some pair has; a Tag, or an
    object array (pairs,) of str or None.
    `length_a`, `length_b`: int (pairs,) characters. `outcomes`: int8 (units,) in the shape (pairs, judges,
    groups, orders, repeats), an Outcome, PENDING or NOT_PLANNED. `leaks`: bool (pairs,), a trace names a model.
    `judges_saw_answers`, `judges_saw_reference`: what the prompts held. `labels`: axis -> human labels.
    `reviews`: the random ones. `imported`: the verdicts were made elsewhere. `formats`: int (pairs,
    2, kinds), marks of format on sides A and B; None = not asked for, or unknown. `metadata`: what the submitter told
    of the job.
    """

    models: tuple[str, ...]
    model_a: Array
    model_b: Array
    cluster: Array
    right_a: Array
    right_b: Array
    tags: Mapping[str, Tag | Array]
    length_a: Array
    length_b: Array
    has_images: Array
    leaks: Array
    judges: tuple[JudgeFacts, ...]
    orders: tuple[Order, ...]
    repeats: int
    axes: tuple[str, ...]
    axis_titles: Mapping[str, str]
    image_axes: frozenset[str]
    picks: Mapping[str, AxisPicks]
    outcomes: Array
    primary_axis: str
    policy: Mapping[str, Any]
    rubric: Mapping[str, Any]
    seed: int
    judges_saw_answers: bool
    judges_saw_reference: bool
    prompt_hash: str
    envelope: Mapping[str, Any] = field(default_factory=dict)
    labels: Mapping[str, Labels] = field(default_factory=dict)
    labellers: tuple[str, ...] = ()
    reviews: tuple[PlannedReview, ...] = ()
    imported: bool = False
    formats: Array | None = None
    metadata: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Parameters:
    """The report parameters of the contract; None = what the job fixed at submit."""

    policy: str | None = None
    ties: str = "half_win"
    order_effect: bool = False
    anchor: str | None = None
    level: float = 0.95
    interval: str = "robust"
    slice_by: str = "modality"
    judges: tuple[str, ...] | None = None
    control: str | None = None
    margin: float | None = None
    correction: str = "holm"
    seed: int = 0
