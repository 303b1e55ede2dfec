"""Win rate, preference rate and their one interval rule (docs/statistics.md, sections 6-8)."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Counts:
    """How n pairs ended, for side A.

    `missing` = lost + cancelled + pending. The identity holds:

    wins + losses + ties + inconsistent + undecided + missing = n_pairs.
    """

    n_pairs: int
    wins: int
    losses: int
    ties: int
    inconsistent: int
    undecided: int
    missing: int


@dataclass(frozen=True, slots=True)
class Rate:
    """A rate with everything needed to print it honestly.

    `estimate` is None when nothing was decided. `bounds`: the rate with every missing pair given to B, and to A.
    `method`: how the interval was made, in words for the method line. `n_clusters` counts clusters with a decided
    pair; `effective_clusters` is G* = n^2 / sum n_c^2.
    """

    estimate: float | None
    se: float | None
    low: float | None
    high: float | None
    level: float
    method: str
    n_pairs: int
    n_clusters: int
    effective_clusters: float
    wins: int
    losses: int
    ties: int
    inconsistent: int
    undecided: int
    missing: int
    bounds: tuple[float, float] | None
    warnings: tuple[str, ...] = ()
