"""Human-calibrated win rate: many judged pairs corrected by a few that people labelled (prediction-powered inference).

Sources: Angelopoulos, Duchi and Zrnic (2023), PPI++, arXiv 2311.01453, for the estimate and its tuning; Hajek (1971),
in Foundations of Statistical Inference, for labels drawn with unequal probability; Wilson (1927), JASA 22:209-212,
for limits inside [0, 1]. Definitions: docs/statistics.md, section 17.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np
import numpy.typing as npt

from app.domain.errors import Invalid, Problem
from app.domain.imported import Design
from app.stats.intervals import (
    FEW_CLUSTERS,
    HALF,
    ROBUST_95,
    Confidence,
    Interval,
    IntervalKind,
    dense,
    effective_clusters,
    mean_interval,
    t_quantile,
    wilson,
)

Array = npt.NDArray[Any]
FEWEST_LABELS = 50
FEW_CORRECTIONS = 10
NO_VARIATION = 1e-14  # a squared error this small is rounding
PERFECT = 1e-9


class Population(StrEnum):
    """Whose human win rate is estimated."""

    NEW_ITEMS = "new_items"
    THESE_ITEMS = "these_items"

    @property
    def words(self) -> str:
        """The target as the report names it."""
        return _WORDS[self]


_WORDS = {
    Population.NEW_ITEMS: "new items like these",
    Population.THESE_ITEMS: "exactly these items, with the finite-population correction",
}


@dataclass(frozen=True, slots=True)
class Labels:
    """Human verdicts on n of N judged pairs: `index`, int (n,), which; `score`, float (n,) in [0, 1], for side A.

    Of two labellers, the mean. `design`: how the pairs were drawn. `inclusion`, float (n,) in (0, 1]: the chance each
    had to be labelled, needed unless drawn at random; every one of the N pairs must have had some.
    """

    index: Array
    score: Array
    design: Design = Design.UNKNOWN
    inclusion: Array | None = None


@dataclass(frozen=True, slots=True)
class Calibrated:
    """Human win rate of side A over `target`, from n labels and N judge scores.

    `tuning`: lambda, how far the judge is trusted, 0 (not at all: `human`) to 1. `human`: from the labels alone;
    `judge`: the judge's rate uncorrected. `gain`: squared error of `human` over that of `estimate`; so many times
    the labels would be needed without a judge; None where the labels leave no error at all to compare with.
    `effective_clusters`: G* of the labels.
    """

    estimate: float
    se: float | None
    low: float
    high: float
    level: float
    target: Population
    tuning: float
    human: Interval
    judge: Interval
    gain: float | None
    n_labels: int
    n_pairs: int
    effective_clusters: float
    warnings: tuple[str, ...] = ()


def calibrated_rate(
    judge: Array,
    cluster: Array,
    labels: Labels,
    target: Population = Population.NEW_ITEMS,
    confidence: Confidence = ROBUST_95,
) -> Calibrated:
    """Correct `judge`, float (N,) in [0, 1], NaN where undecided (taken as 1/2), by `labels` on some of its pairs.

    `cluster`: int (N,) >= 0. With f the judge's scores, Y the labels, and means over labels weighted by 1/inclusion,
    the estimate is mean Y - lambda (mean f over labels - mean f over all). Error: cluster sums of psi_i =
    lambda (f_i - mean f)/N + 1[i labelled](e_i - mean e)/n, e = Y - lambda f, squared, times C/(C - 1), C the
    clusters with labels, and never below that of independent pairs; lambda in [0, 1] makes the clusters' squares least.
    For `these_items` psi is the second term times sqrt(1 - inclusion): exact for whole clusters drawn at random, wide
    rather than narrow where single pairs of larger clusters were drawn. Limits: Wilson's, with the n_eff of the
    labels times `gain`, t quantile on G* - 1. Where judge and labels never differ q^2/(G* + q^2) is added on both
    sides, Wilson's limit for an event not seen. `bootstrap` is answered by the rule.

    Invalid: labels from filtered pairs, or neither drawn at random nor with inclusion probabilities; fewer than 50
    labels; `these_items` when all are labelled; malformed labels.
    """
    _check(labels, len(judge), target)
    filled = np.where(np.isnan(judge), HALF, judge)
    cluster = np.arange(len(judge)) if confidence.kind is IntervalKind.MODEL else dense(cluster)
    terms = _terms(filled, cluster, labels, target)
    tuning = terms.best_tuning()
    human = _human(terms, confidence.level)
    before, after = terms.variance(0.0), terms.variance(tuning)
    gain = before / max(after, NO_VARIATION) if tuning else 1.0
    estimate = min(1.0, max(0.0, terms.mean_y - tuning * terms.mean_gap))
    quantile = t_quantile(confidence.level, terms.g_star)
    low, high = wilson(estimate, human.n_eff * gain, quantile)
    perfect = tuning > 0 and terms.perfect
    unseen = _unseen(quantile, terms.g_star) if perfect else 0.0
    decided = ~np.isnan(judge)
    return Calibrated(
        estimate=estimate,
        se=_root(after),
        low=max(0.0, low - unseen),
        high=min(1.0, high + unseen),
        level=confidence.level,
        target=target,
        tuning=tuning,
        human=human,
        judge=mean_interval(judge[decided], cluster[decided], confidence),
        gain=gain if after > NO_VARIATION or not tuning else None,
        n_labels=len(labels.index),
        n_pairs=len(judge),
        effective_clusters=terms.g_star,
        warnings=human.warnings
        + _warnings(int((~decided).sum()), terms.corrections(tuning) if tuning else None, perfect=perfect),
    )


@dataclass(frozen=True, slots=True)
class _Terms:
    """What pairs and clusters add to the error: to mean Y, and to the gap between f over labels and f over all.

    `y`, `gap`: (C,) sums by cluster. `own_y`, `own_f`, `own_gap`: (n,) of the labelled pairs. `rest`: sum of squares
    of the gap's terms over the pairs not labelled.
    """

    mean_y: float
    mean_gap: float
    y: Array
    gap: Array
    own_y: Array
    own_f: Array
    own_gap: Array
    rest: float
    g_star: float
    n_clusters: int

    def best_tuning(self) -> float:
        """Lambda of least squared error by clusters; 0 for a judge that says nothing."""
        spread = float(self.gap @ self.gap)
        return min(1.0, max(0.0, float(self.y @ self.gap) / spread)) if spread > NO_VARIATION else 0.0

    def variance(self, tuning: float) -> float:
        """Squared error of the estimate."""
        n, count = len(self.own_y), self.n_clusters
        own, by_cluster = self.own_y - tuning * self.own_gap, self.y - tuning * self.gap
        independent = n / (n - 1) * (float(own @ own) + tuning**2 * self.rest)
        if count == 1:
            return independent  # the infinite t quantile of a single cluster says the rest
        return max(independent, count / (count - 1) * float(by_cluster @ by_cluster))

    @property
    def perfect(self) -> bool:
        """Whether the judge foretells every label exactly."""
        y, f = self.own_y, self.own_f
        return float((y @ f) ** 2) >= (1 - PERFECT) * float(y @ y) * float(f @ f)

    def corrections(self, tuning: float) -> float:
        """Effective number of labels on which the correction of the judge rests: few where it hardly ever errs."""
        squared = (self.own_y - tuning * self.own_f) ** 2
        return float(squared.sum() ** 2 / max(float(squared @ squared), NO_VARIATION**2))


def _terms(f: Array, cluster: Array, labels: Labels, target: Population) -> _Terms:
    index, n_pairs = labels.index, len(f)
    at = cluster[index]
    inclusion = np.full(len(index), len(index) / n_pairs) if labels.inclusion is None else labels.inclusion
    # Relative to the rarest label, so that no inclusion probability is too small to be inverted.
    weight = np.ones(len(index)) if labels.inclusion is None else inclusion.min() / inclusion
    finite = target is Population.THESE_ITEMS
    share = weight / weight.sum()
    scale = share * np.sqrt(1 - inclusion) if finite else share
    mean_y, mean_f, over_all = min(1.0, float(share @ labels.score)), float(share @ f[index]), float(f.mean())
    own_y, own_f = scale * (labels.score - mean_y), scale * (f[index] - mean_f)
    around = np.zeros(n_pairs) if finite else (f - over_all) / n_pairs
    width = int(cluster.max()) + 1
    sizes = np.bincount(at, weight)
    return _Terms(
        mean_y=mean_y,
        mean_gap=mean_f - over_all,
        y=np.bincount(at, own_y, width),
        gap=np.bincount(at, own_f, width) - np.bincount(cluster, around, width),
        own_y=own_y,
        own_f=own_f,
        own_gap=own_f - around[index],
        rest=max(0.0, float(around @ around - around[index] @ around[index])),
        g_star=effective_clusters(sizes),
        n_clusters=int((sizes > 0).sum()),
    )


def _human(terms: _Terms, level: float) -> Interval:
    """The rate by the labels alone, by the one interval rule with weights."""
    p, variance = terms.mean_y, terms.variance(0.0)
    n_eff = p * (1 - p) / variance if variance > NO_VARIATION else terms.g_star
    low, high = wilson(p, n_eff, t_quantile(level, terms.g_star))
    few = f"only {terms.g_star:.1f} effective clusters of labels: the interval is rough below {FEW_CLUSTERS}"
    return Interval(
        estimate=p,
        se=_root(variance),
        low=low,
        high=high,
        n=len(terms.own_y),
        n_clusters=terms.n_clusters,
        effective_clusters=terms.g_star,
        n_eff=n_eff,
        warnings=(few,) if terms.g_star < FEW_CLUSTERS else (),
    )


def _unseen(quantile: float, g_star: float) -> float:
    """Wilson's limit for an event not seen in G* clusters; 1 where they are one, whose quantile is infinite."""
    return 1 / (1 + g_star / quantile**2)


