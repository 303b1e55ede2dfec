"""Trust checks that need more than a judge's own picks: known answers, and whose family it belongs to."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from app.domain.judgment import Outcome, Side
from app.reports import numbers
from app.reports.agreement import gold
from app.reports.kinship import kinship
from app.reports.reading import Reading
from app.reports.sheet import PENDING, JudgeFacts
from app.stats.agreement import votes
from app.stats.known_answer import GateNote, KnownAnswer, known_answer

Check = dict[str, Any]

# Always naming one side is right for two thirds of the gold pairs at most; a judge has to beat that.
THRESHOLD = 2 / 3
UNASKED = (PENDING, Outcome.CANCELLED)
_NOTES = {
    GateNote.TOO_FEW: "fewer than 30 such pairs",
    GateNote.UNBALANCED: "too few of them on one of the sides",
    GateNote.NO_TRUE_TIES: "no true tie is known",
}


def gates(reading: Reading, number: int) -> list[Check]:
    """The checks of one judge."""
    return [
        *_known_answers(reading, number),
        *_family(reading, reading.sheet.judges[number]),
    ]


def _known_answers(reading: Reading, number: int) -> Iterator[Check]:
    """Fine when the judge is surely right more often than one who always names one side; one pair per item. What the
    judge was not asked yet is no wrong answer.
    """
    source, better = gold(reading)
    unasked = np.isin(reading.sheet.outcomes[:, number], UNASKED).any(axis=(1, 2, 3))
    better = np.where(unasked, 0, better)
    if not np.isin(better, (Side.A, Side.B)).any():
        return
    own = votes(reading.settled[reading.sheet.primary_axis].stances[:, number])
    _, one_each = np.unique(np.where(better > 0, reading.sheet.cluster, -1), return_index=True)
    found = known_answer(own[one_each], better[one_each], THRESHOLD, reading.confidence.level)
    yield {"name": "known answers", "ok": found.passed, "text": _told(found, source, reading.confidence.level)}


def _told(found: KnownAnswer, source: str, level: float) -> str:
    right = f"right in {numbers.whole(found.correct)} of {numbers.whole(found.n)} {source}, one of each cluster"
    bound = f"exact {numbers.level_percent(level)} lower bound {numbers.percent(found.low)}"
    more = [_NOTES[note] for note in found.notes if note in _NOTES]
    if found.unanswered:
        more.append(f"{numbers.whole(found.unanswered)} of them unanswered, which counts as wrong")
    if found.true_ties:
        more.append(f"calls {numbers.whole(found.ties_found)} of {numbers.whole(found.true_ties)} true ties a tie")
    return "; ".join((right, f"{bound}, wanted above {numbers.percent(THRESHOLD)}", *more))


def _family(reading: Reading, judge: JudgeFacts) -> Iterator[Check]:
    """Self-preference: fine when the judge has nothing to do with the models and what they learnt from."""
    related = kinship(reading.sheet.metadata, judge)
    if related is not None:
        text = "; ".join(related) if related else "no kinship with a model or the items is known"
        yield {"name": "self-preference", "ok": not related, "text": text}
