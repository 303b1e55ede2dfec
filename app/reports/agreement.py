"""Agreement of judges with each other, with people, and of axes with each other (docs/statistics.md, section 16)."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations
from typing import Any

import numpy as np
import numpy.typing as npt

from app.domain.errors import Invalid
from app.domain.judgment import Side
from app.domain.verdict import HALF
from app.reports.reading import Reading
from app.reports.report import JudgeLine
from app.reports.report_trust import Agreement, AgreementLine
from app.reports.shares import share
from app.reports.sheet import Labels
from app.stats import agreement as between
from app.stats.correlation import correlations, signed
from app.stats.human_agreement import HumanVotes, human_agreement, judge_against_humans
from app.stats.intervals import NOTHING
from app.stats.krippendorff import krippendorff_alpha
from app.stats.panel import effective_panel_size

Array = npt.NDArray[Any]
PEOPLE = "people"
MOST_JUDGES = 16
MANY = f"Judges are compared two by two up to {MOST_JUDGES} of them; Krippendorff's alpha stands for all."
BY_SIDE = "Kappa and alpha compare votes for sides A and B as submitted; chance agreement depends on who stood where."
ITEMS_ONLY = "The interval covers items, not the choice of judge: the range over judges stands beside it."


def agreement(reading: Reading, judges: list[JudgeLine]) -> Agreement | None:
    """Who agrees with whom; None without pairs, and where one judge stands alone, on one axis, without labels."""
    if not reading.matchups:
        return None
    lines = [*_between_judges(reading), *_with_people(reading)]
    found = Agreement(
        lines=lines,
        alpha=list(_alphas(reading)),
        panel=_panel(reading),
        judge_range=_range(judges),
        axes=list(_between_axes(reading)),
        notes=_notes(len(judges), compared=bool(lines)),
    )
    return found if found.lines or found.alpha or found.axes else None


def _notes(judges: int, *, compared: bool) -> list[str]:
    told = {ITEMS_ONLY: judges > 1, f"{MANY} Here are {judges}.": judges > MOST_JUDGES, BY_SIDE: compared}
    return [text for text, applies in told.items() if applies]


def votes_of(labels: Labels) -> HumanVotes:
    """Labels as single votes."""
    side = np.select([np.isnan(labels.score), labels.score > HALF, labels.score < HALF], [0, Side.A, Side.B], Side.TIE)
    return HumanVotes(labels.pair, labels.labeller, side.astype(np.int8))


def _between_judges(reading: Reading) -> Iterator[AgreementLine]:
    names = [judge.name for judge in reading.sheet.judges]
    for axis in reading.sheet.axes if len(names) <= MOST_JUDGES else ():
        votes = between.votes(reading.settled[axis].stances)
        for one, other in combinations(range(len(names)), 2):
            both = [
                between.agreement(votes[:, one], votes[:, other], reading.sheet.cluster, reading.confidence, ties=ties)
                for ties in (True, False)
            ]
            yield _line("judge_judge", (names[one], names[other]), axis, both)


def _with_people(reading: Reading) -> Iterator[AgreementLine]:
    """Every judge against single votes of people, and people against each other: the ceiling."""
    sheet = reading.sheet
    for axis in sheet.axes:
        labels = sheet.labels.get(axis)
        if labels is None or not len(labels.pair):
            continue
        people, votes = votes_of(labels), between.votes(reading.settled[axis].stances)
        for number, judge in enumerate(sheet.judges):
            own = np.ascontiguousarray(votes[:, number])
            both = [
                judge_against_humans(own, people, sheet.cluster, reading.confidence, ties=ties)
                for ties in (True, False)
            ]
            yield _line("judge_human", (judge.name, PEOPLE), axis, both)
        if len(sheet.labellers) > 1:
            yield _ceiling(reading, people, axis)


def _ceiling(reading: Reading, people: HumanVotes, axis: str) -> AgreementLine:
    """Single person against single person; so many labels of one pair that they cannot be compared spare the rest."""
    note, cluster = "single person against single person: the ceiling for a judge", reading.sheet.cluster
    try:
        shares = [human_agreement(people, cluster, reading.confidence, ties=ties) for ties in (True, False)]
    except Invalid as error:
        shares, note = [NOTHING, NOTHING], error.detail
    return AgreementLine("human_human", PEOPLE, PEOPLE, axis, share(shares[0]), share(shares[1]), None, note)


def _line(kind: str, names: tuple[str, str], axis: str, both: list[between.Agreement]) -> AgreementLine:
    """`both`: with ties, and without."""
    first = both[0]
    kappa = {"estimate": first.kappa, "low": first.kappa_low, "high": first.kappa_high}
    return AgreementLine(
        kind=kind,
        first=names[0],
        second=names[1],
        axis=axis,
        with_ties=share(first.share),
        without_ties=share(both[1].share),
        kappa=None if first.kappa is None else kappa,
        note="; ".join(first.warnings),
    )


def _alphas(reading: Reading) -> Iterator[dict[str, Any]]:
    """Krippendorff's alpha of the judges, and of the people, on every axis with two or more of them."""
    sheet = reading.sheet
    for axis in sheet.axes:
        if len(sheet.judges) > 1:
            yield _alpha(reading, "judges", axis, between.votes(reading.settled[axis].stances))
        labels = sheet.labels.get(axis)
        if labels is not None and len(labels.pair) and len(sheet.labellers) > 1:
            yield _alpha(reading, PEOPLE, axis, _matrix(reading, votes_of(labels)))


