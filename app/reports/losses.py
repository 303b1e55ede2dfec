"""What was lost: units without a verdict by reason and order, and missing pairs by why, model, tag and length."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from app.domain.judgment import Outcome
from app.domain.verdict import Verdict
from app.reports.reading import Reading, tag_values
from app.reports.report import Losses, LossLine
from app.reports.sheet import NOT_PLANNED, PENDING, Sheet

Array = npt.NDArray[Any]
DECILES = 10
TWO = 2


def losses(reading: Reading) -> Losses:
    """Units over the whole plan of every judge; pairs on the primary axis."""
    sheet = reading.sheet
    missing = reading.settled[sheet.primary_axis].verdict == Verdict.MISSING
    return Losses(
        units=sum(planned(units_of(sheet, judge)) for judge in range(len(sheet.judges))),
        lost=[line for judge in range(len(sheet.judges)) for line in _loss_lines(sheet, judge)],
        missing_pairs=_missing_pairs(sheet, missing),
        by_tag=_by_tag(reading, missing),
        by_order=_by_order(sheet),
        by_length=_by_length(sheet, missing),
        by_model=_by_model(sheet, missing),
    )


def units_of(sheet: Sheet, judge: int) -> Array:
    """Outcomes of one judge, (pairs, groups, orders, repeats); places that are no unit hold NOT_PLANNED."""
    return sheet.outcomes[:, judge]


def planned(units: Array) -> int:
    """How many units there are in an array of outcomes."""
    return int((units != NOT_PLANNED).sum())


def units_by_outcome(sheet: Sheet, judge: int) -> dict[int, int]:
    """Number of units of every outcome that occurs, PENDING included, by rising outcome."""
    count = np.bincount(units_of(sheet, judge).ravel().astype(np.int16) - NOT_PLANNED)
    return {number + NOT_PLANNED: int(units) for number, units in enumerate(count) if units and number}


def kind_of(outcome: int) -> str:
    """judged, abstained, failed, cancelled or pending."""
    if outcome == PENDING:
        return "pending"
    if Outcome(outcome).abstained:
        return "abstained"
    if Outcome(outcome).failed:
        return "failed"
    return "cancelled" if outcome == Outcome.CANCELLED else "judged"


def _loss_lines(sheet: Sheet, judge: int) -> Iterator[LossLine]:
    total = planned(units_of(sheet, judge))
    for outcome, units in units_by_outcome(sheet, judge).items():
        if outcome != Outcome.JUDGED:
            reason = "pending" if outcome == PENDING else Outcome(outcome).label
            yield LossLine(kind_of(outcome), reason, sheet.judges[judge].name, units, units / total)


def _missing_pairs(sheet: Sheet, missing: Array) -> dict[str, int]:
    """Missing pairs told apart: still pending, else cancelled, else lost (abstained or failed)."""
    pending = np.zeros(len(missing), dtype=bool)
    cancelled = pending.copy()
    for judge in range(len(sheet.judges)):
        units = units_of(sheet, judge)
        pending |= (units == PENDING).any(axis=(1, 2, 3))
        cancelled |= (units == Outcome.CANCELLED).any(axis=(1, 2, 3))
    return {
        "lost": int((missing & ~pending & ~cancelled).sum()),
        "cancelled": int((missing & ~pending & cancelled).sum()),
        "pending": int((missing & pending).sum()),
    }


def _by_model(sheet: Sheet, missing: Array) -> list[dict[str, Any]]:
    """Missing pairs of every model, on whichever side; empty for two models, which are in all pairs alike."""
    if len(sheet.models) <= TWO:
        return []
    against = sheet.model_a != sheet.model_b  # a model against itself is one pair of it
    size = len(sheet.models)
    gone, pairs = (
        np.bincount(sheet.model_a[of], minlength=size) + np.bincount(sheet.model_b[of & against], minlength=size)
        for of in (missing, np.ones(len(missing), bool))
    )
    return [
        {"model": model, "missing": int(gone[number]), "pairs": int(pairs[number])}
        for number, model in enumerate(sheet.models)
    ]


def _by_tag(reading: Reading, missing: Array) -> list[dict[str, Any]]:
    tag = reading.parameters.slice_by
    values, code = tag_values(reading.sheet, tag)
    if not values:
        return []
    pairs = np.bincount(code + 1, minlength=len(values) + 1)[1:].tolist()
    gone = np.bincount(code + 1, weights=missing, minlength=len(values) + 1)[1:].astype(int).tolist()
    return [
        {"tag": tag, "value": value, "missing": gone[number], "pairs": pairs[number]}
        for number, value in enumerate(values)
    ]


def _by_length(sheet: Sheet, missing: Array) -> list[dict[str, Any]]:
    """Missing pairs by decile of their two traces' length in characters; empty when none is missing, or a length is
    unknown.
    """
    if not missing.any() or min(sheet.length_a.min(), sheet.length_b.min()) < 0:
        return []
    length = sheet.length_a + sheet.length_b
    ordered = np.sort(length)
    edges = np.unique(ordered[(len(ordered) - 1) * np.arange(1, DECILES) // DECILES])
    ends = np.append(np.searchsorted(ordered, edges, side="right"), len(ordered))
    gone = np.bincount(np.searchsorted(edges, length[missing]), minlength=DECILES)
    return [
        {
            "characters": f"{ordered[start]} to {ordered[end - 1]}",
            "missing": int(gone[number]),
            "pairs": int(end - start),
        }
        for number, (start, end) in enumerate(pairwise((0, *ends.tolist())))
        if start < end
    ]


def _by_order(sheet: Sheet) -> list[dict[str, Any]]:
    """Units abstained or failed in each order; empty where final stances do not tell the order."""
    if sheet.imported and len(sheet.orders) == 1:
        return []
    entries = []
    for place, order in enumerate(sheet.orders):
        shown = [units_of(sheet, judge)[:, :, place] for judge in range(len(sheet.judges))]
        lost = sum(int(((units > Outcome.JUDGED) & (units < Outcome.CANCELLED)).sum()) for units in shown)
        entries.append({"order": order.name, "lost": lost, "units": sum(map(planned, shown))})
    return entries
