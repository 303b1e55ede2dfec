"""Trust checks that need more than a judge's own picks: known answers, and whose family it belongs to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from app.domain.judgment import Outcome
from app.reports import numbers
from app.reports.agreement import gold
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
    if not better.any():
        return
    own = votes(reading.settled[reading.sheet.primary_axis].stances[:, number])
    _, one_each = np.unique(np.where(better > 0, reading.sheet.cluster, -1), return_index=True)
    found = known_answer(own[one_each], better[one_each], THRESHOLD, reading.confidence.level)
    yield {"name": "known answers", "ok": found.passed, "text": _told(found, source, reading.confidence.level)}


def _told(found: KnownAnswer, source: str, level: float) -> str:
    right = f"right in {numbers.whole(found.correct)} of {numbers.whole(found.n)} {source}, one of each cluster"
    bound = f"exact {numbers.level_percent(level)} lower bound {numbers.percent(found.low)}"
    why = [_NOTES[note] for note in found.notes if note in _NOTES]
    return "; ".join((right, f"{bound}, wanted above {numbers.percent(THRESHOLD)}", *why))


def _family(reading: Reading, judge: JudgeFacts) -> Iterator[Check]:
    """Self-preference: fine when the judge has nothing to do with the models and what they learnt from."""
    known = _kinship(reading.sheet.metadata)
    if known is None:
        return
    own = {name.lower() for name in (judge.family, judge.served_model, judge.name) if name}
    related = [told for told, names in known if own & {name.lower() for name in names}]
    text = "; ".join(related) if related else "no kinship with a model or the items is known"
    yield {"name": "self-preference", "ok": not related, "text": text}


def _kinship(metadata: Mapping[str, Any]) -> list[tuple[str, Sequence[str]]] | None:
    """What the submitter told of families, by model_families, trained_on_outputs_of and item_source_models; None when
    nothing.
    """
    families, trained = metadata.get("model_families"), metadata.get("trained_on_outputs_of")
    sources = metadata.get("item_source_models")
    if not any(isinstance(value, dict | list) for value in (families, trained, sources)):
        return None
    known = [(f"of one family with {model}", _names(family)) for model, family in _entries(families)]
    known += [(f"{model} was trained on its outputs", _names(teachers)) for model, teachers in _entries(trained)]
    return [*known, ("it made or filtered the items", _names(sources))]


def _entries(value: Any) -> list[tuple[str, Any]]:
    return list(value.items()) if isinstance(value, dict) else []


def _names(value: Any) -> list[str]:
    listed = value if isinstance(value, list) else [value]
    return [name for name in listed if isinstance(name, str)]
