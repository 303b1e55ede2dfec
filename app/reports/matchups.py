"""Which models meet in a sheet, and from whose side each pair is read."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from app.domain.verdict import Settled, Verdict
from app.reports.sheet import Sheet

Array = npt.NDArray[Any]

_MIRROR = np.arange(len(Verdict), dtype=np.int8)
_MIRROR[[Verdict.A, Verdict.B]] = Verdict.B, Verdict.A


@dataclass(frozen=True, slots=True)
class Matchup:
    """Two models and their pairs. `rows`: int (m,) pairs of the sheet in its order. `flipped`: bool (m,), True
    where the pair was submitted with the models the other way round, or None when none was. `cluster`: int (m,), the
    clusters numbered from 0 without a gap, in the order of their numbers in the sheet.
    """

    model_a: str
    model_b: str
    rows: Array
    flipped: Array | None
    cluster: Array

    def verdict(self, settled: Settled) -> Array:
        """(m,) verdicts with `model_a` as side A."""
        verdict = settled.verdict[self.rows]
        return verdict if self.flipped is None else np.where(self.flipped, _MIRROR[verdict], verdict)

    def score(self, settled: Settled) -> Array:
        """(m,) scores of `model_a`."""
        score = settled.score[self.rows]
        return score if self.flipped is None else np.where(self.flipped, 1 - score, score)

    def sides(self, of_a: Array, of_b: Array) -> tuple[Array, Array]:
        """Facts about the submitted sides A and B as facts about `model_a` and `model_b`."""
        a, b = of_a[self.rows], of_b[self.rows]
        return (a, b) if self.flipped is None else (np.where(self.flipped, b, a), np.where(self.flipped, a, b))

    def part(self, within: Array) -> Matchup:
        """Some of the pairs, `within` int into `rows`."""
        return replace(
            self,
            rows=self.rows[within],
            flipped=None if self.flipped is None else self.flipped[within],
            cluster=compact(self.cluster[within]),
        )


def matchups(sheet: Sheet) -> list[Matchup]:
    """Every two models that meet, most pairs first, then first seen; a model against itself comes last.

    `model_a` is the model that was side A in most of their pairs; where that is even, in the first one.
    """
    low, high = np.minimum(sheet.model_a, sheet.model_b), np.maximum(sheet.model_a, sheet.model_b)
    groups = split(low.astype(np.int64) * len(sheet.models) + high)
    groups.sort(key=lambda rows: (low[rows[0]] == high[rows[0]], -len(rows), rows[0]))
    return [_matchup(sheet, rows) for rows in groups]


def split(code: Array) -> list[Array]:
    """The rows of every code, int (n,), that occurs, by rising code; rows keep their order."""
    if not len(code):
        return []
    rows = np.argsort(code, kind="stable")
    return np.split(rows, np.flatnonzero(np.diff(code[rows])) + 1)


def _matchup(sheet: Sheet, rows: Array) -> Matchup:
    first = sheet.model_a[rows[0]]
    as_first = sheet.model_a[rows] == first
    keep = 2 * int(as_first.sum()) >= len(rows)
    a, b = sheet.model_a[rows[0]], sheet.model_b[rows[0]]
    flipped = ~as_first if keep else as_first
    model_a, model_b = (a, b) if keep else (b, a)
    return Matchup(
        sheet.models[model_a],
        sheet.models[model_b],
        rows,
        flipped if flipped.any() else None,
        compact(sheet.cluster[rows]),
    )


def compact(cluster: Array) -> Array:
    """The same clusters numbered without a gap: a rate counts by cluster, and on every axis anew."""
    steps = np.diff(cluster, prepend=cluster[:1])
    if (steps >= 0).all():  # so it is in target order
        return np.cumsum(steps > 0)
    return np.unique(cluster, return_inverse=True)[1]
