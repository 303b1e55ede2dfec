"""Planning: textbook sizes, a second way on paper, laws, simulated power and half-width, and what is refused."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.errors import Invalid
from app.stats.equivalence import equivalence
from app.stats.intervals import mean_interval
from app.stats.plan_inputs import Detect, Equivalent, HalfWidth, Sample, Work
from app.stats.planning import plan

CLUSTERED = Sample(rate=0.62, tie_share=0.2, cluster_size=4, icc=0.3, lost_share=0.1)


def test_the_pollsters_sizes():
    """3 points need 1,067 and 5 points 384 by 1.96^2/4h^2; Wilson saves z^2, the t quantile costs some."""
    assert plan(HalfWidth(0.03)).pairs == pytest.approx(1067 - 1.96**2, abs=4)
    assert plan(HalfWidth(0.05)).pairs == pytest.approx(384 - 1.96**2, abs=4)


@pytest.mark.parametrize("rate, power", [(0.55, 0.8), (0.55, 0.9), (0.6, 0.8)])
def test_power_of_one_proportion_on_paper(rate, power):
    z = {0.8: 0.8416, 0.9: 1.2816}[power]
    n = ((1.96 * 0.5 + z * math.sqrt(rate * (1 - rate))) / (rate - 0.5)) ** 2
    found = plan(Detect(power), Sample(rate=rate))
    assert found.pairs == pytest.approx(n, abs=5)
    assert found.power >= power


def test_equivalence_on_paper():
    """(z_0.95 + z_0.90)^2 / 4 margin^2 for a true rate of 1/2 and power 80 %; the null's spread is a little smaller."""
    assert plan(Equivalent(0.05)).pairs == pytest.approx((1.6449 + 1.2816) ** 2 * 0.25 / 0.05**2, rel=0.01)


def test_the_design_effect_and_the_cost_by_hand():
    work = Work(judges=3, orders=2, repeats=2, calls=4, tokens_in=1_000, tokens_out=50, tokens_per_second=2_100)
    sample = Sample(rate=0.6, tie_share=0.2, cluster_sizes=(1, 3), icc=0.4)
    found = plan(Detect(), sample, work)
    assert found.design_effect == pytest.approx(1 + (10 / 4 - 1) * 0.4)
    assert found.score_variance == pytest.approx(0.5 * 0.4**2 + 0.2 * 0.1**2 + 0.3 * 0.6**2)
    assert found.pairs == 2 * found.clusters
    assert found.effective_clusters == pytest.approx(found.pairs / 2.5)
    assert found.units == found.pairs * 48
    assert (found.tokens_in, found.tokens_out) == (found.units * 1_000, found.units * 50)
    assert found.gpu_seconds == pytest.approx(found.units / 2)
    assert (found.sample, found.work) == (sample, work)
    by_units = plan(Detect(), sample, Work(units_per_second=10))
    assert by_units.gpu_seconds == pytest.approx(by_units.units / 10)
    assert (by_units.tokens_in, plan(Detect(), sample).gpu_seconds) == (None, None)


