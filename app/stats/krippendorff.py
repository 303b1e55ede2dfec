"""Krippendorff's alpha for nominal ratings by any number of raters, some of them missing (docs/statistics.md, 16).

Sources: Krippendorff (2004), Content Analysis: An Introduction to Its Methodology, 2nd ed., chapter 11; Hayes and
Krippendorff (2007), Communication Methods and Measures 1:77-89. The interval is a jackknife over clusters in place
of their bootstrap: it needs no draws, sees clusters, and costs the same for a million of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from app.domain.errors import Invalid, Problem
from app.stats.chance_corrected import Table, chance_corrected
from app.stats.intervals import ROBUST_95, Confidence, Interval, mean_interval

Array = npt.NDArray[Any]
KEYS = 2**62
TABLE = 4_096


@dataclass(frozen=True, slots=True)
class Alpha:
    """Alpha with its interval over n pairs that have two ratings or more; None, with a warning, without variation.

    `share`: mean over these pairs of how often two of their raters agree.
    """

    alpha: float | None
    low: float | None
    high: float | None
    n: int
    share: Interval
    warnings: tuple[str, ...] = ()


def krippendorff_alpha(ratings: Array, cluster: Array, confidence: Confidence = ROBUST_95) -> Alpha:
    """Alpha of `ratings`, int8 (n, raters), 0 where missing and otherwise a label > 0; `cluster`: int (n,) >= 0.

    Raises Invalid for a negative code, and where labels and raters are too many to count their combinations.
    """
    counts, kind = _combinations(ratings)
    rated = counts.sum(axis=0)
    several = (rated > 1)[kind]
    if not several.all():
        kind, cluster = kind[several], cluster[several]
    apart = (rated * rated - (counts * counts).sum(axis=0)) / np.maximum(rated - 1, 1)
    share = mean_interval((1 - apart / np.maximum(rated, 1))[kind], cluster, confidence)
    if share.estimate is None:
        return Alpha(None, None, None, 0, share, ("no pair has two ratings",))
    table = Table(np.concatenate([apart[None, :], counts]), kind, cluster)
    found = chance_corrected(table, _disagreement, share, confidence.level)
    return Alpha(found.estimate, found.low, found.high, share.n, share, (*share.warnings, *found.warnings))


def _combinations(ratings: Array) -> tuple[Array, Array]:
    """How often each label occurs in each kind of row, float (labels, kinds), and the kind of each row, int (n,)."""
    if ratings.size and ratings.min() < 0:
        raise Invalid("a rating is negative", (Problem("a rating is 0 (missing) or a label above 0", "ratings"),))
    labels = np.flatnonzero(np.bincount(ratings.ravel(), minlength=2)[1:]) + 1
    base = ratings.shape[1] + 1
    if base ** len(labels) > KEYS:
        problem = Problem("merge labels, or rate with fewer raters at a time", "ratings")
        raise Invalid(f"{len(labels)} labels by {base - 1} raters are too many for alpha", (problem,))
    weight = base ** np.arange(len(labels))
    worth = np.zeros(int(labels.max(initial=0)) + 1, dtype=np.int64)
    worth[labels] = weight
    key = np.zeros(len(ratings), dtype=np.int64)
    for rater in range(ratings.shape[1]):
        key += worth[ratings[:, rater]]
    possible = base ** len(labels)
    kinds, kind = (np.arange(possible), key) if possible <= TABLE else np.unique(key, return_inverse=True)
    return (kinds[None, :] // weight[:, None] % base).astype(float), kind


def _disagreement(totals: Array) -> tuple[Array, Array]:
    """Totals are: ratings that disagree (Krippendorff's off-diagonal coincidences), then ratings by label."""
    by_label = totals[1:]
    ratings = np.maximum(by_label.sum(axis=0), 2)
    expected = 1 - (by_label * (by_label - 1)).sum(axis=0) / (ratings * (ratings - 1))
    # Rounding must not make disagreement out of a single label.
    return totals[0] / ratings, np.where((by_label > 0).sum(axis=0) > 1, expected, 0.0)
