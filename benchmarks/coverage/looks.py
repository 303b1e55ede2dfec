"""Any-time error: how often a job between equal models is ever stopped, looking after every cluster."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from app.stats.intervals import mean_interval
from app.stats.sequence import ClusterValues, cluster_values, new_items_sequence, this_job_sequence
from benchmarks.coverage.draws import SCORE, Array, Job, draw
from benchmarks.coverage.tally import Progress

CLUSTERS, TIES, LOST = 300, 0.3, 0.1
FIXED_LOOKS = np.linspace(15, CLUSTERS, 20).astype(int)
REPEATS, QUICK = 2_000, 250


def looks(random: np.random.Generator, *, quick: bool) -> list[dict[str, Any]]:
    """`ever`: share of jobs in which 1/2 was ever left out (for `misses`, the job's own number). True rate: 1/2."""
    repeats = QUICK if quick else REPEATS
    sizes = (("1", 0.0), ("5", 0.3))
    progress, cells = Progress("looks", len(sizes) * repeats), []
    print(
        f"\nAny-time error, equal models, {CLUSTERS} clusters, {TIES:.0%} ties; share of jobs, in %; wanted: at most 5"
    )
    for size, icc in sizes:
        job = Job(0.5, CLUSTERS, size, icc, TIES)
        ever = dict.fromkeys(READINGS, 0)
        for _ in range(repeats):
            verdict, cluster = draw(job, random)
            for name, wrong in READINGS.items():
                ever[name] += wrong(verdict, cluster, int(size), random)
            progress.tick()
        for name, number in ever.items():
            share = number / repeats
            se = float(np.sqrt(max(share * (1 - share), 1 / repeats / 4) / repeats))
            print(f"  clusters of {size}: {name:<68}{100 * share:5.1f} ±{100 * se:.1f}")
            cells.append({"sizes": size, "reading": name, "ever": round(share, 4), "se": round(se, 4)})
    return cells


def valued(verdict: Array, cluster: Array, size: int, lost: Array | None = None) -> ClusterValues:
    """Values of the clusters in the order of their numbers, which is the seeded order."""
    none = np.zeros(len(verdict), dtype=bool)
    return cluster_values(SCORE[verdict], none if lost is None else lost, cluster, CLUSTERS, size)


def seeded(verdict: Array, cluster: Array, size: int, _: np.random.Generator) -> bool:
    """The finished prefix of the seeded order; in which order units arrive within it changes nothing."""
    return new_items_sequence(valued(verdict, cluster, size)).decided_at is not None


def with_losses(verdict: Array, cluster: Array, size: int, random: np.random.Generator) -> bool:
    """Pairs are lost only where A does not win; they enter at their worst."""
    lost = (SCORE[verdict] < 1) & (random.random(len(verdict)) < LOST)
    return new_items_sequence(valued(verdict, cluster, size, lost)).decided_at is not None


def losses_left_out(verdict: Array, cluster: Array, size: int, random: np.random.Generator) -> bool:
    """The same losses left out, as if they had never been."""
    kept = (SCORE[verdict] == 1) | (random.random(len(verdict)) >= LOST)
    values = cluster_values(SCORE[verdict][kept], np.zeros(kept.sum(), dtype=bool), cluster[kept], CLUSTERS, size)
    return new_items_sequence(values).decided_at is not None


def by_arrival(verdict: Array, cluster: Array, size: int, random: np.random.Generator) -> bool:
    """Clusters in the order they finish; those that A wins finish sooner than those it loses, by one sd."""
    values = valued(verdict, cluster, size)
    order = np.argsort(random.normal(size=CLUSTERS) - values.low)
    return new_items_sequence(ClusterValues(values.low[order], values.high[order])).decided_at is not None


def this_job_leaves_half(verdict: Array, cluster: Array, size: int, _: np.random.Generator) -> bool:
    """What would happen if the sequence for the job's own number were asked which model is better."""
    found = this_job_sequence(valued(verdict, cluster, size), CLUSTERS)
    return bool((found.low[-1] >= 0.5) | (found.high[-1] <= 0.5))


def this_job_misses(verdict: Array, cluster: Array, size: int, _: np.random.Generator) -> bool:
    """The sequence for the job's own number at its own task."""
    values = valued(verdict, cluster, size)
    found = this_job_sequence(values, CLUSTERS)
    number = float(values.low.mean())
    return bool(((found.low > number) | (found.high < number)).any())


def fixed_n(verdict: Array, cluster: Array, size: int, _: np.random.Generator) -> bool:
    """The interval made for one look, looked at 20 times."""
    score = SCORE[verdict]
    for clusters in FIXED_LOOKS:
        found = mean_interval(score[: clusters * size], cluster[: clusters * size])
        if found.low > 0.5 or found.high < 0.5:
            return True
    return False


READINGS: dict[str, Callable[[Array, Array, int, np.random.Generator], bool]] = {
    "new items, seeded order, finished prefix": seeded,
    "new items, 10 % lost where A did not win, at their worst": with_losses,
    "new items, the same losses left out (not what we do)": losses_left_out,
    "new items, order of arrival, A's wins sooner (not what we do)": by_arrival,
    "this job's number: ever misses it": this_job_misses,
    "this job's number: leaves out 1/2 (why it says nothing of better)": this_job_leaves_half,
    "fixed-n interval looked at 20 times (not what we do)": fixed_n,
}
