"""The order effect and the differences of strengths fitted to single picks with ties, both orders of every pair."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import numpy as np

from app.domain.judgment import Side
from app.stats.davidson import Units, unit_level
from app.stats.intervals import t_quantile
from benchmarks.coverage.draws import cluster_sizes
from benchmarks.coverage.strengths import ICC, TRUTH
from benchmarks.coverage.tally import HEADER, Progress, coverage

PULL, NU = 0.5, 0.6  # log-odds for the first place; equal models tie in nu/(2 + nu) = 23 % of picks
SETTINGS = ((100, "1"), (300, "1"), (100, "1-10"))
REPEATS, QUICK = 2_000, 250


def order(random: np.random.Generator, *, quick: bool) -> list[dict[str, Any]]:
    """Coverage of the order effect, and of the difference between the first two models beside it."""
    repeats = QUICK if quick else REPEATS
    progress, cells = Progress("order", len(SETTINGS) * repeats), []
    print(f"\nOrder effect {PULL} beside Davidson strengths, K = 5; in %\n{'':>44}{HEADER}")
    for clusters, sizes in SETTINGS:
        pull: tuple[list[float], list[float]] = ([], [])
        gap: tuple[list[float], list[float]] = ([], [])
        for _ in range(repeats):
            progress.tick()
            found = unit_level(picks(clusters, sizes, random), davidson=True, order_effect=True)
            effect, covariance = found.order_effect, found.strengths.covariance
            if effect is None or effect.low is None or effect.high is None or covariance is None:
                continue
            pull[0].append(effect.low)
            pull[1].append(effect.high)
            margin = t_quantile(0.95, found.strengths.effective_clusters) * np.sqrt(
                covariance[0, 0] + covariance[1, 1] - 2 * covariance[0, 1]
            )
            difference = float(found.strengths.strength[0] - found.strengths.strength[1])
            gap[0].append(difference - margin)
            gap[1].append(difference + margin)
        for name, ends, truth in (("order effect", pull, PULL), ("first - second", gap, TRUTH[0] - TRUTH[1])):
            ours, without = coverage(*ends, float(truth)), repeats - len(ends[0])
            where = f"{clusters:>3} x {sizes}"
            cells.append({"where": where, "what": name, "no_error": without, "interval": ours})
            print(f"  {where:<12} {name:<31}{ours.row()}{f'  no error in {without}' if without else ''}")
    return cells


def picks(clusters: int, sizes: str, random: np.random.Generator) -> Units:
    """Every pair in both orders; the picks of one cluster share one uniform draw, each with chance root ICC."""
    cluster = np.repeat(np.arange(clusters), 2 * cluster_sizes(sizes, clusters, random))
    first = np.tile([1, -1], len(cluster) // 2)
    models = np.array(list(combinations(range(len(TRUTH)), 2)))[np.repeat(random.integers(0, 10, len(cluster) // 2), 2)]
    odds = np.exp((TRUTH[models[:, 0]] - TRUTH[models[:, 1]] + PULL * first) / 2)
    whole = odds + 1 / odds + NU
    shared = random.random(len(cluster)) < np.sqrt(ICC)
    draw = np.where(shared, random.random(clusters)[cluster], random.random(len(cluster)))
    outcome = np.where(draw < odds / whole, Side.A, np.where(draw < (odds + NU) / whole, Side.TIE, Side.B))
    return Units(tuple("abcde"), models[:, 0], models[:, 1], outcome, first, cluster)
