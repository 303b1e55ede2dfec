"""What a report says about agreement, human labels and calibration: field names are JSON field names."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class AgreementLine:
    """Two raters, or two kinds of raters, on one axis.

    `kind`: judge_judge, judge_human or human_human (the ceiling). `with_ties`, `without_ties`: {estimate, low, high,
    n}; `kappa`: {estimate, low, high} or None.
    """

    kind: str
    first: str
    second: str
    axis: str
    with_ties: dict[str, Any]
    without_ties: dict[str, Any]
    kappa: dict[str, Any] | None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Agreement:
    """Agreement between judges, with people, and of axes with each other.

    `alpha`: Krippendorff's, {estimate, low, high, n, raters} by kind (judges, humans). `panel`: effective panel size
    or inter-judge correlation. `judge_range`: lowest and highest win rate over judges. `axes`: inter-axis correlation.
    """

    lines: list[AgreementLine]
    alpha: list[dict[str, Any]]
    panel: dict[str, Any] | None
    judge_range: dict[str, Any] | None
    axes: list[dict[str, Any]]
    notes: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class CalibratedLine:
    """The human-calibrated win rate (PPI++): what people would say about all items.

    `available` is False, with a `note`, where there are too few labels or they were not drawn at random.
    `human_only`, `judge_only`: {estimate, low, high, n}. `these_items`: the same by the finite-population form, for
    exactly the items judged; None where all of them are labelled, or the rate is not available. `undecided`: labelled
    pairs that people could not decide; `bounds`: {low, high}, the estimate had all of them been B's, or A's.
    """

    model_a: str
    model_b: str
    axis: str
    available: bool
    estimate: float | None
    se: float | None
    low: float | None
    high: float | None
    level: float
    labels: int
    weight: float | None
    target: str
    human_only: dict[str, Any] | None
    judge_only: dict[str, Any] | None
    text: str
    note: str = ""
    these_items: dict[str, Any] | None = None
    undecided: int = 0
    bounds: dict[str, float] | None = None


@dataclass(frozen=True, slots=True)
class CalibrationLine:
    """How well a judge's soft verdicts are calibrated against labels. `curve`: [{start, end, mean,
    estimate, low, high, n}].
    """

    judge: str
    axis: str
    labels: int
    brier: dict[str, Any] | None
    temperature: float | None
    brier_tempered: float | None
    curve: list[dict[str, Any]]
    note: str = ""


@dataclass(frozen=True, slots=True)
class SequenceLine:
    """The confidence sequence of the headline comparison over the finished prefix of the seeded cluster order.

    `points`: [{clusters, low, high}], thinned. `decided_at`: the first number of clusters at which 1/2 is left out.
    """

    target: str
    level: float
    low: float | None
    high: float | None
    clusters: int
    of_clusters: int
    decided_at: int | None
    points: list[dict[str, Any]]
    text: str
    note: str = ""
