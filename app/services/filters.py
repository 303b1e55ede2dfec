"""Filters of pair and judgment lists: from the words of a request to what is looked for."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeVar

from app.domain.errors import Invalid, Problem
from app.domain.judgment import Outcome
from app.domain.verdict import Stance, Verdict
from app.store.jobs import OpenJob

T = TypeVar("T")
STANCES: Mapping[str, frozenset[Stance]] = {stance.name: frozenset({stance}) for stance in Stance} | {
    "INCONSISTENT": frozenset({Stance.FLIP, Stance.PARTIAL})
}
VERDICTS: Mapping[str, Verdict] = {verdict.name: verdict for verdict in Verdict}
REASONS: Mapping[str, Outcome] = {outcome.label: outcome for outcome in Outcome if outcome is not Outcome.CANCELLED}


class Human(StrEnum):
    """What people said of a pair on an axis, beside the panel's verdict.

    AGREE, DISAGREE: more people chose one side (or a tie) than any other, the verdict is A, B or TIE, and the two are
    the same, or not: a tie against a side is a disagreement. Who could not tell is not counted. A pair without such a
    majority or such a verdict is neither.
    """

    AGREE = "agree"
    DISAGREE = "disagree"
    LABELLED = "labelled"


HUMAN: Mapping[str, Human] = {human.value: human for human in Human}


@dataclass(frozen=True, slots=True)
class Filters:
    """What a list is narrowed to; None (or empty) = not narrowed."""

    axis: str | None = None
    judge: int | None = None  # its number in the job
    tags: Mapping[str, str] = field(default_factory=dict)
    verdict: Verdict | None = None
    stances: frozenset[Stance] | None = None
    outcome: Outcome | None = None
    human: Human | None = None

    @property
    def needs_verdicts(self) -> bool:
        """Whether a pair must be settled before it is known that it is wanted."""
        by_people = self.human in (Human.AGREE, Human.DISAGREE)
        return self.verdict is not None or self.stances is not None or by_people

    @property
    def needs_units(self) -> bool:
        """Whether a pair's judgments must be read for it."""
        return self.needs_verdicts or self.outcome is not None

    @property
    def narrow(self) -> bool:
        """Whether any pair may be left out."""
        return self.needs_units or self.human is not None or bool(self.tags)


def read_filters(job: OpenJob, words: Mapping[str, str], known: Collection[str]) -> Filters:
    """The filters meant by the words of a request; Invalid, naming the field, for what this list does not know."""
    for name in words:
        if name not in known:
            raise _unknown(name, f"this list is narrowed by {', '.join(sorted(known))}")
    judges = {judge.name: number for number, judge in enumerate(job.judges)}
    return Filters(
        axis=_among("axis", words, {axis: axis for axis in job.spec.axes}),
        judge=_among("judge", words, judges),
        tags=_tags(words.get("tag")),
        verdict=_among("verdict", words, VERDICTS, str.upper),
        stances=_among("stance", words, STANCES, str.upper),
        outcome=_among("reason", words, REASONS, str.lower),
        human=_among("human", words, HUMAN, str.lower),
    )


def _among(name: str, words: Mapping[str, str], known: Mapping[str, T], form: Callable[[str], str] = str) -> T | None:
    word = words.get(name)
    if word is None:
        return None
    found = known.get(form(word))
    if found is None:
        raise _unknown(name, f"one of {', '.join(known)}")
    return found


def _tags(word: str | None) -> dict[str, str]:
    """`name:value` or `name=value`; the first of the two signs counts."""
    if word is None:
        return {}
    sign = min((sign for sign in ":=" if sign in word), key=word.index, default=None)
    if sign is None:
        raise _unknown("tag", "must be name:value")
    name, _, value = word.partition(sign)
    return {name: value}


def _unknown(name: str, reason: str) -> Invalid:
    return Invalid("the list cannot be narrowed so", (Problem(reason, field=name),))
