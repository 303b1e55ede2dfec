"""Two judges of one job, or two jobs on the same pairs: how often they agree, and what that does to the win rates."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from app.domain.verdict import Settled, Verdict
from app.reports.matchups import Matchup, matchups
from app.reports.reading import alone, policy_of, settle_axis
from app.reports.sheet import Sheet
from app.stats import agreement as between
from app.stats.difference import Difference, difference
from app.stats.intervals import Confidence
from app.stats.win_rate import Rate, win_rate

Array = npt.NDArray[Any]

# In the order people read them; codes of the domain index into this table's numbers.
VERDICTS = (Verdict.A, Verdict.B, Verdict.TIE, Verdict.INCONSISTENT, Verdict.UNDECIDED, Verdict.MISSING)
MOST_MATCHUPS = 20
_MIRROR = np.arange(len(Verdict), dtype=np.int8)
_MIRROR[[Verdict.A, Verdict.B]] = Verdict.B, Verdict.A
_PLACE = np.array([VERDICTS.index(verdict) for verdict in Verdict])
_NO_VOTE = np.array([verdict if verdict != Verdict.UNDECIDED else Verdict.MISSING for verdict in Verdict], np.int8)


@dataclass(frozen=True, slots=True)
class Joined:
    """The n pairs both have: `rows` int (n,) pairs of the first's sheet, `others` int (n,) the same pairs of the
    second's; `swapped` bool (n,), there the sides are the other way round.
    """

    rows: Array
    others: Array
    swapped: Array


@dataclass(frozen=True, slots=True)
class Views:
    """What both say of n pairs, from the first's sides: `verdict` int8 (2, n), a `Verdict`; `score` float (2, n).
    `differ` bool (n,): they vote differently; an inconsistent verdict votes for a tie, as between judges in a report.
    """

    verdict: Array
    score: Array
    differ: Array


@dataclass(frozen=True, slots=True)
class RatePair:
    """Both win rates of `model_a` against `model_b` over the joined pairs, and first minus second."""

    model_a: str
    model_b: str
    first: Rate
    second: Rate
    difference: Difference


@dataclass(frozen=True, slots=True)
class Comparison:
    """Counts of joined pairs: `agree` + `differ` + `silent` (one of the two has no verdict) = `pairs`.

    `table[i][j]`: pairs on which the first says VERDICTS[i] and the second VERDICTS[j]. `with_ties`, `without_ties`:
    agreement by votes, whether a tie is a vote like any other or a pair goes when either calls one.
    """

    pairs: int
    swapped: int
    agree: int
    differ: int
    silent: int
    table: list[list[int]]
    with_ties: between.Agreement
    without_ties: between.Agreement
    rates: list[RatePair]


def settled_by(sheet: Sheet, axis: str, judge: str | None) -> Settled:
    """What one judge says of every pair on an axis under the job's policy, or, for None, the panel."""
    policy = policy_of(sheet, None)
    if judge is not None:
        sheet = alone(sheet, [one.name for one in sheet.judges].index(judge))
    return settle_axis(sheet, axis, policy)


def views(first: Settled, second: Settled, joined: Joined) -> Views:
    """Both on the joined pairs, the second's turned to the first's sides."""
    there, score = second.verdict[joined.others], second.score[joined.others]
    verdict = np.stack([first.verdict[joined.rows], np.where(joined.swapped, _MIRROR[there], there)])
    x, y = between.votes(_NO_VOTE[verdict])
    return Views(
        verdict=verdict,
        score=np.stack([first.score[joined.rows], np.where(joined.swapped, 1 - score, score)]),
        differ=(x != y) & (x > 0) & (y > 0),
    )


def compare(sheet: Sheet, joined: Joined, seen: Views, confidence: Confidence) -> Comparison:
    """Everything but the pairs themselves. `sheet`: the first's, whose clusters both are resampled by."""
    x, y = between.votes(_NO_VOTE[seen.verdict])
    cluster, silent = sheet.cluster[joined.rows], (x == 0) | (y == 0)
    size = len(VERDICTS)
    cell = _PLACE[seen.verdict[0]] * size + _PLACE[seen.verdict[1]]
    return Comparison(
        pairs=len(joined.rows),
        swapped=int(joined.swapped.sum()),
        agree=int((~seen.differ & ~silent).sum()),
        differ=int(seen.differ.sum()),
        silent=int(silent.sum()),
        table=np.bincount(cell, minlength=size * size).reshape(size, size).tolist(),
        with_ties=between.agreement(x, y, cluster, confidence, ties=True),
        without_ties=between.agreement(x, y, cluster, confidence, ties=False),
        rates=list(_rates(sheet, joined, seen, confidence)),
    )


def _rates(sheet: Sheet, joined: Joined, seen: Views, confidence: Confidence) -> Iterator[RatePair]:
    """For every two models that meet in the joined pairs, those with most pairs first."""
    part = replace(
        sheet,
        model_a=sheet.model_a[joined.rows],
        model_b=sheet.model_b[joined.rows],
        cluster=sheet.cluster[joined.rows],
    )
    said = [Settled(verdict, verdict[:, None], score) for verdict, score in zip(seen.verdict, seen.score, strict=True)]
    for matchup in matchups(part)[:MOST_MATCHUPS]:
        if matchup.model_a != matchup.model_b:
            yield _rate_pair(matchup, said, confidence)


def _rate_pair(matchup: Matchup, said: list[Settled], confidence: Confidence) -> RatePair:
    first, second = (win_rate(matchup.verdict(one), matchup.score(one), matchup.cluster, confidence) for one in said)
    x, y = (matchup.score(one) for one in said)
    apart = difference(x, matchup.cluster, y, matchup.cluster, confidence.level)
    return RatePair(matchup.model_a, matchup.model_b, first, second, apart)
