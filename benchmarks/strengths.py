"""Bradley-Terry from arrays of verdicts: ours with robust and bootstrap intervals beside choix, evalica, arena-rank."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import choix
import numpy as np

from app.stats.bradley_terry import Comparisons, bradley_terry, win_matrix
from app.stats.intervals import Confidence, IntervalKind

SETTINGS = ((10, 10_000), (100, 10_000), (10, 1_000_000), (100, 1_000_000))
REPEATS = 3
SPREAD = 0.5
# Peers have an environment of their own: arena-rank asks for another numpy than ours (locks/bench.txt).
PEERS = Path(sys.prefix) / "bench" / "bin" / "python"


@dataclass(frozen=True, slots=True)
class Fitted:
    """One way to fit one data set. CPU in seconds, the least of a few runs; `gap`: the largest difference of a
    centred log-strength from ours, None where it does not give any.
    """

    what: str
    models: int
    comparisons: int
    cpu: float
    gap: float | None


def strengths() -> list[Fitted]:
    """Every way on every data set of SETTINGS; peers that are not installed are left out, with a line that says so."""
    found = []
    for models, comparisons in SETTINGS:
        data = sample(models, comparisons)
        found += [*_ours(data), *_peers(data)]
    return found


def sample(models: int, comparisons: int) -> Comparisons:
    """Comparisons without ties between models drawn evenly, in clusters of one to four."""
    random = np.random.default_rng(models + comparisons)
    truth = random.normal(0, SPREAD, models)
    first = random.integers(0, models, comparisons)
    second = (first + random.integers(1, models, comparisons)) % models
    won = random.random(comparisons) < 1 / (1 + np.exp(truth[second] - truth[first]))
    cluster = np.repeat(np.arange(comparisons), random.integers(1, 5, comparisons))[:comparisons]
    return Comparisons([f"model-{n}" for n in range(models)], first, second, won.astype(float), cluster)


def _ours(data: Comparisons) -> list[Fitted]:
    bootstrap = Confidence(kind=IntervalKind.BOOTSTRAP)
    bradley_terry(sample(3, 100))  # what is imported late is imported now
    reference = bradley_terry(data).strength

    def with_list() -> Any:
        winner = np.where(data.score > 0, data.model_a, data.model_b)
        loser = np.where(data.score > 0, data.model_b, data.model_a)
        listed = np.stack([winner, loser], axis=1).tolist()
        return choix.ilsr_pairwise(len(data.models), listed)

    alone = replace(data, cluster=np.arange(len(data.score)))  # as the peers take it
    ways: dict[str, Callable[[], Any]] = {
        "ours, robust intervals, no clusters": lambda: bradley_terry(alone).strength,
        "ours, robust intervals, clusters of 1 to 4": lambda: bradley_terry(data).strength,
        "ours, 1,000 bootstrap rounds": lambda: bradley_terry(data, bootstrap).strength,
        "choix ilsr_pairwise_dense on our counts": lambda: choix.ilsr_pairwise_dense(win_matrix(data)),
        "choix ilsr_pairwise": with_list,
    }
    return [_fitted(what, data, *least(way), reference) for what, way in ways.items()]


def _peers(data: Comparisons) -> list[Fitted]:
    """Evalica and arena-rank, in a process of their own."""
    if not PEERS.exists():
        print("  evalica and arena-rank are not installed: ./run bench installs them")
        return []
    reference = bradley_terry(data).strength
    with tempfile.TemporaryDirectory() as directory:
        file = Path(directory) / "comparisons.npz"
        np.savez(file, a=data.model_a, b=data.model_b, won=data.score > 0)
        ran = subprocess.run(
            [PEERS, Path(__file__).with_name("peers.py"), file, str(REPEATS)],
            check=True,
            capture_output=True,
            text=True,
        )
    rows = json.loads(ran.stdout.splitlines()[-1])
    return [_fitted(row["what"], data, row["cpu"], row["strength"], reference) for row in rows]


def least(way: Callable[[], Any]) -> tuple[float, Any]:
    """CPU seconds of the cheapest of a few runs, and what the last one gave."""
    spent, result = [], None
    for _ in range(REPEATS):
        began = time.process_time()
        result = way()
        spent.append(time.process_time() - began)
    return min(spent), result


def _fitted(what: str, data: Comparisons, cpu: float, strength: Sequence[float], reference: Any) -> Fitted:
    centred = np.asarray(strength) - np.mean(strength)
    gap = float(np.abs(centred - reference).max())
    return Fitted(what, len(data.models), len(data.score), cpu, gap)
