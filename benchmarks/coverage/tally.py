"""Counts how often intervals held the truth, missed it on either side, and how wide they were."""

from __future__ import annotations

import math
import sys
from dataclasses import dataclass
from typing import Any

import numpy as np

GOAL = (0.94, 0.96)


@dataclass(frozen=True, slots=True)
class Coverage:
    """Shares of the intervals of `repeats` jobs: they `covered` the truth, lay wholly `above` or wholly `below` it.

    `se`: Monte-Carlo standard error of `covered`. `width`: mean.
    """

    covered: float
    above: float
    below: float
    width: float
    repeats: int

    @property
    def se(self) -> float:
        return math.sqrt(max(self.covered * (1 - self.covered), 1 / self.repeats / 4) / self.repeats)

    @property
    def within(self) -> bool:
        """Whether the share itself lies in the goal."""
        return GOAL[0] <= self.covered <= GOAL[1]

    @property
    def within_error(self) -> bool:
        """Whether the goal is within two standard errors of the share."""
        return GOAL[0] - 2 * self.se <= self.covered <= GOAL[1] + 2 * self.se

    def facts(self) -> dict[str, Any]:
        named = {"covered": self.covered, "above": self.above, "below": self.below, "width": self.width, "se": self.se}
        return {name: round(value, 4) for name, value in named.items()} | {"repeats": self.repeats}

    def row(self) -> str:
        """Percentages: covered ± se, missed with the interval below and above the truth; then the width in points."""
        return (
            f"{100 * self.covered:5.1f} ±{100 * self.se:3.1f} {100 * self.below:5.1f} {100 * self.above:5.1f} "
            f"{100 * self.width:6.1f}"
        )


HEADER = f"{'cover ±se':>10} {'below':>5} {'above':>5} {'width':>6}"


def coverage(
    low: list[float], high: list[float], truth: float | list[float], independent: int | None = None
) -> Coverage:
    """Of intervals given by their ends; `truth` one for all or one for each; `independent`: the jobs they are of."""
    lows, highs = np.array(low), np.array(high)
    above, below = float((lows > truth).mean()), float((highs < truth).mean())
    return Coverage(1 - above - below, above, below, float((highs - lows).mean()), independent or len(lows))


class Progress:
    """One line on stderr that is written over; nothing where stderr is no terminal."""

    def __init__(self, name: str, steps: int) -> None:
        self.name, self.steps, self.step = name, steps, 0

    def tick(self) -> None:
        self.step += 1
        end = "\n" if self.step == self.steps else ""
        if sys.stderr.isatty():
            sys.stderr.write(f"\r{self.name}: {self.step}/{self.steps}{end}")
            sys.stderr.flush()
