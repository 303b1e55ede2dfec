"""Which of people's labels speak for all pairs of a comparison, from one model's side (docs/statistics.md, 17)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from app.domain.imported import Design
from app.reports import numbers
from app.reports.matchups import Matchup
from app.reports.sheet import Labels
from app.stats import ppi

Array = npt.NDArray[Any]
NO_LABELS = Labels(*(np.empty(0, kind) for kind in (np.int64, np.int64, float, bool, float)))
CHOSEN = "labels of pairs that were not drawn at random are left out"
NO_CHANCE = "labels without an inclusion probability are left out: beside unequal ones they cannot be weighed"


def labels_of(matchup: Matchup, labels: Labels, pairs: int) -> tuple[ppi.Labels, list[str]]:
    """The labels on a matchup's pairs, of several labellers the mean, NaN where none could decide; and what was left
    out. `pairs`: how many the sheet has.
    """
    place = np.full(pairs, -1)
    place[matchup.rows] = np.arange(len(matchup.rows))
    here, told = place[labels.pair] >= 0, ~np.isnan(labels.score)
    speak = _speaking(labels, here)
    used = speak if (speak & told).any() else here
    at, score, chance = place[labels.pair[used]], labels.score[used], labels.probability[used]
    if matchup.flipped is not None:
        score = np.where(matchup.flipped[at], 1 - score, score)
    index, first, inverse = np.unique(at, return_index=True, return_inverse=True)
    inclusion = None if np.isnan(chance).any() else chance[first]
    left_out = here & told & ~used
    return ppi.Labels(index, _means(score, inverse, len(index)), _design(labels, used), inclusion), [
        f"{numbers.whole(int(which.sum()))} {why}"
        for which, why in ((left_out & ~labels.random, CHOSEN), (left_out & labels.random, NO_CHANCE))
        if which.any()
    ]


def decided(asked: ppi.Labels) -> ppi.Labels:
    """Without the pairs that nobody could decide."""
    known = ~np.isnan(asked.score)
    inclusion = None if asked.inclusion is None else asked.inclusion[known]
    return replace(asked, index=asked.index[known], score=asked.score[known], inclusion=inclusion)


def filled(asked: ppi.Labels, score: float) -> ppi.Labels:
    """With `score` for the pairs that nobody could decide."""
    return replace(asked, score=np.where(np.isnan(asked.score), score, asked.score))


def _means(score: Array, of: Array, size: int) -> Array:
    told = ~np.isnan(score)
    count = np.bincount(of[told], minlength=size)
    total = np.bincount(of[told], score[told], minlength=size)
    means: Array = np.divide(total, count, out=np.full(size, np.nan), where=count > 0)
    return means


def _speaking(labels: Labels, here: Array) -> Array:
    """Which labels speak for pairs that have none: of those drawn at random, and of known chance among all pairs.

    A label drawn at random without a known chance had the same as all others. That goes beside known chances only where
    these are alike, too; else only labels of known chance can be weighed.
    """
    random, known = labels.random & here, ~np.isnan(labels.probability)
    of_known_chance = here & known & (labels.random | ~_filtered(labels))
    chances = labels.probability[random & known]
    if (random & ~known).any() and (not len(chances) or np.ptp(chances) == 0):
        return random
    return of_known_chance


def _filtered(labels: Labels) -> Array:
    return np.zeros(len(labels.pair), bool) if labels.filtered is None else labels.filtered


def _design(labels: Labels, used: Array) -> Design:
    if labels.random[used].all():
        return Design.RANDOM
    return Design.FILTERED if _filtered(labels)[used].all() else Design.UNKNOWN
