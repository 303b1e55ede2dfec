"""Win rate, preference rate and their one interval rule (docs/statistics.md, sections 6-8)."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from app.domain.verdict import Verdict
from app.stats.intervals import ROBUST_95, Confidence, Interval, mean_interval, share_interval
from app.stats.tally import Counts, counts

Array = npt.NDArray[Any]


@dataclass(frozen=True, slots=True)
class Rate:
    """A rate with everything needed to print it honestly.

    `estimate`: a mean over `n_decided` of the `n_pairs` pairs, None when there are none. `bounds`: the rate with every
    missing pair given to B, and to A. `method`: how the interval was made, in words for the method line. `n_clusters`
    counts clusters with a decided pair; `effective_clusters` is G* = n^2 / sum n_c^2.
    """

    estimate: float | None
    se: float | None
    low: float | None
    high: float | None
    level: float
    method: str
    n_pairs: int
    n_decided: int
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


def win_rate(verdict: Array, score: Array, cluster: Array, confidence: Confidence = ROBUST_95) -> Rate:
    """Mean score of side A over the decided pairs; under `half` (wins + (ties + inconsistent)/2) / decided.

    `verdict`: int8 (n,), a `Verdict`. `score`: float (n,) in [0, 1], NaN where the policy does not decide the
    pair. `cluster`: int (n,) >= 0. Interval: `app.stats.intervals`, whose sources apply.
    """
    decided = ~np.isnan(score)
    if not decided.all():
        score, cluster = score[decided], cluster[decided]
    return _rate(counts(verdict), mean_interval(score, cluster, confidence), confidence)


def preference_rate(verdict: Array, cluster: Array, confidence: Confidence = ROBUST_95) -> Rate:
    """Wins / (wins + losses), by the same interval rule on the pairs won or lost. Arguments as in `win_rate`."""
    won = verdict == Verdict.A
    interval = share_interval(won, won | (verdict == Verdict.B), cluster, confidence)
    return _rate(counts(verdict), interval, confidence)


def _rate(tally: Counts, interval: Interval, confidence: Confidence) -> Rate:
    return Rate(
        estimate=interval.estimate,
        se=interval.se,
        low=interval.low,
        high=interval.high,
        level=confidence.level,
        n_decided=interval.n,
        method=confidence.kind.words,
        n_clusters=interval.n_clusters,
        effective_clusters=interval.effective_clusters,
        **asdict(tally),
        bounds=_bounds(interval.estimate, interval.n, tally.missing),
        warnings=interval.warnings,
    )


def _bounds(estimate: float | None, decided: int, missing: int) -> tuple[float, float] | None:
    """The rate with every missing pair lost, and won (Manski 1990, worst-case bounds)."""
    if not decided + missing:
        return None
    total = (estimate or 0.0) * decided
    return total / (decided + missing), (total + missing) / (decided + missing)
