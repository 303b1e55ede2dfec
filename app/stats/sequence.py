"""Confidence sequences: bounds on a mean of cluster values that hold at every look (docs/statistics.md, section 21).

Source: Waudby-Smith and Ramdas (2024), Journal of the Royal Statistical Society B 86:1-27: hedged capital with
predictable plug-in bets, with and without replacement; Ville (1939) for why a look costs nothing.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from app.domain.errors import Invalid, Problem
from app.stats.intervals import HALF

Array = npt.NDArray[Any]
STEPS = 2_000  # the means that are tried lie 1/STEPS apart, 1/2 among them; bounds are rounded outward to them
STAKE = 0.5  # the largest share of its capital that a bet can lose
CELLS = 1 << 15
ROWS = 1_000  # STAKE to this power is still a number
TINY = 1e-9
POINTS = 200


class Target(StrEnum):
    """What a sequence is about; the two kinds answer different questions and are never mixed."""

    NEW_ITEMS = "new_items"
    THIS_JOB = "this_job"

    @property
    def words(self) -> str:
        """The target as a sentence under a chart names it."""
        return _WORDS[self]


_WORDS = {
    Target.NEW_ITEMS: "new items like these: valid at every look, and may stop a job",
    Target.THIS_JOB: "what this job's final number will be: it says nothing about new items, nor which model is better",
}


@dataclass(frozen=True, slots=True)
class ClusterValues:
    """(T,) values in [0, 1] of the finished prefix of clusters in seeded order.

    `low` gives every lost pair to B, `high` to A; without losses they are equal.
    """

    low: Array
    high: Array


@dataclass(frozen=True, slots=True)
class ConfidenceSequence:
    """Bounds after t = 0, 1 ... T clusters: the running intersection, (T + 1,) each, all t right at once.

    The bounds themselves are ruled out, unless they are 0 and 1. `decided_at`: the first t at which 1/2 is ruled out,
    and for which side; always None for the target THIS_JOB, which decides nothing. `total`: clusters of the job,
    for that target.
    """

    target: Target
    level: float
    t: Array
    low: Array
    high: Array
    decided_at: int | None
    decided_for: Literal["A", "B"] | None
    total: int | None = None
    warnings: tuple[str, ...] = ()


def cluster_values(score: Array, lost: Array, place: Array, n_clusters: int, largest: int) -> ClusterValues:
    """Value of each finished cluster, 1/2 + (n_c / largest)(mean_c - 1/2), a lost pair at its worst for each bound.

    `score`: float (n,) in [0, 1], NaN where the policy does not decide the pair: such a pair adds nothing, as if it
    counted 1/2. `lost`: bool (n,), pairs that will never have a score. `place`: int (n,), the place of the pair's
    cluster in the seeded order, below `n_clusters`, the length of the finished prefix. `largest`: most pairs of any
    cluster of the job, fixed before it starts. Raises Invalid when a cluster is larger.

    The mean of these values over clusters is 1/2 + (mean n_c / largest)(rate - 1/2), with the rate over pairs: it
    stands on the same side of 1/2 as the rate.
    """
    if len(place) and int(np.bincount(place).max()) > largest:
        raise Invalid("a cluster has more pairs than the largest", (Problem("fix it before the start", "largest"),))
    if len(place) and int(place.max()) >= n_clusters:
        raise Invalid("a pair lies outside the finished prefix", (Problem("must exceed every place", "n_clusters"),))
    excess = np.where(np.isnan(score), 0.0, score - HALF)
    lows, highs = (
        HALF + np.bincount(place, weights=np.where(lost, worst, excess), minlength=n_clusters) / largest
        for worst in (-HALF, HALF)
    )
    return ClusterValues(np.clip(lows, 0, 1), np.clip(highs, 0, 1))


def new_items_sequence(values: ClusterValues, level: float = 0.95) -> ConfidenceSequence:
    """Sequence for the mean value of new clusters; the kind that may stop a job.

    P(any bound is ever wrong) <= 1 - level for clusters drawn independently and read in seeded order. Raises Invalid
    for values or a level out of range.
    """
    found = _sequence(values, level, None)
    ruled_out = (found.low >= HALF) | (found.high <= HALF)
    if not ruled_out.any():
        return found
    at = int(ruled_out.argmax())
    return replace(found, decided_at=int(found.t[at]), decided_for="A" if found.low[at] >= HALF else "B")


def this_job_sequence(values: ClusterValues, total: int, level: float = 0.95) -> ConfidenceSequence:
    """Sequence for the mean value over the `total` clusters of this job, read in seeded order; it decides nothing.

    At t = total it has closed in on the job's own number. Raises Invalid as `new_items_sequence`, and when more
    than `total` clusters are given.
    """
    if len(values.low) > total:
        raise Invalid("more clusters have finished than the job has", (Problem("too small", "total"),))
    return replace(_sequence(values, level, total), target=Target.THIS_JOB, total=total)


def on_rate_scale(sequence: ConfidenceSequence, largest: int, mean_size: float) -> ConfidenceSequence:
    """The same sequence as a rate over pairs: 1/2 + (bound - 1/2) largest / mean_size, within [0, 1].

    `mean_size`: pairs / clusters of the whole job, known before it starts. Exact for THIS_JOB, and for NEW_ITEMS
    when all clusters have one size; else NEW_ITEMS is exact only where new clusters have the job's mean size.
    `decided_at` needs none of this.
    """
    stretch = largest / mean_size
    low, high = (np.clip(HALF + (bound - HALF) * stretch, 0, 1) for bound in (sequence.low, sequence.high))
    return replace(sequence, low=low, high=high)


def thinned(sequence: ConfidenceSequence, points: int = POINTS) -> ConfidenceSequence:
    """At most about `points` of its looks for a chart, denser at the start; the first, the last and `decided_at` stay.

    The looks kept are exact: nothing is averaged.
    """
    last = len(sequence.t) - 1
    keep = np.round(last * np.linspace(0, 1, points) ** 2).astype(int)
    if sequence.decided_at is not None:
        keep = np.append(keep, np.searchsorted(sequence.t, sequence.decided_at))
    keep = np.unique(keep)
    return replace(sequence, t=sequence.t[keep], low=sequence.low[keep], high=sequence.high[keep])


@dataclass(frozen=True, slots=True)
class _Bettor:
    """One who bets, on every mean m that is tried, that the values exceed m.

    `x`: (T,) values; `read`: (T + 1,) their sum before each; `bet`: (T,) stakes before capping; `log_capital`:
    (STEPS + 1,) for each m.
    """

    x: Array
    read: Array
    bet: Array
    log_capital: Array
    total: int | None

    @classmethod
    def on(cls, x: Array, level: float, total: int | None) -> _Bettor:
        return cls(x, np.append(0, np.cumsum(x)), _bets(x, level), np.zeros(STEPS + 1), total)

    def refuted(self, rows: slice, tried: slice, means: Array, limit: float) -> Array:
        """(rows, tried) whether each mean was refuted by then, non-increasing in m; brings the capital up to date."""
        x, expected = self.x[rows, None], self._expected(rows, means)
        stake = np.minimum(self.bet[rows, None], STAKE / np.maximum(expected, TINY))
        with np.errstate(over="ignore"):  # what is infinitely rich is refuted all the same
            growth = np.cumprod(1 + stake * (x - expected), axis=0)
            enough = np.exp(limit - self.log_capital[tried])
        self.log_capital[tried] += np.log(growth[-1])
        out: Array = np.logical_or.accumulate(growth >= enough, axis=0) | self._impossible(rows, means)
        return out

    def _expected(self, rows: slice, means: Array) -> Array:
        """Mean of the clusters still unread before each row, if the job's mean were m; m itself with replacement."""
        if self.total is None:
            return means[None, :]
        unread = self.total - np.arange(rows.start, rows.stop)
        expected: Array = np.clip((self.total * means - self.read[rows, None]) / unread[:, None], 0, 1)
        return expected

    def _impossible(self, rows: slice, means: Array) -> Array:
        """Whether the clusters read by then sum to more than all clusters would, if the job's mean were m."""
        if self.total is None:
            return np.zeros(1, dtype=bool)
        read = self.read[rows.start + 1 : rows.stop + 1, None]
        impossible: Array = self.total * means < read - TINY * self.total
        return impossible


