"""The informative-missing arm: where losses depend on the outcome the plain interval misses, the bounds do not."""

from __future__ import annotations

from typing import Any

import numpy as np

from app.domain.verdict import Verdict
from app.stats.win_rate import win_rate
from benchmarks.coverage.draws import SCORE, Job, draw
from benchmarks.coverage.tally import HEADER, Progress, coverage

SHARES = ((0.0, 0.0), (0.05, 0.05), (0.0, 0.1), (0.0, 0.2))  # of pairs A lost, and of pairs A won
JOB = Job(0.7, 300, "1-10", 0.3, 0.2)
REPEATS, QUICK = 2_000, 250


def losses(random: np.random.Generator, *, quick: bool) -> list[dict[str, Any]]:
    """`bounds_hold`: share of jobs whose bounds hold the rate that the whole job would have had.

    The bounds are about this job, without sampling error; the interval is about new items.
    """
    repeats = QUICK if quick else REPEATS
    progress, cells = Progress("missing", len(SHARES) * repeats), []
    print(f"\nInformative losses, {JOB.clusters} x {JOB.sizes}; the plain interval, in %\n{'':>44}{HEADER}")
    for of_lost, of_won in SHARES:
        low, high, held, missing = [], [], [], []
        for _ in range(repeats):
            whole, cluster = draw(JOB, random)
            chance = np.where(whole == Verdict.A, of_won, np.where(whole == Verdict.B, of_lost, (of_won + of_lost) / 2))
            seen = np.where(random.random(len(whole)) < chance, Verdict.MISSING, whole).astype(np.int8)
            found = win_rate(seen, SCORE[seen], cluster)
            low.append(found.low)
            high.append(found.high)
            held.append(found.bounds[0] - 1e-12 <= SCORE[whole].mean() <= found.bounds[1] + 1e-12)
            missing.append(found.missing / found.n_pairs)
            progress.tick()
        ours = coverage(low, high, JOB.win_rate)
        hold, lost = float(np.mean(held)), float(np.mean(missing))
        name = f"lost {of_lost:.0%} where B won, {of_won:.0%} where A won"
        cells.append({"where": name, "missing": round(lost, 4), "bounds_hold": hold, "interval": ours})
        print(f"  {name:<44}{ours.row()}  bounds hold the whole job's rate: {hold:.1%}")
    return cells