def test_a_few_clusters_fewer_would_not_do():
    """The rule itself divides by n - 1, so it meets the edge one cluster later; even numbers give a rate of 1/2."""
    found = plan(HalfWidth(0.08))
    widths = []
    for half in (found.clusters // 2 + 1, found.clusters // 2 - 1):
        interval = mean_interval(np.repeat([0.0, 1.0], half), np.arange(2 * half))
        widths.append((interval.high - interval.low) / 2)
    assert widths[0] <= 0.08 < widths[1]


@given(st.floats(0.01, 0.2), st.floats(0, 0.5), st.floats(0, 0.5), st.integers(1, 20))
def test_what_is_harder_needs_more(half_width, icc, lost, size):
    easy = plan(HalfWidth(half_width))
    hard = plan(HalfWidth(half_width), Sample(icc=icc, lost_share=lost, cluster_size=size))
    assert hard.pairs >= easy.pairs
    assert plan(HalfWidth(half_width / 2)).pairs > easy.pairs
    least_favourable = plan(HalfWidth(half_width), Sample(icc=icc, cluster_size=size, largest_cluster=4 * size))
    assert least_favourable.pairs >= plan(HalfWidth(half_width), Sample(icc=icc, cluster_size=size)).pairs


@given(st.integers(1, 30), st.lists(st.integers(1, 30), min_size=1, max_size=20))
def test_the_largest_cluster_bounds_whatever_the_sizes_are(more, sizes):
    sizes = (*sizes, max(sizes) + more)
    known = plan(HalfWidth(0.1), Sample(cluster_sizes=sizes, icc=0.3))
    mean = sum(sizes) / len(sizes)
    bound = plan(HalfWidth(0.1), Sample(cluster_size=mean, largest_cluster=max(sizes), icc=0.3))
    assert known.design_effect <= bound.design_effect + 1e-9


def clustered(sample: Sample, clusters: int, random: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Decided scores of this mean, tie share and ICC (a cluster's scores are one shared draw with chance root ICC)."""
    cluster = np.repeat(np.arange(clusters), int(sample.cluster_size))
    shared = random.random(len(cluster)) < math.sqrt(sample.icc)
    draw = np.where(shared, random.random(clusters)[cluster], random.random(len(cluster)))
    wins = sample.rate - sample.tie_share / 2
    score = np.where(draw < wins, 1.0, np.where(draw < wins + sample.tie_share, 0.5, 0.0))
    kept = random.random(len(cluster)) >= sample.lost_share
    return score[kept], cluster[kept]


def simulated(sample: Sample, clusters: int, jobs: int, level: float = 0.95) -> list:
    random = np.random.default_rng(1)
    return [mean_interval(*clustered(sample, clusters, random)) for _ in range(jobs)]


def test_simulated_jobs_have_the_power_that_was_planned():
    """600 jobs: standard error 1.6 points; losses within clusters cost less than planned for, so a little more."""
    found = plan(Detect(0.8), CLUSTERED)
    power = np.mean([interval.low > 0.5 for interval in simulated(CLUSTERED, found.clusters, 600)])
    assert 0.75 <= power <= 0.88


def test_simulated_jobs_have_the_half_width_that_was_planned():
    found = plan(HalfWidth(0.06), replace(CLUSTERED, lost_share=0.0))
    widths = [(each.high - each.low) / 2 for each in simulated(found.sample, found.clusters, 200)]
    assert np.mean(widths) == pytest.approx(0.06, rel=0.03)


def test_simulated_jobs_show_equivalence_as_planned():
    found = plan(Equivalent(0.1), Sample(tie_share=0.3))
    power = np.mean([equivalence(each, 0.1).equivalent for each in simulated(found.sample, found.clusters, 400)])
    assert 0.74 <= power <= 0.86


def test_losses_are_made_up_for():
    whole = plan(HalfWidth(0.05)).pairs
    assert plan(HalfWidth(0.05), Sample(lost_share=0.2)).pairs == math.ceil(whole / 0.8)


def test_few_clusters_are_warned_of():
    assert "effective clusters" in plan(Detect(), Sample(rate=0.95)).warnings[0]
    assert plan(Detect(), Sample(rate=0.95)).effective_clusters >= 10
    assert plan(HalfWidth(0.03)).warnings == ()


def test_a_pilots_variance_replaces_the_assumed_one():
    by_ties, by_pilot = Sample(rate=0.6, tie_share=0.4), Sample(rate=0.6, variance=0.6 * 0.4 - 0.1)
    assert plan(Detect(), by_ties).pairs == plan(Detect(), by_pilot).pairs


@pytest.mark.parametrize(
    "goal, sample, work, field",
    [
        (HalfWidth(0.0), Sample(), Work(), "half_width"),
        (HalfWidth(math.nan), Sample(), Work(), "half_width"),
        (HalfWidth(1e-9), Sample(), Work(), "half_width"),
        (HalfWidth(0.1, level=1.0), Sample(), Work(), "level"),
        (Detect(1.0), Sample(rate=0.6), Work(), "power"),
        (Detect(), Sample(), Work(), "rate"),
        (Detect(), Sample(rate=0.5 + 1e-9), Work(), "rate"),
        (Detect(), Sample(rate=1.0), Work(), "rate"),
        (Detect(), Sample(rate=math.nan), Work(), "rate"),
        (Equivalent(0.5), Sample(), Work(), "margin"),
        (Equivalent(0.05), Sample(rate=0.55), Work(), "rate"),
        (HalfWidth(0.1), Sample(tie_share=1.0), Work(), "tie_share"),
        (HalfWidth(0.1), Sample(rate=0.9, tie_share=0.3), Work(), "tie_share"),
        (HalfWidth(0.1), Sample(variance=0.3), Work(), "variance"),
        (HalfWidth(0.1), Sample(icc=-0.1), Work(), "icc"),
        (HalfWidth(0.1), Sample(lost_share=1.0), Work(), "lost_share"),
        (HalfWidth(0.1), Sample(cluster_size=0.5), Work(), "cluster_size"),
        (HalfWidth(0.1), Sample(cluster_size=5, largest_cluster=4), Work(), "largest_cluster"),
        (HalfWidth(0.1), Sample(cluster_sizes=()), Work(), "cluster_sizes"),
        (HalfWidth(0.1), Sample(), Work(orders=0), "orders"),
        (HalfWidth(0.1), Sample(), Work(tokens_in=-1), "tokens_in"),
        (HalfWidth(0.1), Sample(), Work(tokens_per_second=100), "tokens_in"),
        (HalfWidth(0.1), Sample(), Work(tokens_in=1, tokens_per_second=0), "tokens_per_second"),
        (HalfWidth(0.1), Sample(), Work(tokens_in=1, tokens_per_second=1, units_per_second=1), "units_per_second"),
    ],
)
def test_what_is_out_of_range_is_named(goal, sample, work, field):
    with pytest.raises(Invalid) as caught:
        plan(goal, sample, work)
    assert field in [problem.field for problem in caught.value.problems]
