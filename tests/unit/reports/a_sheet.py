"""Sheets made by hand or by a seed: what a job looks like before any statistics."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from app.domain.judgment import Outcome, Pick
from app.domain.order import Order
from app.reports.build import build
from app.reports.sheet import AxisPicks, JudgeFacts, Parameters, Sheet

BOTH = (Order.AB, Order.BA)
# What a judge says in the two orders when it means A, B, TIE, always-first, nothing.
MEANS = {
    "A": (Pick.FIRST, Pick.SECOND),
    "B": (Pick.SECOND, Pick.FIRST),
    "T": (Pick.TIE, Pick.TIE),
    "F": (Pick.FIRST, Pick.FIRST),
    "P": (Pick.FIRST, Pick.TIE),
    "-": (0, 0),
}


def a_judge(name: str = "judge", **changes: Any) -> JudgeFacts:
    facts = {"served_model": "m-1", "method": "json", "sees_images": True, "sampling": {"temperature": 0}}
    return JudgeFacts(name=name, **(facts | changes))


def picks_of(*meanings: str) -> np.ndarray:
    """Picks (pairs, judges, 2, 1) from one string per judge, a letter of MEANS per pair."""
    by_judge = [[MEANS[letter] for letter in meaning] for meaning in meanings]
    return np.array(by_judge, dtype=np.int8).transpose(1, 0, 2)[..., None]


def a_sheet(
    picks: np.ndarray | Mapping[str, np.ndarray],
    *,
    model_a: Sequence[int] | None = None,
    model_b: Sequence[int] | None = None,
    log_odds: np.ndarray | None = None,
    **changes: Any,
) -> Sheet:
    """A sheet whose two models are tuned (A) and base (B), each pair a cluster, nothing pending."""
    by_axis = dict(picks) if isinstance(picks, Mapping) else {"overall": picks}
    first = next(iter(by_axis.values()))
    n, judges, orders, repeats = first.shape
    facts = changes.setdefault("judges", tuple(a_judge(f"judge-{number}") for number in range(judges)))
    groups = len(by_axis) if any(judge.method == "logprobs" for judge in facts) else 1
    judged = np.where(first == 0, np.int8(Outcome.UNPARSEABLE), np.int8(Outcome.JUDGED))
    content = {
        "models": ("tuned", "base"),
        "model_a": np.array(model_a if model_a is not None else [0] * n, dtype=np.int32),
        "model_b": np.array(model_b if model_b is not None else [1] * n, dtype=np.int32),
        "cluster": np.arange(n),
        "right_a": np.full(n, -1, dtype=np.int8),
        "right_b": np.full(n, -1, dtype=np.int8),
        "tags": {},
        "length_a": np.full(n, 100),
        "length_b": np.full(n, 100),
        "has_images": np.zeros(n, dtype=bool),
        "leaks": np.zeros(n, dtype=bool),
        "orders": BOTH[:orders],
        "repeats": repeats,
        "axes": tuple(by_axis),
        "axis_titles": {axis: axis.title() for axis in by_axis},
        "image_axes": frozenset(),
        "picks": {axis: AxisPicks(each, log_odds) for axis, each in by_axis.items()},
        "outcomes": np.broadcast_to(judged[:, :, None], (n, judges, groups, orders, repeats)),
        "primary_axis": next(iter(by_axis)),
        "policy": {"name": "half", "epsilon": 0.0, "quorum": 1},
        "rubric": {"name": "traces", "version": 1, "hash": "9f"},
        "seed": 1,
        "judges_saw_answers": True,
        "judges_saw_reference": False,
        "prompt_hash": "ab",
    }
    return Sheet(**(content | changes))


def results_of(sheet, **parameters):
    """The results of a report on this sheet."""
    return build(sheet, Parameters(**parameters)).results


def check_of(results, name: str, judge: int = 0):
    """One trust check of one judge."""
    return next(check for check in results.judges[judge].checks if check["name"] == name)
