"""Sheets and parameters drawn from their extremes: a report is sound, or the parameter that does not fit is named."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.domain.errors import Invalid
from app.domain.judgment import Outcome
from app.domain.verdict import PolicyName
from app.reports.build import build
from app.reports.reading import policy_of, unavailable
from app.reports.sheet import PENDING, AxisPicks, Labels, Parameters
from tests.unit.reports.a_sheet import a_judge, a_sheet
from tests.unit.reports.soundness import faults, survives_json

MODELS = ("w", "x", "y", "z")
ODDS = (np.nan, 0.0, 1e-9, 0.3, -0.3, 2.0, -2.0, 9998.0, -9998.0)
SCORES = (np.nan, 0.0, 1 / 3, 0.5, 2 / 3, 1.0, 1.0 - 1e-13)
LABELS = (0.0, 0.0, 0.5, 1.0, 1.0, np.nan)


def column(values: Any, n: int, dtype: Any = None):
    """A column of n values, all alike or drawn by a seed: a list of hundreds would be too long for hypothesis."""
    choice = np.array(values, dtype)
    alike = st.integers(0, len(choice) - 1).map(lambda place: np.repeat(choice[place : place + 1], n))
    drawn = st.integers(0, 2**32 - 1).map(lambda seed: np.random.default_rng(seed).choice(choice, n))
    return st.one_of(alike, drawn, drawn)


@st.composite
def some_labels(draw, n: int, clock: int) -> Labels:
    """Up to some more labels than a calibrated rate needs, on any pairs."""
    count = draw(st.sampled_from([120, 12])) if n else 0
    random = np.random.default_rng(clock)
    pair = random.permutation(n)[:count] if draw(st.booleans()) and count <= n else random.integers(0, max(n, 1), count)
    return Labels(
        pair=pair.astype(np.int64),
        labeller=random.integers(0, 3, count),
        score=draw(column(LABELS, count, float)),
        random=np.full(count, draw(st.sampled_from([True, True, False]))),
        probability=draw(column((np.nan, 1e-300, 0.5, 1.0), count, float)),
    )


@st.composite
def sheets(draw):
    """Up to 140 pairs, four models, three judges, two axes; anything of it may be absent, constant or extreme."""
    n, judges = draw(st.sampled_from([140, 30, 5, 1, 0])), draw(st.integers(1, 3))
    shape = (n, judges, draw(st.integers(1, 2)), draw(st.sampled_from([1, 1, 3])))
    size = int(np.prod(shape))
    lone = draw(st.booleans())  # one couple of models
    axes = ("overall", "style")[: draw(st.integers(1, 2))]
    picks = {axis: draw(column((0, 1, 1, 2, 3), size, np.int8)).reshape(shape) for axis in axes}
    finished = draw(st.booleans()) and shape[2] == 1
    finer = draw(st.booleans()) and shape[2] == 2
    odds = draw(column(ODDS, size, float)).reshape(shape) if draw(st.booleans()) else None
    seen = np.where(picks["overall"] != 0, np.int8(Outcome.JUDGED), draw(st.sampled_from([PENDING, Outcome.REFUSAL])))
    sheet = a_sheet(
        picks,
        models=MODELS,
        model_a=np.zeros(n, np.int64) if lone else draw(column(range(4), n, np.int64)),
        model_b=np.ones(n, np.int64) if lone else draw(column(range(4), n, np.int64)),
        cluster=draw(st.one_of(st.just(np.arange(n)), column((0, 0, 0, *range(1, 40), 2**60), n, np.int64))),
        right_a=draw(column((-1, 0, 1), n, np.int8)),
        right_b=draw(column((-1, 0, 1), n, np.int8)),
        tags={"modality": draw(column(("CT", "MR", None), n, object))} if draw(st.booleans()) else {},
        length_a=draw(column((0, 1, 100, 10**9), n, np.int64)),
        length_b=draw(column((-1, 0, 1, 100, 10**9), n, np.int64)),
        judges=tuple(a_judge(f"judge-{k}", method="logprobs" if odds is not None else "json") for k in range(judges)),
        outcomes=np.broadcast_to(seen.astype(np.int8)[:, :, None], (*shape[:2], 1, *shape[2:])),
        image_axes=frozenset(draw(st.sampled_from([(), (), ("overall",)]))),
        policy={"name": "half", "epsilon": draw(st.sampled_from([0.0, 1e9])), "quorum": draw(st.integers(1, 4))},
        labels={"overall": draw(some_labels(n, clock=n + judges))} if draw(st.booleans()) else {},
        labellers=("ann", "ben", "cy"),
        imported=finished,
        metadata={"slice_by": draw(st.sampled_from(["modality", None, 7]))},
    )
    final = draw(column(SCORES, n * judges, float)).reshape(n, judges) if finished else None
    means = draw(column(SCORES, n * judges, float)).reshape(n, judges) if finer else None
    return replace(sheet, picks={axis: AxisPicks(each, odds, final, means) for axis, each in picks.items()})


parameters = st.builds(
    Parameters,
    policy=st.sampled_from([None, *map(str, PolicyName)]),
    ties=st.sampled_from(["half_win", "davidson"]),
    order_effect=st.booleans(),
    anchor=st.sampled_from([None, None, "w", "z"]),
    level=st.sampled_from([0.5001, 0.8, 0.95, 0.9999999, 1 - 1e-16]),
    interval=st.sampled_from(["robust", "robust", "model", "bootstrap"]),
    slice_by=st.sampled_from(["modality", "?"]),
    judges=st.sampled_from([None, None, ("judge-0",)]),
    control=st.sampled_from([None, "length"]),
    margin=st.sampled_from([None, 0.0001, 0.2, 0.4999]),
    correction=st.sampled_from(["holm", "bh"]),
    seed=st.sampled_from([0, 2**63 - 1]),
)


@settings(max_examples=60)
@given(sheets(), parameters)
def test_whatever_was_judged_the_report_is_sound(sheet, asked):
    problem = next(
        (why for axis in sheet.axes if (why := unavailable(sheet, axis, policy_of(sheet, asked.policy).name))), ""
    )
    if problem:
        with pytest.raises(Invalid, match=problem) as caught:
            build(sheet, asked)
        assert [problem.field for problem in caught.value.problems] == ["policy"]
        return
    report = build(sheet, asked)
    assert faults(report) == []
    assert survives_json(report)
