"""The laws every report keeps, whatever its sheet."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.domain.verdict import PolicyName
from app.reports.build import build
from app.reports.canonical import canonical, canonical_bytes
from app.reports.matchups import matchups
from app.reports.sheet import Parameters
from tests.unit.reports.a_sheet import a_sheet, picks_of

MODELS = ("x", "y", "z")
MEETINGS = [(0, 1), (1, 0), (1, 2), (0, 2), (0, 0)]


@st.composite
def sheets(draw):
    """Up to 25 pairs of three models, a panel of one or two, two axes, tags and correctness."""
    n = draw(st.integers(1, 25))
    column = st.lists(st.sampled_from("ABTFP-"), min_size=n, max_size=n).map("".join)
    judges = draw(st.integers(1, 2))
    axes = {axis: picks_of(*[draw(column) for _ in range(judges)]) for axis in ("overall", "style")}
    met = np.array(draw(st.lists(st.sampled_from(MEETINGS), min_size=n, max_size=n)))
    right = draw(st.lists(st.sampled_from([-1, 0, 1]), min_size=2 * n, max_size=2 * n))
    return a_sheet(
        axes,
        models=MODELS,
        model_a=met[:, 0],
        model_b=met[:, 1],
        cluster=np.array(draw(st.lists(st.integers(0, 9), min_size=n, max_size=n))),
        right_a=np.array(right[:n], dtype=np.int8),
        right_b=np.array(right[n:], dtype=np.int8),
        tags={"modality": np.array(draw(st.lists(st.sampled_from(["CT", "MR", None]), min_size=n, max_size=n)))},
    )


policies = st.sampled_from([PolicyName.HALF, PolicyName.DROP, PolicyName.AVERAGE, PolicyName.SINGLE])


def lines_of(results):
    return [results.headline, *results.axes, *results.slices, *results.strata]


@settings(max_examples=40)
@given(sheets(), policies)
def test_every_pair_ends_one_way_in_every_line(sheet, policy):
    results = build(sheet, Parameters(policy=policy.value)).results
    for line in lines_of(results):
        for rate in (line.win_rate, line.preference_rate):
            ends = rate.wins, rate.losses, rate.ties, rate.inconsistent, rate.undecided, rate.missing
            assert sum(ends) == rate.n_pairs
        assert line.preference_rate.n_decided == line.preference_rate.wins + line.preference_rate.losses
        if policy in (PolicyName.HALF, PolicyName.DROP):
            counted = 4 if policy is PolicyName.HALF else 3  # the endings the policy's denominator holds
            rate = line.win_rate
            assert rate.n_decided == sum((rate.wins, rate.losses, rate.ties, rate.inconsistent)[:counted])
    for axis in sheet.axes:
        told = [line for line in results.axes if line.axis == axis]
        assert sum(line.win_rate.n_pairs for line in told) == len(sheet.cluster)
    primary = [line for line in results.axes if line.axis == sheet.primary_axis]
    assert sum(results.losses.missing_pairs.values()) == sum(line.win_rate.missing for line in primary)
    if results.strata:
        assert sum(line.win_rate.n_pairs for line in results.strata) == len(sheet.cluster)


@settings(max_examples=40)
@given(sheets(), policies)
def test_results_are_canonical(sheet, policy):
    parameters = Parameters(policy=policy.value)
    found = canonical_bytes(build(sheet, parameters).results)
    renumbered = replace(sheet, cluster=1_000_000 - 7 * sheet.cluster)
    assert canonical_bytes(build(sheet, parameters).results) == found
    again = orjson.loads(canonical_bytes(build(renumbered, parameters).results))
    assert again["losses"] == orjson.loads(found)["losses"]
    assert again["headline"]["win_rate"]["low"] == pytest.approx(orjson.loads(found)["headline"]["win_rate"]["low"])
    assert b"NaN" not in found


@settings(max_examples=40)
@given(sheets())
def test_submitting_the_pairs_the_other_way_round_changes_no_number(sheet):
    """Sides A and B change places everywhere: every line is the mirror of what it was."""
    mirrored = replace(
        sheet,
        model_a=sheet.model_b,
        model_b=sheet.model_a,
        right_a=sheet.right_b,
        right_b=sheet.right_a,
        picks={axis: replace(of, picks=of.picks[:, :, ::-1]) for axis, of in sheet.picks.items()},
    )
    parameters = Parameters(policy="half")
    for line, other in zip(
        build(sheet, parameters).results.axes, build(mirrored, parameters).results.axes, strict=True
    ):
        if line.model_a == line.model_b:
            continue
        assert (line.model_a, line.model_b) == (other.model_b, other.model_a)
        assert (line.win_rate.wins, line.win_rate.losses) == (other.win_rate.losses, other.win_rate.wins)
        if line.win_rate.estimate is not None:
            assert line.win_rate.estimate + other.win_rate.estimate == pytest.approx(1)


@settings(max_examples=40)
@given(sheets())
def test_renaming_models_renames_and_no_more(sheet):
    found = build(sheet).results
    renamed = build(replace(sheet, models=("beta", "alpha", "gamma"))).results
    names = dict(zip(sheet.models, ("beta", "alpha", "gamma"), strict=True))
    assert [line.win_rate for line in renamed.axes] == [line.win_rate for line in found.axes]
    assert [line.model_a for line in renamed.axes] == [names[line.model_a] for line in found.axes]
    strengths = {names[line.model]: line.strength for line in found.models}
    assert {line.model: line.strength for line in renamed.models} == strengths


def test_a_side_is_read_in_the_direction_of_most_pairs():
    sheet = a_sheet(picks_of("AAABB"), model_a=[0, 0, 1, 1, 1], model_b=[1, 1, 0, 0, 0])
    headline = build(sheet).results.headline
    # base was side A in three of five pairs; base won the third, tuned won the first, second, fourth and fifth.
    assert (headline.model_a, headline.win_rate.wins, headline.win_rate.losses) == ("base", 1, 4)


def test_an_even_split_is_read_as_first_seen():
    sheet = a_sheet(picks_of("AB"), model_a=[1, 0], model_b=[0, 1])
    headline = build(sheet).results.headline
    assert (headline.model_a, headline.win_rate.wins) == ("base", 2)


def test_the_headline_is_the_two_models_with_most_pairs():
    sheet = a_sheet(picks_of("AAAAAAA"), models=MODELS, model_a=[0, 0, 0, 1, 1, 0, 0], model_b=[0, 0, 0, 2, 2, 1, 2])
    assert [(m.model_a, m.model_b) for m in matchups(sheet)] == [("y", "z"), ("x", "y"), ("x", "z"), ("x", "x")]
    assert build(sheet).results.headline.model_a == "y"


def test_strata_follow_the_side_that_is_read():
    sheet = a_sheet(
        picks_of("AAB"),
        model_a=[0, 0, 1],
        model_b=[1, 1, 0],
        right_a=np.array([1, 1, 0], dtype=np.int8),
        right_b=np.array([0, 0, 1], dtype=np.int8),
    )
    (line,) = build(sheet).results.strata
    assert (line.stratum, line.win_rate.wins) == ("only_a_right", 3)


def test_canonical_values():
    found = canonical({"b": 1 / 3, "a": (math.nan, math.inf, -0.0), 3: np.float64(2.5), "n": np.int8(4)})
    assert orjson.dumps(found) == b'{"b":0.333333333333,"a":[null,null,0.0],"3":2.5,"n":4}'
