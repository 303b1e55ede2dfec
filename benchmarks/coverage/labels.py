"""The human-calibrated rate (PPI++): coverage for new items and for these, the judge's own interval beside it."""

from __future__ import annotations

from typing import Any

import numpy as np

from app.domain.imported import Design
from app.stats.ppi import Labels, Population, calibrated_rate
from benchmarks.coverage.draws import Array, cluster_sizes
from benchmarks.coverage.tally import HEADER, Progress, coverage

HUMAN, JUDGE, ICC = 0.6, 0.7, 0.3  # the judge's own rate where it does not follow the human
SETTINGS = (("1", 100), ("1", 300), ("1-10", 100), ("1-10", 300))  # sizes of clusters, labels
CLUSTERS = 400
FOLLOWS = (0.0, 0.8)
REPEATS, QUICK = 2_000, 250


def labels(random: np.random.Generator, *, quick: bool) -> list[dict[str, Any]]:
    """A judge that says what the human says with chance `follows`, and its own verdict otherwise."""
    repeats = QUICK if quick else REPEATS
    progress, cells = Progress("labels", len(FOLLOWS) * len(SETTINGS) * repeats), []
    print(f"\nHuman-calibrated rate, {CLUSTERS} clusters; in %\n{'':>44}{HEADER}")
    for follows in FOLLOWS:
        for sizes, number in SETTINGS:
            ends: dict[str, tuple[list[float], list[float]]] = {
                name: ([], []) for name in (*Population, "judge alone", "labels alone")
            }
            here = []
            for _ in range(repeats):
                human, judge, cluster = judged(sizes, follows, random)
                index = random.choice(len(human), number, replace=False)
                drawn = Labels(index, human[index], Design.RANDOM)
                new, these = (calibrated_rate(judge, cluster, drawn, target) for target in Population)
                for name, found in zip(ends, (new, these, new.judge, new.human), strict=True):
                    ends[name][0].append(found.low)
                    ends[name][1].append(found.high)
                here.append(float(human.mean()))
                progress.tick()
            for name, (low, high) in ends.items():
                ours = coverage(low, high, here if name == Population.THESE_ITEMS else HUMAN)
                where = f"x {sizes:<4} {number} labels, follows {follows:.0%}"
                cells.append({"where": where, "target": str(name), "interval": ours})
                print(f"  {where:<30}{name!s:<14}{ours.row()}")
    return cells


def judged(sizes: str, follows: float, random: np.random.Generator) -> tuple[Array, Array, Array]:
    """Scores of human and judge, and clusters; human scores of one cluster share a draw with chance root ICC."""
    cluster = np.repeat(np.arange(CLUSTERS), cluster_sizes(sizes, CLUSTERS, random))
    n = len(cluster)
    draw = np.where(random.random(n) < np.sqrt(ICC), random.random(CLUSTERS)[cluster], random.random(n))
    human = (draw < HUMAN).astype(float)
    own = (random.random(n) < JUDGE).astype(float)
    return human, np.where(random.random(n) < follows, human, own), cluster
