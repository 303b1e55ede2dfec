"""The known-answer gate: may a judge be believed, going by pairs whose better side is known (docs/statistics.md, 20).

Source: Clopper and Pearson (1934), Biometrika 26:404-413, for the exact bound.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.special import betaincinv

from app.domain.errors import Invalid, Problem
from app.domain.judgment import Side
from app.stats.agreement import NO_VOTE, check_votes

Array = npt.NDArray[Any]
FEWEST = 30
BALANCED = 1 / 3


class GateNote(StrEnum):
    """What to know about a gate; the first two leave it undecided."""

    TOO_FEW = "too_few"
    UNBALANCED = "unbalanced"
    NO_TRUE_TIES = "no_true_ties"
    UNANSWERED = "unanswered"


@dataclass(frozen=True, slots=True)
class KnownAnswer:
    """How a judge did on n gold pairs with a better side, and, apart from them, on pairs that are true ties.

    `low`: exact one-sided lower bound of the rate of right answers, None when n is 0. `unanswered` pairs count as
    wrong. `passed`: whether `low` is above the threshold; None where `notes` say that the pairs cannot tell.
    """

    passed: bool | None
    correct: int
    n: int
    low: float | None
    unanswered: int
    true_ties: int
    ties_found: int
    notes: tuple[GateNote, ...] = ()


def known_answer(vote: Array, gold: Array, threshold: float, level: float = 0.95) -> KnownAnswer:
    """Whether the judge is right more often than `threshold`, at one-sided confidence `level`.

    `vote`: int8 (n,), the judge's `Side` or 0 for none, an inconsistent judge being a tie (`agreement.votes`);
    `gold`: int8 (n,), the known `Side`, 0 where none is known. It takes 30 pairs, a third of them or more on either
    side, so that always naming one side is right for two thirds at most: a threshold below that proves little. Pairs
    count as independent: use one per item. Raises Invalid for other codes, or a threshold or level outside (0, 1).
    """
    check_votes(vote, "vote")
    check_votes(gold, "gold")
    of = np.bincount(4 * gold.astype(np.intp) + vote, minlength=16).reshape(4, 4)
    on_a, on_b = int(of[Side.A].sum()), int(of[Side.B].sum())
    n, correct = on_a + on_b, int(of[Side.A, Side.A] + of[Side.B, Side.B])
    unanswered = int(of[Side.A, NO_VOTE] + of[Side.B, NO_VOTE])
    true_ties = int(of[Side.TIE].sum())
    undecided = [
        note
        for note, holds in (
            (GateNote.TOO_FEW, n < FEWEST),
            (GateNote.UNBALANCED, min(on_a, on_b) < BALANCED * n),
        )
        if holds
    ]
    told = [
        note for note, holds in ((GateNote.NO_TRUE_TIES, not true_ties), (GateNote.UNANSWERED, unanswered)) if holds
    ]
    _check_share(threshold, "threshold")
    low = exact_lower_bound(correct, n, level) if n else None
    return KnownAnswer(
        passed=None if undecided or low is None else low > threshold,
        correct=correct,
        n=n,
        low=low,
        unanswered=unanswered,
        true_ties=true_ties,
        ties_found=int(of[Side.TIE, Side.TIE]),
        notes=(*undecided, *told),
    )


def exact_lower_bound(correct: int, n: int, level: float = 0.95) -> float:
    """The rate at which `correct` or more of n independent answers would be right with chance 1 - `level`."""
    _check_share(level, "level")
    return float(betaincinv(correct, n - correct + 1, 1 - level)) if correct else 0.0


def _check_share(value: float, field: str) -> None:
    if not 0 < value < 1:
        raise Invalid(f"the {field} is not between 0 and 1", (Problem("give a number above 0 and below 1", field),))