def _bets(x: Array, level: float) -> Array:
    """Predictable plug-in stakes: each knows only the values before it."""
    t = np.arange(1, len(x) + 1)
    mean = (HALF + np.cumsum(x)) / (t + 1)
    variance = (HALF * HALF + np.cumsum((x - mean) ** 2)) / (t + 1)
    before = np.concatenate([[HALF * HALF], variance[:-1]])[: len(x)]
    bets: Array = np.sqrt(2 * math.log(2 / (1 - level)) / (before * t * np.log1p(t)))
    return bets


def _sequence(values: ClusterValues, level: float, total: int | None) -> ConfidenceSequence:
    _check(values, level)
    low, high, read = _bounds(values, level, total)
    end = len(values.low)
    broken = f"after {read} clusters no mean is left: the order is not random, or the {1 - level:.3g} chance came true"
    low[read + 1 :], high[read + 1 :] = low[read], high[read]
    return ConfidenceSequence(
        target=Target.NEW_ITEMS,
        level=level,
        t=np.arange(end + 1),
        low=low,
        high=high,
        decided_at=None,
        decided_for=None,
        warnings=(broken,) if read < end else (),
    )


def _bounds(values: ClusterValues, level: float, total: int | None) -> tuple[Array, Array, int]:
    """Bounds at every look and how many looks left some mean; each side spends half of 1 - level.

    A bettor is richer on every smaller mean, so what is left is a range of the grid. Beside it only the next mean at
    each end is still tried, which makes a long sequence cheap and shows when both bettors refute one mean.
    """
    grid, end, limit = np.arange(STEPS + 1) / STEPS, len(values.low), math.log(2 / (1 - level))
    up, down = _Bettor.on(values.low, level, total), _Bettor.on(1 - values.high, level, total)
    low, high = np.zeros(end + 1), np.ones(end + 1)
    first, beyond, start = 0, STEPS + 1, 0
    while start < end:
        tried = slice(max(0, first - 1), min(STEPS + 1, beyond + 1))
        rows = slice(start, min(end, start + min(ROWS, CELLS // (tried.stop - tried.start))))
        firsts = np.maximum(first, tried.start + up.refuted(rows, tried, grid[tried], limit).sum(axis=1))
        beyonds = np.minimum(beyond, tried.stop - down.refuted(rows, tried, 1 - grid[tried], limit).sum(axis=1))
        low[rows.start + 1 : rows.stop + 1] = grid[np.maximum(firsts - 1, 0)]
        high[rows.start + 1 : rows.stop + 1] = grid[np.minimum(beyonds, STEPS)]
        empty = firsts > beyonds  # when equal, the means between two that were tried are left
        if empty.any():
            return low, high, start + int(empty.argmax())
        first, beyond, start = int(firsts[-1]), int(beyonds[-1]), rows.stop
    return low, high, end


def _check(values: ClusterValues, level: float) -> None:
    problems = []
    for name in ("low", "high"):
        x = getattr(values, name)
        if not ((x >= 0) & (x <= 1)).all():
            problems.append(Problem("every value must be a number from 0 to 1", f"values.{name}"))
    if len(values.low) != len(values.high) or (not problems and (values.low > values.high).any()):
        problems.append(Problem("no value may exceed that of `high`, and both have one length", "values.low"))
    if not 0 < level < 1:
        problems.append(Problem("must lie between 0 and 1", "level"))
    if problems:
        raise Invalid("no confidence sequence can be made", tuple(problems))
