"""Run by the benchmark `strengths` in the peers' own environment: fits one file of comparisons by each of them.

Times include what it takes to hand over integer arrays: lists for evalica, a data frame for arena-rank.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable

import evalica
import numpy as np
import pandas as pd
from arena_rank.models.bradley_terry import BradleyTerry
from arena_rank.utils.data_utils import PairDataset


def main(path: str, repeats: int) -> None:
    """Print one JSON list of {"what", "cpu" in seconds, "strength" in natural logs by model number}."""
    told = np.load(path)
    size = int(max(told["a"].max(), told["b"].max())) + 1
    names = [f"model-{n:04}" for n in range(size)]

    def by_evalica() -> list[float]:
        winners = [evalica.Winner.X if won else evalica.Winner.Y for won in told["won"].tolist()]
        scores = evalica.bradley_terry(told["a"].tolist(), told["b"].tolist(), winners).scores
        return np.log([scores[n] for n in range(size)]).tolist()

    def by_arena() -> list[float]:
        frame = pd.DataFrame(
            {
                "model_a": np.array(names, object)[told["a"]],
                "model_b": np.array(names, object)[told["b"]],
                "winner": np.where(told["won"], "model_a", "model_b"),
            }
        )
        dataset = PairDataset.from_pandas(frame)
        model = BradleyTerry(n_competitors=size)
        found = model.compute_ratings_and_cis(dataset)
        ratings = dict(zip(found["competitors"], np.asarray(found["ratings"]).tolist(), strict=True))
        return [ratings[name] / model.alpha for name in names]

    fits = _spent(by_evalica, repeats)
    rows = [{"what": "evalica bradley_terry", "cpu": min(fits[0]), "strength": fits[1]}]
    (first, *warm), strength = _spent(by_arena, repeats)
    rows.append({"what": "arena-rank, first fit of a process", "cpu": first, "strength": strength})
    rows.append({"what": "arena-rank, warm", "cpu": min(warm), "strength": strength})
    print(json.dumps(rows))


def _spent(way: Callable[[], list[float]], repeats: int) -> tuple[list[float], list[float]]:
    """CPU seconds of every run, and what the last one found."""
    spent, found = [], []
    for _ in range(repeats):
        began = time.process_time()
        found = way()
        spent.append(time.process_time() - began)
    return spent, found


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
