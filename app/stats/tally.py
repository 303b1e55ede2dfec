"""Counting verdicts: how many pairs ended which way."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from app.domain.verdict import Verdict

Array = npt.NDArray[Any]


@dataclass(frozen=True, slots=True)
class Counts:
    """How n pairs ended, for side A.

    `missing` = lost + cancelled + pending. The identity holds:

    wins + losses + ties + inconsistent + undecided + missing = n_pairs.
    """

    n_pairs: int
    wins: int
    losses: int
    ties: int
    inconsistent: int
    undecided: int
    missing: int


def counts(verdict: Array) -> Counts:
    """Count `verdict`, int8 (n,), a `Verdict` each."""
    of = np.bincount(verdict, minlength=len(Verdict)).tolist()
    return Counts(
        n_pairs=len(verdict),
        wins=of[Verdict.A],
        losses=of[Verdict.B],
        ties=of[Verdict.TIE],
        inconsistent=of[Verdict.INCONSISTENT],
        undecided=of[Verdict.UNDECIDED],
        missing=of[Verdict.MISSING],
    )
