"""How often two voters on the same pairs vote alike, plainly and corrected for chance (docs/statistics.md, 16).

Sources: Zheng et al. (2023), Judging LLM-as-a-Judge with MT-Bench and Chatbot Arena, for agreement with and
without ties; Cohen (1960), Educational and Psychological Measurement 20:37-46, for kappa.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from app.domain.errors import Invalid, Problem
from app.domain.judgment import Side
from app.domain.verdict import Stance
from app.stats.chance_corrected import Table, chance_corrected
from app.stats.intervals import ROBUST_95, Confidence, Interval, mean_interval

Array = npt.NDArray[Any]
NO_VOTE = 0


@dataclass(frozen=True, slots=True)
class Agreement:
    """`share` of n pairs of votes that are equal, and Cohen's kappa with its interval.

    Kappa is None, with a warning, where nobody voted or all votes have one label.
    """

    n: int
    share: Interval
    kappa: float | None
    kappa_low: float | None
    kappa_high: float | None
    warnings: tuple[str, ...] = ()


def votes(stances: Array) -> Array:
    """A judge's stances, of any shape, as votes: 0 none, or a `Side`; an inconsistent judge is taken to call a tie,
    as in the first setup of Zheng et al. (2023).
    """
    return _VOTE[stances]


def agreement(x: Array, y: Array, cluster: Array, confidence: Confidence = ROBUST_95, *, ties: bool) -> Agreement:
    """Agreement of two voters on n pairs.

    `x`, `y`: int8 (n,), a `Side` or 0 for no vote; pairs without two votes do not count. `cluster`: int (n,) >= 0.
    `ties`: whether a tie is a vote like any other, or a pair goes when either side calls a tie. Interval of the
    share by `app.stats.intervals`, of kappa by `app.stats.chance_corrected`. Raises Invalid for other codes.
    """
    for field, codes in (("x", x), ("y", y)):
        check_votes(codes, field)
    labels = _labels(ties=ties)
    both = (x > NO_VOTE) & (y > NO_VOTE) & (x <= labels) & (y <= labels)
    if not both.all():
        x, y, cluster = x[both], y[both], cluster[both]
    share = mean_interval((x == y).astype(float), cluster, confidence)
    if share.estimate is None:
        return Agreement(0, share, None, None, None, share.warnings)
    kappa = chance_corrected(_table(x, y, cluster, labels), _disagreement, share, confidence.level)
    return Agreement(share.n, share, kappa.estimate, kappa.low, kappa.high, (*share.warnings, *kappa.warnings))


def check_votes(codes: Array, field: str) -> None:
    """Raise Invalid unless every code is 0 or a `Side`."""
    if codes.size and not NO_VOTE <= codes.min() <= codes.max() <= Side.TIE:
        problem = Problem("each vote is 0 (none), 1 (A), 2 (B) or 3 (tie)", field)
        raise Invalid("these votes are of no known code", (problem,))


def _labels(*, ties: bool) -> int:
    """The largest vote that counts; the codes are 1, 2 and, for a tie, 3."""
    return int(Side.TIE) if ties else int(Side.B)


def _table(x: Array, y: Array, cluster: Array, labels: int) -> Table:
    """Totals are: votes that differ, then how often x, and then how often y, gave each label."""
    of_x, of_y = np.divmod(np.arange(labels * labels), labels)
    each = np.arange(labels)[:, None]
    amounts = np.concatenate([[of_x != of_y], of_x == each, of_y == each]).astype(float)
    return Table(amounts, (x.astype(np.intp) - 1) * labels + (y - 1), cluster)


def _disagreement(totals: Array) -> tuple[Array, Array]:
    """Expected by chance: what two voters with these shares of labels would, voting independently (Cohen 1960)."""
    differ, given = totals[0], totals[1:]
    labels = len(given) // 2
    n = np.maximum(given[:labels].sum(axis=0), 1)
    return differ / n, 1 - (given[:labels] * given[labels:]).sum(axis=0) / (n * n)


_VOTE = np.zeros(len(Stance), dtype=np.int8)
_VOTE[[Stance.A, Stance.B, Stance.TIE, Stance.FLIP, Stance.PARTIAL]] = Side.A, Side.B, Side.TIE, Side.TIE, Side.TIE
