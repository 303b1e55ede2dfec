"""Scores that evalica publishes for its sample tables, every algorithm a report can be compared with.

Its other algorithms (elo, eigen, pagerank) are not ours: the first depends on the order of rows, the others are no
models of a comparison. Its `newman` is Davidson's model up to one common factor, with nu twice its own v.
"""

from __future__ import annotations

from collections import defaultdict

import numpy as np
import pytest

from tests.unit.published.imported_report import DATA, PUBLISHED, by_model, csv_text, report_of, rows_of

OLD = DATA / "bradley_terry"


def sample(name: str) -> tuple[str, dict[str, dict[str, float]]]:
    """A verdicts file as evalica's tables are, with its words for the winner, and scores by algorithm and model."""
    rows = [(row["left"], row["right"], row["winner"]) for row in rows_of(OLD / f"evalica_{name}.csv")]
    golden: dict[str, dict[str, float]] = defaultdict(dict)
    for row in rows_of(OLD / f"evalica_{name}-golden.csv"):
        golden[row["algorithm"]][row["item"]] = float(row["score"])
    return csv_text("model_a model_b winner", rows), golden


def llmfao() -> tuple[str, dict[str, dict[str, float]]]:
    words = {"left_won": "left", "right_won": "right", "tied": "tie"}
    rows = [
        (row["left"], row["right"], word, row[column])
        for row in rows_of(PUBLISHED / "llmfao_counts.csv")
        for column, word in words.items()
    ]
    golden: dict[str, dict[str, float]] = defaultdict(dict)
    for row in rows_of(PUBLISHED / "llmfao_golden.csv"):
        item = row.pop("item")
        for algorithm, score in row.items():
            golden[algorithm][item] = float(score)
    return csv_text("model_a model_b winner count", rows), golden


TABLES = {"food": lambda: sample("food"), "simple": lambda: sample("simple"), "llmfao": llmfao}


def centred(score: dict[str, float]) -> dict[str, float]:
    """The logarithms, with mean 0."""
    log = {name: np.log(value) for name, value in score.items()}
    mean = np.mean(list(log.values()))
    return {name: value - mean for name, value in log.items()}


@pytest.mark.parametrize("name", TABLES)
def test_half_wins_and_counts(name):
    text, golden = TABLES[name]()
    found = report_of(text)
    lines = by_model(found)
    strength = {model: line.strength for model, line in lines.items()}
    assert strength == pytest.approx(centred(golden["bradley_terry"]), abs=1e-12)
    assert {model: line.wins + line.ties / 2 for model, line in lines.items()} == golden["counting"]
    rates = defaultdict(list)
    for line in found.axes:
        rates[line.model_a].append(line.win_rate.estimate)
        rates[line.model_b].append(1 - line.win_rate.estimate)
    mean = {model: np.mean(shares) for model, shares in rates.items()}
    assert mean == pytest.approx(golden["average_win_rate"], abs=1e-12)


@pytest.mark.parametrize("name", TABLES)
def test_ties_of_their_own(name):
    text, golden = TABLES[name]()
    found = report_of(text, ties="davidson")
    strength = {model: line.strength for model, line in by_model(found).items()}
    assert strength == pytest.approx(centred(golden["newman"]), abs=1e-12)