def _alpha(reading: Reading, kind: str, axis: str, ratings: Array) -> dict[str, Any]:
    found = krippendorff_alpha(ratings, reading.sheet.cluster, reading.confidence)
    return {
        "kind": kind,
        "axis": axis,
        "raters": ratings.shape[1],
        "estimate": found.alpha,
        "low": found.low,
        "high": found.high,
        "n": found.n,
        "note": "; ".join(found.warnings),
    }


def _matrix(reading: Reading, people: HumanVotes) -> Array:
    """(pairs, labellers) votes, 0 where missing."""
    ratings = np.zeros((len(reading.sheet.cluster), len(reading.sheet.labellers)), np.int8)
    ratings[people.pair, people.labeller] = people.vote
    return ratings


def gold(reading: Reading) -> tuple[str, Array]:
    """What is known to be better on the primary axis, a `Side` or 0 (pairs,), and where it is known from.

    The side whose answer alone is right; where no answers are known, the side most people chose, a tie where all did.
    """
    sheet = reading.sheet
    known = (sheet.right_a >= 0) & (sheet.right_b >= 0) & (sheet.right_a != sheet.right_b)
    if known.any():
        return "pairs with one right answer", np.where(known, np.where(sheet.right_a > 0, Side.A, Side.B), 0).astype(
            np.int8
        )
    labels = sheet.labels.get(sheet.primary_axis)
    if labels is None or not len(labels.pair):
        return "", np.zeros(len(sheet.cluster), np.int8)
    told = ~np.isnan(labels.score)
    above = labels.score[told] - HALF
    lean, apart = (np.bincount(labels.pair[told], by, minlength=len(sheet.cluster)) for by in (above, np.abs(above)))
    tied = (np.bincount(labels.pair[told], minlength=len(sheet.cluster)) > 0) & (apart == 0)
    better = np.select([lean > 0, lean < 0, tied], [Side.A, Side.B, Side.TIE], 0).astype(np.int8)
    return "pairs labelled by people", better


def _panel(reading: Reading) -> dict[str, Any] | None:
    """How many independent judges the panel is worth by its errors; without gold, how its votes correlate."""
    judges = len(reading.sheet.judges)
    if judges == 1:
        return None
    stances = reading.settled[reading.sheet.primary_axis].stances
    source, better = gold(reading)
    sided = np.isin(better, (Side.A, Side.B))
    if sided.any():
        votes = between.votes(stances[sided])
        errors = np.where(votes == 0, np.nan, votes != better[sided, None])
        found = effective_panel_size(errors)
        return {
            "judges": judges, "effective": found.effective, "mean_correlation": found.mean_correlation, "of": "errors",
            "gold": source, "n": found.n, "note": "; ".join(found.warnings),
        }  # fmt: skip
    votes_correlate = correlations(signed(stances))
    return {
        "judges": judges, "effective": None, "mean_correlation": votes_correlate.mean, "of": "votes", "gold": None,
        "n": min(count for row in votes_correlate.n for count in row),
        "note": "without gold labels only the correlation of votes is known, not of errors",
    }  # fmt: skip


def _range(judges: list[JudgeLine]) -> dict[str, Any] | None:
    """The lowest and the highest win rate of any one judge."""
    rates = [(line.win_rate.estimate, line.judge) for line in judges if line.win_rate.estimate is not None]
    if len(rates) <= 1:
        return None
    (low, lowest), (high, highest) = min(rates), max(rates)
    return {"low": low, "lowest": lowest, "high": high, "highest": highest, "judges": len(rates)}


def _between_axes(reading: Reading) -> Iterator[dict[str, Any]]:
    """How one judge's axes correlate (halo), where it judged several in one call."""
    sheet = reading.sheet
    for number, judge in enumerate(sheet.judges):
        if len(sheet.axes) == 1 or judge.method == "logprobs" or number >= MOST_JUDGES:
            continue
        found = correlations(
            np.stack([signed(reading.settled[axis].stances[:, number]) for axis in sheet.axes], axis=1)
        )
        for one, other in combinations(range(len(sheet.axes)), 2):
            yield {
                "judge": judge.name, "first": sheet.axes[one], "second": sheet.axes[other],
                "correlation": found.coefficient[one][other], "n": found.n[one][other],
            }  # fmt: skip
