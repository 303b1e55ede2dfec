"""Tests of a report: families of p-values, slices that differ, margins, and differences against a shared base."""

from __future__ import annotations

import numpy as np
import pytest

from app.domain.errors import Invalid
from app.reports.build import build
from app.reports.sheet import Parameters
from app.stats.intervals import mean_interval
from app.stats.multiplicity import benjamini_hochberg, holm, p_value
from tests.unit.reports.a_sheet import a_sheet, picks_of, results_of

CT, MR = "A" * 30 + "B" * 10, "A" * 14 + "B" * 26


def two_modalities(**changes):
    tags = {"modality": np.array(["CT"] * 40 + ["MR"] * 40, object)}
    axes = {"overall": picks_of(CT + MR), "rationale": picks_of(MR + CT)}
    return a_sheet(axes, tags=tags, **changes)


def test_the_headline_stands_alone_and_all_else_is_one_family():
    results = results_of(two_modalities())
    alone = results.headline.test
    assert (alone.p_adjusted, alone.family) == (None, "the headline, alone")
    assert results.axes[0].test == alone
    family = [*results.axes[1:], *results.slices]
    assert len(family) == 5
    assert tuple(line.test.p_adjusted for line in family) == pytest.approx(holm([line.test.p for line in family]))
    assert {line.test.family for line in family} == {"5 comparisons by axis and modality, Holm"}


@pytest.mark.parametrize(("correction", "adjust"), [("holm", holm), ("bh", benjamini_hochberg)])
def test_tests_that_slices_differ_are_a_family_of_their_own(correction, adjust):
    lines = results_of(two_modalities(), correction=correction).heterogeneity
    assert [line.p is None for line in lines] == [False, False]
    assert tuple(line.p_adjusted for line in lines) == pytest.approx(adjust([line.p for line in lines]))
    few = results_of(a_sheet(picks_of("AAB"), tags={"modality": np.array(["CT", "MR", "CT"], object)})).heterogeneity
    assert [line.p_adjusted for line in few] == [None]


def test_the_correction_is_a_parameter():
    results = results_of(two_modalities(), correction="bh")
    family = [*results.axes[1:], *results.slices]
    expected = benjamini_hochberg([line.test.p for line in family])
    assert tuple(line.test.p_adjusted for line in family) == pytest.approx(expected)
    assert "Benjamini-Hochberg" in results.methods.paragraph


def test_a_p_value_is_that_of_the_printed_interval():
    line = results_of(two_modalities()).slices[0]
    score = np.array([1.0] * 30 + [0.0] * 10)
    assert line.test.p == pytest.approx(p_value(mean_interval(score, np.arange(40))).value)
    assert line.test.p < 0.05 < results_of(two_modalities(), level=0.9999).slices[0].win_rate.high


def test_few_clusters_get_no_p_value_but_the_reason():
    results = results_of(a_sheet(picks_of("AAB")))
    assert results.headline.test.p is None
    assert "effective clusters" in results.headline.test.note


def test_a_tag_chosen_afterwards_is_exploratory():
    tags = {"site": np.array(["x", "y"] * 40, object)}
    sheet = a_sheet(picks_of(CT + MR), tags=tags)
    results = results_of(sheet, slice_by="site")
    assert all(line.test.exploratory for line in results.slices)
    assert not any(line.test.exploratory for line in results.axes)
    assert any("exploratory" in warning for warning in results.warnings)
    planned = results_of(a_sheet(picks_of(CT + MR), tags=tags, metadata={"slice_by": "site"}), slice_by="site")
    assert not any(line.test.exploratory for line in planned.slices)


def test_slices_that_differ_are_told():
    first, second = results_of(two_modalities()).heterogeneity
    assert (first.axis, first.slices, first.df) == ("overall", 2, 1)
    assert first.p < 0.001
    assert second.p == pytest.approx(first.p)  # the same rates the other way round


def test_equivalence_needs_a_margin_and_is_never_claimed_from_silence():
    even = a_sheet(picks_of("AB" * 100))
    assert results_of(even).equivalence is None
    wide, narrow = results_of(even, margin=0.1).equivalence, results_of(even, margin=0.02).equivalence
    assert wide.equivalent
    assert "equivalent" in wide.text
    assert not narrow.equivalent
    assert "neither" in narrow.text
    with pytest.raises(Invalid, match="margin"):
        build(even, Parameters(margin=0.7))


