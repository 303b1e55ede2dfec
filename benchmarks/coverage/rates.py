"""The grid: win rate and preference rate by the one interval rule, the naive bootstrap over rows beside it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import asdict
from itertools import product
from typing import Any

import numpy as np

from app.stats.win_rate import Rate, preference_rate, win_rate
from benchmarks.coverage.draws import SCORE, SIZES, Array, Job, draw
from benchmarks.coverage.tally import HEADER, Coverage, Progress, coverage

REPEATS, QUICK = 2_000, 250
NAIVE_SHARE, NAIVE_DRAWS = 4, 500
G_STAR, RARE = 80, 8
STATISTICS: dict[str, Callable[[Array, Array], Rate]] = {
    "win rate": lambda verdict, cluster: win_rate(verdict, SCORE[verdict], cluster),
    "preference rate": preference_rate,
}


def jobs() -> Iterator[Job]:
    for clusters, sizes, icc, ties, p in product(
        (10, 30, 100, 300), SIZES, (0, 0.3), (0, 0.3), (0.5, 0.7, 0.9, 0.96, 0.99)
    ):
        if sizes != "1" or not icc:  # clusters of one pair have no correlation
            yield Job(p, clusters, sizes, icc, ties)


def rates(random: np.random.Generator, *, quick: bool) -> list[dict[str, Any]]:
    """Every cell of the grid. Without ties the two rates are one and the same."""
    grid = list(jobs())
    progress, cells = Progress("rates", len(grid)), []
    print(f"\nRates: share of intervals that held the truth, in %; * goal 94-96 %\n{'':>49}{HEADER}  over rows")
    for job in grid:
        for statistic in STATISTICS if job.ties else ("win rate",):
            cells.append(cell(job, statistic, random, QUICK if quick else REPEATS))
            print(row(cells[-1], job, statistic))
        progress.tick()
    return cells


def cell(job: Job, statistic: str, random: np.random.Generator, repeats: int) -> dict[str, Any]:
    truth = job.win_rate if statistic == "win rate" else job.p
    low, high, naive_low, naive_high, g_star = [], [], [], [], []
    for number in range(repeats):
        verdict, cluster = draw(job, random)
        found = STATISTICS[statistic](verdict, cluster)
        low.append(0.0 if found.low is None else found.low)
        high.append(1.0 if found.high is None else found.high)
        g_star.append(found.effective_clusters)
        if number % NAIVE_SHARE == 0:
            ends = over_rows(found, statistic, random)
            naive_low.append(ends[0])
            naive_high.append(ends[1])
    ours, naive = coverage(low, high, truth), coverage(naive_low, naive_high, truth)
    mean = float(np.mean(g_star))
    goal = mean >= G_STAR and (1 - truth) * mean >= RARE
    facts = {"statistic": statistic, "truth": round(truth, 4), "g_star": round(mean, 1), "goal": goal}
    return asdict(job) | facts | {"interval": ours, "naive": naive}


def over_rows(found: Rate, statistic: str, random: np.random.Generator) -> tuple[float, float]:
    """Percentile bootstrap that draws pairs, not clusters: rows of equal score are drawn together by their number."""
    number = np.array([found.wins, found.losses, found.ties if statistic == "win rate" else 0])
    n = int(number.sum())
    if not n:
        return 0.0, 1.0
    means = random.multinomial(n, number / n, size=NAIVE_DRAWS) @ [1.0, 0.0, 0.5] / n
    low, high = np.quantile(means, [0.025, 0.975])
    return float(low), float(high)


def row(found: dict[str, Any], job: Job, statistic: str) -> str:
    ours, naive = found["interval"], found["naive"]
    where = f"{statistic:<15} p {job.p:<4} {job.clusters:>3} x {job.sizes:<5} icc {job.icc:<3} ties {job.ties:<3}"
    return (
        f"{'*' if found['goal'] else ' '} {where:<47}{ours.row()}  {100 * naive.covered:9.1f}  G* {found['g_star']:.0f}"
    )


def summary(cells: list[dict[str, Any]]) -> dict[str, Any]:
    """How many of the cells with a goal meet it, and the worst of the others."""
    goal: list[Coverage] = [cell["interval"] for cell in cells if cell["goal"]]
    naive: list[Coverage] = [cell["naive"] for cell in cells if cell["goal"]]
    rest: list[Coverage] = [cell["interval"] for cell in cells if not cell["goal"]]
    return {
        "cells": len(cells),
        "goal_cells": len(goal),
        "goal_met": sum(each.within for each in goal),
        "goal_met_within_two_se": sum(each.within_error for each in goal),
        "goal_coverage": [round(extreme(each.covered for each in goal), 4) for extreme in (min, max)],
        "naive_goal_coverage": [round(extreme(each.covered for each in naive), 4) for extreme in (min, max)],
        "other_coverage": [round(extreme(each.covered for each in rest), 4) for extreme in (min, max)],
        "largest_se": round(max(each.se for each in [*goal, *rest]), 4),
    }
