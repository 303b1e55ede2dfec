"""What a report says about tests and comparisons of rates: field names are the JSON field names of the contract."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class SignificanceLine:
    """Null "rate = 1/2", by inverting the printed interval.

    `p_adjusted` within `family` (axes x slices); None for the primary axis, which stands alone. `exploratory`: the
    slice was chosen afterwards. `note` says why there is no p.
    """

    p: float | None
    p_adjusted: float | None
    family: str
    exploratory: bool
    note: str = ""


@dataclass(frozen=True, slots=True)
class EquivalenceLine:
    """TOST and non-inferiority of the headline rate within `margin` of 1/2."""

    margin: float
    equivalent: bool
    non_inferior: bool
    p_equivalence: float | None
    p_non_inferiority: float | None
    low: float | None
    high: float | None
    level: float
    text: str


@dataclass(frozen=True, slots=True)
class HeterogeneityLine:
    """Whether the slices of one tag differ on one axis; `p` None with a `note` where that cannot be told.

    `p_adjusted`: among all these tests of the report, a family of their own.
    """

    model_a: str
    model_b: str
    axis: str
    tag: str
    slices: int
    statistic: float | None
    df: float | None
    df_denominator: float | None
    p: float | None
    note: str = ""
    p_adjusted: float | None = None


@dataclass(frozen=True, slots=True)
class LengthLine:
    """How length and preference go together: the share won by the longer trace, and the rate at equal length (or
    length and format, as the report's parameter `control` says).

    `longer_won`, `controlled`: {estimate, low, high, n}. A sensitivity analysis: length may mediate quality.
    """

    model_a: str
    model_b: str
    axis: str
    longer_won: dict[str, Any]
    controlled: dict[str, Any] | None
    extrapolated: bool
    note: str = ""


@dataclass(frozen=True, slots=True)
class DifferenceLine:
    """Difference of two win rates against a shared base: `model_x` minus `model_y`."""

    model_x: str
    model_y: str
    base: str
    axis: str
    estimate: float | None
    low: float | None
    high: float | None
    n_clusters: int
    text: str
    note: str = ""
