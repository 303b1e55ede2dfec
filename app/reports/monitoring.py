"""The confidence sequences of the headline comparison: bounds that hold at every look (docs/statistics.md, 21)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from app.domain.verdict import Verdict
from app.reports import numbers
from app.reports.losses import units_of
from app.reports.matchups import Matchup
from app.reports.reading import Reading
from app.reports.report_trust import SequenceLine
from app.reports.sheet import PENDING
from app.stats.intervals import cluster_sizes
from app.stats.sequence import (
    ConfidenceSequence,
    Target,
    cluster_values,
    new_items_sequence,
    on_rate_scale,
    thinned,
    this_job_sequence,
)

Array = npt.NDArray[Any]


def sequence_lines(reading: Reading) -> list[SequenceLine]:
    """For new items; while pairs are pending also for what this job's final number will be.

    None for imports: the order of a file is not a random one.
    """
    if not reading.matchups or reading.sheet.imported:
        return []
    matchup = reading.matchups[0]
    place = _places(reading.sheet.cluster[matchup.rows])
    total = int(place.max()) + 1
    prefix = _finished(reading, matchup, place)
    settled = reading.settled[reading.sheet.primary_axis]
    score, verdict = matchup.score(settled), matchup.verdict(settled)
    read = place < prefix
    sizes = cluster_sizes(place)
    largest, mean_size = int(sizes.max()), float(sizes.mean())
    values = cluster_values(score[read], verdict[read] == Verdict.MISSING, place[read], prefix, largest)
    level, undecided = reading.confidence.level, int((np.isnan(score) & (verdict != Verdict.MISSING) & read).sum())
    found = [new_items_sequence(values, level)]
    if prefix < total:
        found.append(this_job_sequence(values, total, level))
    scaled = [on_rate_scale(thinned(one), largest, mean_size) for one in found]
    # How many pairs will be decided is not known before the start, so a rate over those has no such bounds.
    told = (f"{numbers.whole(undecided)} pairs that are not decided count half in it",) * bool(undecided)
    return [_line(matchup, replace(one, warnings=one.warnings + told), prefix, total) for one in scaled]


def _places(cluster: Array) -> Array:
    """Clusters numbered by first appearance: the seeded order in which they are judged."""
    _, first, inverse = np.unique(cluster, return_index=True, return_inverse=True)
    rank = np.empty(len(first), np.int64)
    rank[np.argsort(first)] = np.arange(len(first))
    placed: Array = rank[inverse]
    return placed


def _finished(reading: Reading, matchup: Matchup, place: Array) -> int:
    """Clusters before the first that still has a pending unit."""
    pending = np.zeros(len(reading.sheet.cluster), bool)
    for judge in range(len(reading.sheet.judges)):
        pending |= (units_of(reading.sheet, judge) == PENDING).any(axis=(1, 2, 3))
    waiting = place[pending[matchup.rows]]
    return int(waiting.min()) if len(waiting) else int(place.max()) + 1


def _line(matchup: Matchup, found: ConfidenceSequence, prefix: int, total: int) -> SequenceLine:
    low, high = float(found.low[-1]), float(found.high[-1])
    decided = found.decided_at if found.target is Target.NEW_ITEMS else None
    points = [
        {"clusters": int(t), "low": float(least), "high": float(most)}
        for t, least, most in zip(found.t, found.low, found.high, strict=True)
    ]
    return SequenceLine(
        target=found.target.value,
        level=found.level,
        low=low,
        high=high,
        clusters=prefix,
        of_clusters=total,
        decided_at=decided,
        points=points,
        text=_text(matchup, found, prefix, total),
        note="; ".join((found.target.words, *found.warnings)),
    )


def _text(matchup: Matchup, found: ConfidenceSequence, prefix: int, total: int) -> str:
    after = f"after {numbers.whole(prefix)} of {numbers.whole(total)} clusters"
    bounds = (
        f"{numbers.level_percent(found.level)} confidence sequence {numbers.interval(found.low[-1], found.high[-1])}"
    )
    if found.target is Target.THIS_JOB:
        return f"this job's final win rate of {matchup.model_a}, {after}: {bounds}"
    if found.decided_at is None:
        return f"undecided {after}: win rate of {matchup.model_a} {bounds}"
    winner = matchup.model_a if found.decided_for == "A" else matchup.model_b
    return f"{winner} preferred since cluster {numbers.whole(found.decided_at)}, {after}: {bounds}"
