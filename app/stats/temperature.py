"""The temperature that calibrates a judge's probabilities, and what it is worth on labels it has not seen.

Source: Guo, Pleiss, Sun and Weinberger (2017), On Calibration of Modern Neural Networks, ICML. Definition:
docs/statistics.md, section 18.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.special import expit, logit

from app.domain.errors import Invalid, Problem
from app.stats.calibration import check_soft
from app.stats.intervals import FEW_CLUSTERS, dense, effective_clusters

Array = npt.NDArray[Any]
FEWEST = 50
FOLDS = 5
CLIP = 1e-6  # probabilities nearer to 0 or 1 count as this near
EDGE = float(logit(1 - CLIP))
GRID = 4_096  # the fit sees log-odds in steps of 2 EDGE/GRID = 0.007 nats, each as the mean of its pairs
COLDEST, HOTTEST = 0.02, 50.0
HALVINGS = 32


@dataclass(frozen=True, slots=True)
class Losses:
    """Means over all n labels: squared error (Brier) and log loss in nats."""

    brier: float
    log_loss: float


@dataclass(frozen=True, slots=True)
class Temperature:
    """`temperature` T, fitted to all n labels: logit p / T is calibrated best; above 1 the judge is too sure.

    `before` and `after`: losses of p as it is, and with each label's T fitted to the other folds only. `by_fold`:
    those temperatures.
    """

    temperature: float
    n: int
    n_clusters: int
    before: Losses
    after: Losses
    by_fold: tuple[float, ...]
    warnings: tuple[str, ...] = ()


def fit_temperature(p: Array, label: Array, cluster: Array, seed: int = 0) -> Temperature:
    """Fit T by least log loss within [0.02, 50], with held-out losses by folds of clusters drawn by `seed`.

    `p`: float (n,), probability for side A. `label`: float (n,), 1 for A, 0 for B, 1/2 for a tie. `cluster`: int (n,)
    >= 0. Raises Invalid for other numbers, below 50 labels, without a label for either side, and for one cluster.
    """
    check_soft(p, label)
    sizes, place = _numbered(cluster)
    _check_enough(label, len(sizes))
    folds = min(FOLDS, len(sizes))
    fold = (np.random.default_rng(seed).permutation(len(sizes)) % folds).astype(np.int8)[place]
    odds = logit(np.clip(p, CLIP, 1 - CLIP))
    *by_fold, overall = _fits(odds, label, fold, folds)
    held_out = expit(odds / np.array(by_fold)[fold])
    before, after = _losses(p, label), _losses(held_out, label)
    return Temperature(
        temperature=overall,
        n=len(p),
        n_clusters=len(sizes),
        before=before,
        after=after,
        by_fold=tuple(by_fold),
        warnings=_warnings(effective_clusters(sizes), (*by_fold, overall), before, after),
    )


def _numbered(cluster: Array) -> tuple[Array, Array]:
    """Sizes of the clusters that occur, and the place of each row's cluster among them."""
    cluster = dense(cluster)
    sizes = np.bincount(cluster)
    return sizes[sizes > 0], (np.cumsum(sizes > 0) - 1)[cluster]


def _check_enough(label: Array, clusters: int) -> None:
    problems = [
        Problem(reason, "label")
        for reason, holds in (
            (f"at least {FEWEST} labels are needed", len(label) < FEWEST),
            ("labels for side A and for side B are needed", not ((label == 1).any() and (label == 0).any())),
            ("labels of two clusters or more are needed", clusters <= 1),
        )
        if holds
    ]
    if problems:
        raise Invalid("these labels cannot calibrate a judge", tuple(problems))


def _fits(odds: Array, label: Array, fold: Array, folds: int) -> list[float]:
    """The temperature of the labels outside each fold, then of all of them."""
    step = ((odds + EDGE) * (GRID / (2 * EDGE))).astype(np.int32).clip(0, GRID - 1)
    cell = step + GRID * fold.astype(np.int32)
    number, wins = (
        np.bincount(cell, weights=weights, minlength=GRID * folds).reshape(folds, GRID) for weights in (None, label)
    )
    total, sides = number.sum(axis=0), wins.sum(axis=0)
    of_step = np.bincount(step, weights=odds, minlength=GRID) / np.maximum(total, 1)
    used = total > 0
    without = (np.vstack([total - number, total])[:, used], np.vstack([sides - wins, sides])[:, used])
    return _least_loss(of_step[used], *without)


def _least_loss(odds: Array, number: Array, wins: Array) -> list[float]:
    """T by halving the range of log T: the slope of the log loss in 1/T only rises. `number`, `wins`: (fits, steps)."""
    cold, hot = (np.full(len(number), math.log(edge)) for edge in (COLDEST, HOTTEST))
    for _ in range(HALVINGS):
        middle = (cold + hot) / 2
        slope = (number * expit(odds / np.exp(middle)[:, None]) - wins) @ odds
        cold, hot = np.where(slope > 0, middle, cold), np.where(slope > 0, hot, middle)
    found: list[float] = np.exp((cold + hot) / 2).tolist()
    return found


def _losses(p: Array, label: Array) -> Losses:
    safe = np.clip(p, CLIP, 1 - CLIP)
    log_loss = -(label * np.log(safe) + (1 - label) * np.log1p(-safe)).mean()
    return Losses(float(((p - label) ** 2).mean()), float(log_loss))


def _warnings(g_star: float, fits: tuple[float, ...], before: Losses, after: Losses) -> tuple[str, ...]:
    at_edge = min(fits) < COLDEST * 1.001 or max(fits) > HOTTEST / 1.001
    found = {
        f"only {g_star:.1f} effective clusters: the temperature is rough below {FEW_CLUSTERS}": g_star < FEW_CLUSTERS,
        "the best temperature is outside the range: these labels do not bound it": at_edge,
        "the temperature does not improve the log loss of held-out labels": after.log_loss >= before.log_loss,
    }
    return tuple(words for words, holds in found.items() if holds)
