"""What people would say: the human-calibrated win rate, and how well soft verdicts are calibrated against labels.

Definitions: docs/statistics.md, sections 17 and 18.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from app.domain.errors import Invalid
from app.domain.verdict import HALF, PolicyName
from app.reports import numbers
from app.reports.human_labels import NO_LABELS, decided, filled, labels_of
from app.reports.matchups import Matchup
from app.reports.reading import Reading, alone, policy_of, settle_axis
from app.reports.report_trust import CalibratedLine, CalibrationLine
from app.reports.shares import Share, share
from app.reports.sheet import JudgeFacts, Labels, PlannedReview
from app.stats import ppi
from app.stats.calibration import brier_score, reliability_curve
from app.stats.intervals import Interval
from app.stats.temperature import fit_temperature

Array = npt.NDArray[Any]


def calibrated_lines(reading: Reading) -> list[CalibratedLine]:
    """Every axis that people labelled or are to label, for every two models; new items are the target."""
    sheet = reading.sheet
    asked = {axis for review in sheet.reviews for axis in review.axes}
    return [
        _calibrated(reading, matchup, axis)
        for axis in sheet.axes
        if (axis in asked or (axis in sheet.labels and len(sheet.labels[axis].pair))) and reading.assessed(axis)
        for matchup in reading.matchups
        if matchup.model_a != matchup.model_b
    ]


def _calibrated(reading: Reading, matchup: Matchup, axis: str) -> CalibratedLine:
    asked, left_out = labels_of(matchup, reading.sheet.labels.get(axis, NO_LABELS), len(reading.sheet.cluster))
    given = decided(asked)
    hidden, stopped = _waiting(reading.sheet.reviews, axis), _stopped(reading.sheet.reviews, axis)
    if hidden:
        return _unavailable(reading, matchup, axis, len(given.index), hidden)
    score, cluster = matchup.score(reading.settled[axis]), reading.sheet.cluster[matchup.rows]
    try:
        found = ppi.calibrated_rate(score, cluster, given, confidence=reading.confidence)
    except Invalid as error:
        return _unavailable(reading, matchup, axis, len(given.index), _why(error))
    these = _these_items(score, cluster, given, reading)
    undecided = len(asked.index) - len(given.index)
    bounds = _bounds(score, cluster, asked, reading) if undecided else None
    return CalibratedLine(
        model_a=matchup.model_a,
        model_b=matchup.model_b,
        axis=axis,
        available=True,
        estimate=found.estimate,
        se=found.se,
        low=found.low,
        high=found.high,
        level=found.level,
        labels=found.n_labels,
        weight=found.tuning,
        target=found.target.value,
        human_only=share(found.human),
        judge_only=share(found.judge),
        text=_text(matchup, found) + (f"; for exactly these items {_told(these)}" if these else ""),
        note="; ".join((*stopped, *left_out, *_open(undecided, bounds), *found.warnings)),
        these_items=None if these is None else _of_items(these),
        undecided=undecided,
        bounds=bounds,
    )


def _these_items(score: Array, cluster: Array, given: ppi.Labels, reading: Reading) -> ppi.Calibrated | None:
    """The finite-population form; None when every pair is labelled, so that nothing is left to estimate."""
    try:
        return ppi.calibrated_rate(score, cluster, given, ppi.Population.THESE_ITEMS, reading.confidence)
    except Invalid:  # what is wrong with the labels was told before
        return None


def _bounds(score: Array, cluster: Array, asked: ppi.Labels, reading: Reading) -> dict[str, float]:
    """The rate had all labels been B's that people left undecided, and had they been A's."""
    low, high = (
        ppi.calibrated_rate(score, cluster, filled(asked, value), confidence=reading.confidence).estimate
        for value in (0.0, 1.0)
    )
    return {"low": low, "high": high}


def _open(undecided: int, bounds: dict[str, float] | None) -> list[str]:
    if bounds is None:
        return []
    told = f"{numbers.interval(bounds['low'], bounds['high'])} % had all of them gone to one side or the other"
    return [f"people could not decide {numbers.whole(undecided)} of the pairs, which are left out: {told}"]


def _waiting(reviews: Sequence[PlannedReview], axis: str) -> str:
    """Why the rate is hidden: who sees it while labels come in may stop when it pleases. Empty when it is not."""
    return "; ".join(
        f"hidden until all {numbers.whole(review.pairs)} pairs are labelled ({numbers.whole(review.done)} so far): "
        "a rate read on the way is peeking"
        for review in reviews
        if axis in review.axes and not review.closed and not review.complete
    )


def _stopped(reviews: Sequence[PlannedReview], axis: str) -> list[str]:
    return [
        f"stopped at {numbers.whole(review.done)} of {numbers.whole(review.pairs)} planned pairs; if the stop depended "
        "on what was seen, the interval is too narrow"
        for review in reviews
        if axis in review.axes and review.closed and not review.complete
    ]


def _why(error: Invalid) -> str:
    reasons = "; ".join(problem.reason for problem in error.problems)
    return f"{error.detail}: {reasons}" if reasons else error.detail


def _unavailable(reading: Reading, matchup: Matchup, axis: str, labels: int, why: str) -> CalibratedLine:
    return CalibratedLine(
        model_a=matchup.model_a,
        model_b=matchup.model_b,
        axis=axis,
        available=False,
        estimate=None,
        se=None,
        low=None,
        high=None,
        level=reading.confidence.level,
        labels=labels,
        weight=None,
        target=ppi.Population.NEW_ITEMS.value,
        human_only=None,
        judge_only=None,
        text=f"no human-calibrated rate on {axis}: {why}",
        note=why,
    )


def _text(matchup: Matchup, found: ppi.Calibrated) -> str:
    interval = f"{numbers.level_percent(found.level)} CI {numbers.interval(found.low, found.high)}"
    return (
        f"human-calibrated win rate of {matchup.model_a} against {matchup.model_b}: {numbers.percent(found.estimate)} "
        f"({interval}; PPI++ for {found.target.words}, {numbers.whole(found.n_labels)} labels, "
        f"{numbers.whole(found.n_pairs)} judged pairs, judge weighted {found.tuning:.2f}); "
        f"labels alone {_told(found.human)}, judge alone {_told(found.judge)}"
    )


def _told(interval: Interval | ppi.Calibrated) -> str:
    return f"{numbers.percent(interval.estimate)} ({numbers.interval(interval.low, interval.high)})"


def _of_items(found: ppi.Calibrated) -> Share:
    return {"estimate": found.estimate, "low": found.low, "high": found.high, "n": found.n_pairs}


def calibration_lines(reading: Reading) -> list[CalibrationLine]:
    """Every judge whose verdicts are probabilities in both orders, on every axis that people labelled."""
    if len(reading.sheet.orders) == 1:
        return []
    return [
        _calibration(reading, number, axis, labels)
        for number, judge in enumerate(reading.sheet.judges)
        for axis, labels in reading.sheet.labels.items()
        if len(labels.pair) and axis in reading.settled and _is_soft(reading, number, axis, judge)
    ]


def _is_soft(reading: Reading, number: int, axis: str, judge: JudgeFacts) -> bool:
    odds = reading.sheet.picks[axis].log_odds
    return judge.method == "logprobs" or (odds is not None and not np.isnan(odds[:, number]).all())


def _calibration(reading: Reading, number: int, axis: str, labels: Labels) -> CalibrationLine:
    soft = settle_axis(alone(reading.sheet, number), axis, policy_of(reading.sheet, PolicyName.DEBIAS_SOFT.value))
    plain = np.isin(labels.score, (0.0, HALF, 1.0))
    known = plain & ~np.isnan(soft.score[labels.pair])
    pair, label = labels.pair[known], labels.score[known]
    p, cluster = soft.score[pair], reading.sheet.cluster[pair]
    tempered, notes = None, list[str]()
    if left_out := int((~plain & ~np.isnan(labels.score)).sum()):
        notes.append(f"{numbers.whole(left_out)} labels between win, tie and loss are left out")
    try:
        tempered = fit_temperature(p, label, cluster, reading.parameters.seed)
        notes += tempered.warnings
    except Invalid as error:
        notes.append(error.detail)
    return CalibrationLine(
        judge=reading.sheet.judges[number].name,
        axis=axis,
        labels=len(label),
        brier=share(brier_score(p, label, cluster, reading.confidence)),
        temperature=tempered.temperature if tempered else None,
        brier_tempered=tempered.after.brier if tempered else None,
        curve=list(_curve(reading, p, label, cluster)),
        note="; ".join(notes),
    )


def _curve(reading: Reading, p: Array, label: Array, cluster: Array) -> Iterator[dict[str, Any]]:
    for one in reliability_curve(p, label, cluster, reading.confidence):
        yield {"start": one.start, "end": one.end, "mean": one.mean, **share(one.observed)}
