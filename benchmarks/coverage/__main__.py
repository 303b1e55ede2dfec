"""`./run bench-coverage`: simulates coverage, prints it as tables, writes benchmarks/results/coverage.json.

Seeded, so that a figure can be made again; the seed of each part depends on nothing but its name and `--seed`.
"""

from __future__ import annotations

import argparse
import json
import platform
import sys
import time
import zlib
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.coverage.labels import labels
from benchmarks.coverage.looks import looks
from benchmarks.coverage.losses import losses
from benchmarks.coverage.order import order
from benchmarks.coverage.rates import rates, summary
from benchmarks.coverage.strengths import strengths
from benchmarks.coverage.tally import Coverage

RESULT = Path(__file__).parents[1] / "results" / "coverage.json"
PARTS: dict[str, Callable[..., list[dict[str, Any]]]] = {
    "rates": rates,
    "bradley-terry": strengths,
    "order": order,
    "labels": labels,
    "missing": losses,
    "looks": looks,
}


def main(arguments: list[str]) -> int:
    """Run the parts asked for (default: all); what `--only` and `--quick` find is printed, never written."""
    parser = argparse.ArgumentParser(prog="./run bench-coverage", description="Coverage of every interval, simulated.")
    parser.add_argument("--quick", action="store_true", help="250 repeats instead of 2,000: about a minute")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", choices=PARTS, action="append", help="one part; may be given again")
    asked = parser.parse_args(arguments)
    results: dict[str, Any] = {}
    for name in asked.only or PARTS:
        began = time.process_time()
        results[name] = PARTS[name](np.random.default_rng([asked.seed, zlib.crc32(name.encode())]), quick=asked.quick)
        print(f"  ({name}: {time.process_time() - began:.0f} CPU-seconds)", flush=True)
    facts: dict[str, Any] = {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "python": platform.python_version(),
        "seed": asked.seed,
    }
    if "rates" in results:
        facts["rates_summary"] = summary(results["rates"])
        tell(facts["rates_summary"])
    if not asked.only and not asked.quick:
        RESULT.write_text(as_text(facts | results))
    return 0


def tell(found: dict[str, Any]) -> None:
    low, high = (f"{100 * share:.1f}" for share in found["goal_coverage"])
    both = f"{found['goal_met_within_two_se']} within two Monte-Carlo errors (at most {100 * found['largest_se']:.2f})"
    print(
        f"\nGoal, 94-96 % where G* >= 80 and (1-p) G* >= 8: {found['goal_met']} of {found['goal_cells']} cells, {both}"
    )
    print(f"  coverage in these cells: {low} to {high} %")


def as_text(facts: dict[str, Any]) -> str:
    """JSON with a cell a line, so that two runs can be compared line by line."""
    lines = []
    for name, value in facts.items():
        cells = [json.dumps(cell, default=as_json) for cell in value] if isinstance(value, list) else None
        body = json.dumps(value) if cells is None else "[\n  " + ",\n  ".join(cells) + "\n ]"
        lines.append(f" {json.dumps(name)}: {body}")
    return "{\n" + ",\n".join(lines) + "\n}\n"


def as_json(value: object) -> object:
    if isinstance(value, Coverage):
        return value.facts()
    raise TypeError(type(value).__name__)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
