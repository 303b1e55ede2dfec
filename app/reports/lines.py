"""Rate lines: the headline, every axis, slice and stratum, and the headline under every policy."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy.typing as npt

from app.domain.verdict import PolicyName, Settled
from app.reports import phrases, sentences
from app.reports.kinship import flag
from app.reports.matchups import Matchup, split
from app.reports.reading import Reading, gives_log_odds, policy_of, settle_axis, tag_values, unavailable
from app.reports.report import PolicyLine, RateLine
from app.stats.strata import STRATA, strata
from app.stats.win_rate import Rate, preference_rate, win_rate

Array = npt.NDArray[Any]


def headline(reading: Reading) -> RateLine | None:
    """The two models with most pairs, on the primary axis; None without pairs. Names judges kin to what they judge."""
    if not reading.matchups:
        return None
    line, kin = _line(reading, reading.matchups[0], reading.sheet.primary_axis), flag(reading.sheet)
    return replace(line, text=f"{line.text} ({kin})") if kin else line


def axis_lines(reading: Reading) -> list[RateLine]:
    """Every axis for every two models that meet."""
    return [_line(reading, matchup, axis, axis) for axis in reading.sheet.axes for matchup in reading.matchups]


def slice_lines(reading: Reading) -> list[RateLine]:
    """Every axis on the pairs of every value of the tag `slice_by`; pairs without the tag are in no slice."""
    tag = reading.parameters.slice_by
    values, code = tag_values(reading.sheet, tag)
    if not values:
        return []
    parts = [part for matchup in reading.matchups for part in _parts(matchup, code[matchup.rows])]
    return [
        replace(
            _line(reading, part, axis, f"{axis}, {tag} {values[number]}"),
            slice={"tag": tag, "value": values[number]},
        )
        for axis in reading.sheet.axes
        for number, part in parts
        if number >= 0
    ]


def stratum_lines(reading: Reading) -> list[RateLine]:
    """The primary axis by whose final answer was right; empty when no answer is known."""
    sheet, axis = reading.sheet, reading.sheet.primary_axis
    if not ((sheet.right_a >= 0) & (sheet.right_b >= 0)).any():
        return []
    return [
        replace(_line(reading, part, axis, f"{axis}, {phrases.STRATA[STRATA[number]]}"), stratum=STRATA[number])
        for matchup in reading.matchups
        for number, part in _parts(matchup, strata(*matchup.sides(sheet.right_a, sheet.right_b)))
    ]


def policy_lines(reading: Reading) -> list[PolicyLine]:
    """The headline comparison under every policy, side by side."""
    return [_policy_line(reading, name) for name in PolicyName] if reading.matchups else []


def rates(reading: Reading, matchup: Matchup, settled: Settled) -> tuple[Rate, Rate]:
    """Win rate and preference rate of `model_a`."""
    verdict = matchup.verdict(settled)
    won = win_rate(verdict, matchup.score(settled), matchup.cluster, reading.confidence)
    return won, preference_rate(verdict, matchup.cluster, reading.confidence)


def _parts(matchup: Matchup, code: Array) -> Iterator[tuple[int, Matchup]]:
    """The matchup's pairs of every code, int (m,), that occurs."""
    for within in split(code):
        yield int(code[within[0]]), matchup.part(within)


def _line(reading: Reading, matchup: Matchup, axis: str, about: str = "") -> RateLine:
    """`about` opens the sentence, except in the headline."""
    assessed = reading.assessed(axis)
    won, preferred = rates(reading, matchup, reading.settled[axis])
    if assessed:
        counting = reading.counting(axis) + "; chosen after submit" * reading.post_hoc
        text = sentences.citation(matchup.model_a, matchup.model_b, won, counting)
    else:
        about, text = about or axis, sentences.NOT_ASSESSED
    return RateLine(
        model_a=matchup.model_a,
        model_b=matchup.model_b,
        axis=axis,
        win_rate=won,
        preference_rate=preferred,
        text=f"{about}: {text}" if about else text,
        assessed=assessed,
    )


def _policy_line(reading: Reading, name: PolicyName) -> PolicyLine:
    sheet, axis = reading.sheet, reading.sheet.primary_axis
    problem = unavailable(sheet, axis, name)
    won = preferred = None
    if not problem:
        same = name is reading.policy.name
        settled = reading.settled[axis] if same else settle_axis(sheet, axis, policy_of(sheet, name))
        won, preferred = rates(reading, reading.matchups[0], settled)
    return PolicyLine(
        policy=name.value,
        available=not problem,
        post_hoc=name != sheet.policy["name"],
        win_rate=won,
        preference_rate=preferred,
        note=problem or _note(reading, name),
    )


def _note(reading: Reading, name: PolicyName) -> str:
    notes = []
    if reading.sheet.picks[reading.sheet.primary_axis].final is not None:
        notes.append(sentences.FINISHED)
    elif len(reading.sheet.orders) == 1:
        notes.append(sentences.SINGLE_ORDER)
    if name.needs_log_odds and (silent := _silent(reading)):
        notes.append(f"no log-probabilities from {', '.join(silent)}")
    if name is PolicyName.DEBIAS_SOFT:
        notes.append(sentences.NOT_CALIBRATED)
    return "; ".join(notes)


def _silent(reading: Reading) -> list[str]:
    """The judges without log-odds on the primary axis."""
    sheet = reading.sheet
    gives = (gives_log_odds(sheet, sheet.primary_axis, number) for number in range(len(sheet.judges)))
    return [judge.name for judge, given in zip(sheet.judges, gives, strict=True) if not given]