def _root(variance: float) -> float | None:
    return math.sqrt(variance) if variance > NO_VARIATION else None


def _warnings(undecided: int, corrections: float | None, *, perfect: bool) -> tuple[str, ...]:
    """`corrections`: None where the judge is not trusted at all, so that nothing is corrected."""
    few = corrections is not None and corrections < FEW_CORRECTIONS and not perfect
    found = {
        f"{undecided} pairs the judge left undecided count as 1/2 for it": undecided > 0,
        "judge and labels never differ: the interval leaves open what was not seen": perfect,
        f"the correction rests on about {corrections or 0:.0f} labels: rough below {FEW_CORRECTIONS}": few,
    }
    return tuple(warning for warning, holds in found.items() if holds)


def _check(labels: Labels, n_pairs: int, target: Population) -> None:
    index, score, n = labels.index, labels.score, len(labels.index)
    _check_design(labels)
    if n < FEWEST_LABELS:
        _refuse(f"{n} labels are too few to calibrate a judge", f"label at least {FEWEST_LABELS} pairs", "labels")
    if len(np.unique(index)) < n or index.min() < 0 or index.max() >= n_pairs:
        _refuse("labels must name judged pairs, each once", "of several labellers give the mean", "index")
    if len(score) != n or not ((score >= 0) & (score <= 1)).all():
        _refuse("a label lies in [0, 1]", "give 1 for A, 0 for B, 1/2 for a tie", "score")
    everyone = n == n_pairs if labels.inclusion is None else bool((labels.inclusion == 1).all())
    if everyone and target is Population.THESE_ITEMS:
        _refuse("every pair is labelled: nothing about these items is left to estimate", "ask for new items", "target")


def _check_design(labels: Labels) -> None:
    inclusion = labels.inclusion
    if labels.design is Design.FILTERED:
        _refuse(
            "these labels were drawn from filtered pairs, not from all (design: filtered): the others had no chance to "
            "be labelled, and no weight makes these speak for them",
            "draw pairs at random from all",
            "design",
        )
    if inclusion is None:
        if labels.design is not Design.RANDOM:
            _refuse(
                f"these labels were not drawn at random (design: {labels.design}): they do not speak for the rest",
                "draw pairs at random, or give the inclusion probability of each",
                "design",
            )
    elif len(inclusion) != len(labels.index) or not ((inclusion > 0) & (inclusion <= 1)).all():
        _refuse("an inclusion probability lies in (0, 1]", "give one for each label", "inclusion_probability")


def _refuse(detail: str, reason: str, field: str) -> None:
    raise Invalid(detail, (Problem(reason, field),))
