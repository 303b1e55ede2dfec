"""What makes verdicts from elsewhere an import: they fit together, fit into a report, and hold what is asked for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from app.domain.contradictions import contradictions
from app.domain.errors import Invalid, Problem
from app.domain.imported import NONE, OVERALL, Array, Verdicts
from app.domain.pairing import Placed, place
from app.domain.verdict import PolicyName

MOST_VERDICTS = 10_000_000
MOST_CELLS = 30_000_000  # of a dense table of pairs, judges, axes, orders and repeats: a byte or a few each
MOST_MODELS = 1_000
MOST_JUDGES = 300  # each is compared with each
MOST_AXES = 100  # so are these
MOST_NAMED = 100
NO_SAMPLES = "tells apart the traces of a job; here, make it part of the item's id"


@dataclass(frozen=True, slots=True)
class Choices:
    """What a report will take as fixed. `primary_axis` None: `overall` where there is one, else the first axis."""

    primary_axis: str | None = None
    policy: PolicyName = PolicyName.HALF


def checked(verdicts: Verdicts, choices: Choices) -> dict[str, Any]:
    """The spec of an import of these verdicts. Raises Invalid when they cannot be counted, or contradict."""
    if np.isnan(verdicts.score).all():
        raise Invalid("no row has a winner or a score", (Problem("every row is empty here", "winner"),))
    if int(verdicts.count.sum()) > MOST_VERDICTS:
        raise Invalid(f"more than {MOST_VERDICTS:,} verdicts", (Problem("counts add up to too many", "count"),))
    for field in ("sample_a", "sample_b"):
        refuse(_lines(verdicts, getattr(verdicts, field) != NONE, field, NO_SAMPLES), "samples belong to jobs")
    axes = [verdicts.axis.names[code] for code in np.unique(verdicts.axis.code)]
    if choices.primary_axis not in (None, *axes):
        raise Invalid("there is no such axis", (Problem(f"must be one of {', '.join(axes)}", "primary_axis"),))
    placed = place(verdicts)
    _require_room(verdicts, placed)
    refuse(*contradicting(verdicts, placed))
    if choices.policy.needs_log_odds:
        _require_soft(verdicts, choices.policy)
    return {
        "primary_axis": choices.primary_axis or (OVERALL if OVERALL in axes else axes[0]),
        "policy": {"name": choices.policy.value},
        "seed": 0,
        "summary": _summary(verdicts, placed, axes),
    }


def _require_room(verdicts: Verdicts, placed: Placed) -> None:
    """A report lays pairs, judges, axes, orders and repeats out as one table."""
    judges, axes = len(verdicts.judge.names), len(verdicts.axis.names)
    calls = (2 if (verdicts.order != NONE).any() else 1) * (1 + int(verdicts.repeat.max()))
    if len(placed.first) * judges * axes * calls > MOST_CELLS:
        told = f"{len(placed.first):,} pairs x {judges:,} judges x {axes:,} axes x {calls:,} orders and repeats"
        detail = f"too large a table: {told} are more than {MOST_CELLS:,} places"
        raise Invalid(detail, (Problem("tells too many apart", "judge"),))
    if judges > MOST_JUDGES:
        reason = "names too many; a crowd is one judge: leave the column out, and tell its verdicts apart by `repeat`"
        raise Invalid(f"more than {MOST_JUDGES:,} judges", (Problem(reason, "judge"),))
    if axes > MOST_AXES:
        reason = "names too many axes; what tells items apart is their `item`, or a tag"
        raise Invalid(f"more than {MOST_AXES:,} axes", (Problem(reason, "axis"),))
    if len(verdicts.models) > MOST_MODELS:
        raise Invalid(f"more than {MOST_MODELS:,} models", (Problem("names too many models", "model_a"),))


def _require_soft(verdicts: Verdicts, policy: PolicyName) -> None:
    soft = (verdicts.order != NONE) & ~np.isnan(verdicts.score) & ~np.isin(verdicts.score, (0.0, 0.5, 1.0))
    if not soft.any():
        reason = "needs scores between 0 and 1 in both orders"
        raise Invalid(f"policy {policy} is not available", (Problem(reason, "policy"),))


def contradicting(verdicts: Verdicts, placed: Placed) -> tuple[list[Problem], str, int]:
    """What `refuse` takes about rows that contradict each other."""
    problems, count = contradictions(verdicts, placed, MOST_NAMED)
    return problems, "the verdicts contradict each other", count


def strange_labels(verdicts: Verdicts, placed: Placed) -> list[Problem]:
    """Labels of items, pairs or axes that the judges' rows do not have, and labels that are not of one pair."""
    label, judged = verdicts.human, ~verdicts.human
    items = np.unique(verdicts.item.code[judged])
    axes = np.unique(verdicts.axis.code[judged])
    known = np.isin(verdicts.item.code, items)
    names = ", ".join(verdicts.axis.names[code] for code in axes)
    of_a_label = verdicts.human[placed.first[placed.pair]]
    return [
        *_lines(verdicts, label & (verdicts.item.code == NONE), "item", "is missing: a label is joined by it"),
        *_lines(verdicts, label & (verdicts.item.code != NONE) & ~known, "item", "there is no such item here"),
        *_lines(verdicts, label & known & ~placed.shared, "count", "must be 1 for a label"),
        *_lines(verdicts, label & known & placed.shared & of_a_label, "model_a", "this item has no such two models"),
        *_lines(verdicts, label & ~np.isin(verdicts.axis.code, axes), "axis", f"must be one of {names}"),
    ]


def _lines(verdicts: Verdicts, which: Array, field: str, reason: str) -> list[Problem]:
    return [Problem(reason, field, line) for line in verdicts.line[which].tolist()]


def refuse(problems: Sequence[Problem], detail: str, count: int | None = None) -> None:
    """Raise Invalid with the first problems by line, when there are any."""
    if problems:
        first = sorted(problems, key=lambda problem: problem.line or 0)[:MOST_NAMED]
        raise Invalid(detail, tuple(first), count or len(problems))


def _summary(verdicts: Verdicts, placed: Placed, axes: Sequence[str]) -> dict[str, Any]:
    return {
        "rows": len(verdicts),
        "verdicts": int(verdicts.count.sum()),
        "pairs": len(placed.first),
        "models": list(verdicts.models),
        "judges": list(verdicts.judge.names),
        "axes": list(axes),
        "labels": 0,
        "human": bool(verdicts.human.all()),
    }
