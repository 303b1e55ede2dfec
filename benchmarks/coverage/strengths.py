"""Differences of Bradley-Terry strengths between five models, from the full covariance."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import numpy as np

from app.stats.bradley_terry import bradley_terry
from app.stats.comparisons import Comparisons
from app.stats.intervals import t_quantile
from benchmarks.coverage.draws import Array, cluster_sizes
from benchmarks.coverage.tally import HEADER, Progress, coverage

TRUTH = np.array([0.8, 0.4, 0.0, -0.4, -0.8])
ICC = 0.3
SETTINGS = ((300, "1"), (100, "1-10"), (300, "1-10"))
REPEATS, QUICK = 2_000, 250


def strengths(random: np.random.Generator, *, quick: bool) -> list[dict[str, Any]]:
    """The closest two models, the two at the ends, and all ten differences together."""
    repeats = QUICK if quick else REPEATS
    progress, cells = Progress("bradley-terry", len(SETTINGS) * repeats), []
    print(f"\nBradley-Terry differences, K = 5, icc {ICC} within clusters; in %\n{'':>44}{HEADER}")
    for clusters, sizes in SETTINGS:
        found: dict[tuple[int, int], tuple[list[float], list[float]]] = {
            pair: ([], []) for pair in combinations(range(len(TRUTH)), 2)
        }
        without = 0
        for _ in range(repeats):
            without += not collect(found, clusters, sizes, random)
            progress.tick()
        cells.extend(rows(found, f"{clusters:>3} x {sizes}", without))
    return cells


def collect(
    found: dict[tuple[int, int], tuple[list[float], list[float]]],
    clusters: int,
    sizes: str,
    random: np.random.Generator,
) -> bool:
    """Add one fit's differences; False where there was no covariance (a model won or lost everything)."""
    fit = bradley_terry(games(clusters, sizes, random))
    if fit.covariance is None:
        return False
    quantile = t_quantile(0.95, fit.effective_clusters)
    variance = fit.covariance.diagonal()
    for (better, worse), (low, high) in found.items():
        spread = variance[better] + variance[worse] - 2 * fit.covariance[better, worse]
        margin = quantile * np.sqrt(max(0.0, float(spread)))
        difference = float(fit.strength[better] - fit.strength[worse])
        low.append(difference - margin)
        high.append(difference + margin)
    return True


def games(clusters: int, sizes: str, random: np.random.Generator) -> Comparisons:
    """Random models meet; a cluster's comparisons share one uniform draw, each with chance root ICC.

    The chance that a model wins is then exactly Bradley-Terry's, and comparisons of one cluster correlate.
    """
    cluster = np.repeat(np.arange(clusters), cluster_sizes(sizes, clusters, random))
    pairs = np.array(list(combinations(range(len(TRUTH)), 2)))[random.integers(0, 10, len(cluster))]
    shared = random.random(len(cluster)) < np.sqrt(ICC)
    draw = np.where(shared, random.random(clusters)[cluster], random.random(len(cluster)))
    chance: Array = 1 / (1 + np.exp(TRUTH[pairs[:, 1]] - TRUTH[pairs[:, 0]]))
    return Comparisons(tuple("abcde"), pairs[:, 0], pairs[:, 1], (draw < chance).astype(float), cluster)


def rows(
    found: dict[tuple[int, int], tuple[list[float], list[float]]], where: str, without: int
) -> list[dict[str, Any]]:
    groups = {"first - second": [(0, 1)], "first - last": [(0, 4)], "all ten": list(found)}
    cells = []
    for name, pairs in groups.items():
        low = [end for pair in pairs for end in found[pair][0]]
        high = [end for pair in pairs for end in found[pair][1]]
        truth = [float(TRUTH[a] - TRUTH[b]) for a, b in pairs for _ in found[a, b][0]]
        ours = coverage(low, high, truth, independent=len(found[0, 1][0]))
        cells.append({"where": where, "difference": name, "no_covariance": without, "interval": ours})
        print(f"  {where:<12} {name:<31}{ours.row()}{f'  no error in {without}' if without else ''}")
    return cells
