"""The Report: every number of a report as values, computed once in `build`, rendered by `as_*`.

Field names are the JSON field names of docs/contract.md. Shares and rates are fractions in [0, 1].
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from app.reports.report_inference import (
    DifferenceLine,
    EquivalenceLine,
    HeterogeneityLine,
    LengthLine,
    SignificanceLine,
)
from app.reports.report_trust import Agreement, CalibratedLine, CalibrationLine, SequenceLine
from app.stats.win_rate import Rate


@dataclass(frozen=True, slots=True)
class RateLine:
    """Two models on one axis, over all pairs or over one slice or stratum. A is `model_a`.

    `text` is the citable sentence. `slice` = {"tag": "modality", "value": "CT"} in slices; `stratum` is one of
    both_right, only_a_right, only_b_right, both_wrong, unknown in strata.
    """

    model_a: str
    model_b: str
    axis: str
    win_rate: Rate
    preference_rate: Rate
    text: str
    slice: dict[str, str] | None = None
    stratum: str | None = None
    assessed: bool = True
    test: SignificanceLine | None = None


@dataclass(frozen=True, slots=True)
class PolicyLine:
    """The headline comparison under one policy; `available` is False where the judge gave too little for it."""

    policy: str
    available: bool
    post_hoc: bool
    win_rate: Rate | None
    preference_rate: Rate | None
    note: str = ""


@dataclass(frozen=True, slots=True)
class ModelLine:
    """One model's Bradley-Terry strength (natural log; Elo-scaled beside) and its record on the primary axis."""

    model: str
    strength: float
    se: float | None
    low: float | None
    high: float | None
    elo: float
    rank_low: int
    rank_high: int
    wins: int
    losses: int
    ties: int
    unbounded: bool


@dataclass(frozen=True, slots=True)
class FitLine:
    """How the strengths were fitted. `components`: the groups of models that met. `errors`: how the standard
    errors were made, in words.
    """

    ties: str
    tie_parameter: float | None
    order_effect: dict[str, float | None] | None
    deviance: float | None
    df: int | None
    components: list[list[str]]
    warnings: list[str]
    errors: str = ""
    tied_groups: list[list[str]] = field(default_factory=list)
    win_probabilities: list[dict[str, Any]] = field(default_factory=list)
    tie_parameter_se: float | None = None


@dataclass(frozen=True, slots=True)
class PositionLine:
    """Position bias of one judge on one axis.

    `first_share`: share of picks for the first position among decided picks, with its interval; `bias` is that
    minus 1/2. `consistency`: share of pairs judged in both orders whose orders agree. `excess`: flips by order beyond
    the noise floor, None without repeats. All as Rate-like dicts {estimate, low, high, n}. `by_order`: units of the
    headline comparison, [{order, slice, won, lost, tied, lost_units}] for its `model_a`, shown first in order AB.
    `slices`: the same measures within every value of the tag, [{slice, first_share, bias, consistency, flips, partials,
    excess}].
    """

    judge: str
    axis: str
    first_share: dict[str, float | int | None]
    bias: float | None
    consistency: dict[str, float | int | None]
    flips: int
    partials: int
    note: str = ""
    excess: dict[str, float | int | None] | None = None
    by_order: list[dict[str, Any]] = field(default_factory=list)
    slices: list[dict[str, Any]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class JudgeLine:
    """One judge of the panel: its own rate on the primary axis, and the trust checks in words.

    `checks`: [{"name", "ok" (True, False or None = not applicable), "text"}].
    """

    judge: str
    win_rate: Rate
    checks: list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class LossLine:
    """Units without a verdict, by reason. `kind`: abstained, failed, cancelled or pending."""

    kind: str
    reason: str
    judge: str
    units: int
    share: float


@dataclass(frozen=True, slots=True)
class Losses:
    """What was lost and where: units by reason and order; missing pairs by model (of three or more), tag and length."""

    units: int
    lost: list[LossLine]
    missing_pairs: dict[str, int]
    by_tag: list[dict[str, Any]]
    by_order: list[dict[str, Any]]
    by_length: list[dict[str, Any]] = field(default_factory=list)
    by_model: list[dict[str, Any]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Methods:
    """The methods paragraph and the checklist [{"item", "value"}] every report ends with."""

    paragraph: str
    checklist: list[dict[str, str]]


@dataclass(frozen=True, slots=True)
class Results:
    """Canonical: byte-identical for the same picks, parameters and seed, whatever happened on the way."""

    parameters: dict[str, Any]
    provenance: dict[str, Any]
    headline: RateLine | None
    policies: list[PolicyLine]
    axes: list[RateLine]
    slices: list[RateLine]
    strata: list[RateLine]
    models: list[ModelLine]
    fit: FitLine | None
    position: list[PositionLine]
    judges: list[JudgeLine]
    losses: Losses
    methods: Methods
    warnings: list[str] = field(default_factory=list)
    equivalence: EquivalenceLine | None = None
    heterogeneity: list[HeterogeneityLine] = field(default_factory=list)
    differences: list[DifferenceLine] = field(default_factory=list)
    length: list[LengthLine] = field(default_factory=list)
    agreement: Agreement | None = None
    calibrated: list[CalibratedLine] = field(default_factory=list)
    calibration: list[CalibrationLine] = field(default_factory=list)
    sequences: list[SequenceLine] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Report:
    """`envelope` holds what may differ between two runs: job, times, software, usage."""

    envelope: dict[str, Any]
    results: Results