def three_models():
    """x beats base in 30 of 40, y in 20 of 40 of the same items; x and y meet, too."""
    ends = "A" * 30 + "B" * 10 + "A" * 20 + "B" * 20 + "A" * 20 + "B" * 20
    return a_sheet(
        picks_of(ends),
        models=("x", "base", "y"),
        model_a=[0] * 40 + [2] * 40 + [0] * 40,
        model_b=[1] * 40 + [1] * 40 + [2] * 40,
        cluster=np.tile(np.arange(40), 3),
    )


def test_models_are_compared_through_the_base():
    (line,) = results_of(three_models(), anchor="base").differences
    assert (line.model_x, line.model_y, line.base) == ("x", "y", "base")
    assert line.estimate == pytest.approx(0.75 - 0.5)
    assert line.low < line.estimate < line.high
    assert line.n_clusters == 40
    assert "75.0 % and 50.0 %" in line.text


def test_the_base_may_stand_on_either_side():
    (line,) = results_of(three_models(), anchor="x").differences
    assert (line.model_x, line.model_y, line.base) == ("base", "y", "x")
    assert line.estimate == pytest.approx(0.25 - 0.5)


def test_two_models_have_no_base_to_share():
    assert results_of(two_modalities()).differences == []


def test_length_is_controlled_only_when_asked_for():
    """The longer trace wins in four of five; every pair is there the other way round, too, so length is all."""
    short, long = np.arange(100, 200), np.arange(150, 350, 2)
    longer_won = np.arange(100) % 5 != 0
    ends = "".join(np.where(longer_won, "A", "B")) + "".join(np.where(longer_won, "B", "A"))
    sheet = a_sheet(picks_of(ends), length_a=np.concatenate([long, short]), length_b=np.concatenate([short, long]))
    assert results_of(sheet).length == []
    (line,) = results_of(sheet, control="length").length
    assert line.longer_won["estimate"] == pytest.approx(0.8)
    assert line.controlled["estimate"] == pytest.approx(0.5)
    assert line.controlled["low"] < 0.5 < line.controlled["high"]
    assert not line.extrapolated
    assert results_of(a_sheet(picks_of("AB"), length_a=np.array([-1, 3])), control="length").length == []


def test_format_is_controlled_beside_length():
    """The trace with more list items wins in four of five, and is no longer than the other; both ways round."""
    random = np.random.default_rng(1)
    more, fewer = random.integers(4, 9, 100), random.integers(0, 4, 100)
    ended = np.arange(100) % 5 != 0
    ends = "".join(np.where(ended, "A", "B")) + "".join(np.where(ended, "B", "A"))
    items = np.stack([np.concatenate([more, fewer]), np.concatenate([fewer, more])], axis=1)
    formats = np.stack([np.zeros_like(items), items, np.zeros_like(items)], axis=2)
    lengths = {side: random.integers(90, 110, 200) for side in ("length_a", "length_b")}
    sheet = a_sheet(picks_of(ends), **lengths, formats=formats)
    half = a_sheet(picks_of(ends[:100]), length_a=lengths["length_a"][:100], length_b=lengths["length_b"][:100],
                   formats=formats[:100])  # fmt: skip
    (by_length,), (by_format,) = (results_of(half, control=control).length for control in ("length", "format"))
    assert by_length.controlled["low"] > 0.65
    assert by_format.controlled is None or by_format.controlled["low"] < by_length.controlled["low"] - 0.05
    (both_ways,) = results_of(sheet, control="format").length
    assert both_ways.controlled["low"] < 0.5 < both_ways.controlled["high"]
    assert "list items" in both_ways.note
    unknown = results_of(a_sheet(picks_of("AB")), control="format")
    assert unknown.length == []
    assert "not controlled for format: the format of a trace is not known" in unknown.warnings


def test_no_p_value_contradicts_bootstrap_limits():
    sheet = a_sheet(picks_of("A" * 30 + "B" * 15))
    assert results_of(sheet).headline.test.p is not None
    drawn = results_of(sheet, interval="bootstrap").headline
    assert drawn.win_rate.low > 0.5
    assert (drawn.test.p, "interval robust" in drawn.test.note) == (None, True)
    unvaried = results_of(a_sheet(picks_of("A" * 45)), interval="bootstrap").headline
    assert unvaried.test.p is not None  # the rule answered
