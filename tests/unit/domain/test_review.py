"""The draw of a review is a fair, reproducible sample; picks by position and sides translate back."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from scipy import stats

from app.domain.judgment import Pick, Side, unswap
from app.domain.order import Order
from app.domain.review import draw, said_of, side_of

WORDS = ("first", "second", "tie", "unable")
GOLDEN_DRAW = [816, 923, 151, 900, 213, 100, 851, 503]
SMALLEST = 1e-4  # of the p-values below: the seeds are fixed, so a fair draw passes for ever


def test_a_draw_is_a_sample_without_replacement():
    drawn = draw(1_000, 200, 3)
    assert len(set(drawn.tolist())) == 200
    assert drawn.min() >= 0
    assert drawn.max() < 1_000
    assert sorted(draw(50, 50, 1).tolist()) == list(range(50))
    assert len(draw(10, 0, 1)) == 0


def test_every_pair_and_every_two_pairs_are_drawn_as_often():
    seeds, population, pairs = 4_000, 20, 5
    drawn = np.zeros((seeds, population))
    for seed in range(seeds):
        drawn[seed, draw(population, pairs, seed)] = 1
    # The counts are negatively correlated: (N - 1)/N of the usual sum of squares, over the variance n/N (1 - n/N).
    share = pairs / population
    each = drawn.sum(axis=0)
    squares = ((each - seeds * share) ** 2).sum() / (seeds * share * (1 - share)) * (population - 1) / population
    assert stats.chi2.sf(squares, population - 1) > SMALLEST
    both = (drawn.T @ drawn)[np.triu_indices(population, 1)] / seeds
    assert np.abs(both - share * (pairs - 1) / (population - 1)).max() < 0.015


def test_places_are_in_random_order():
    """Who is drawn says nothing of where: each place of the draw is uniform over the population."""
    first = [[int(place) for place in draw(8, 4, seed)] for seed in range(4_000)]
    for place in range(4):
        counts = np.bincount([row[place] for row in first], minlength=8)
        assert stats.chisquare(counts).pvalue > SMALLEST


@pytest.mark.parametrize("seed", [0, 1, 2**63 - 1])
def test_a_smaller_draw_is_the_head_of_a_larger_one(seed):
    largest = draw(300, 300, seed).tolist()
    for pairs in (1, 7, 299):
        assert draw(300, pairs, seed).tolist() == largest[:pairs]


def test_the_draw_is_the_same_in_every_process():
    code = "from app.domain.review import draw; print(draw(1000, 8, 7).tolist())"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip()
    assert told == str(GOLDEN_DRAW)
    assert draw(1_000, 8, 7).tolist() == GOLDEN_DRAW


@pytest.mark.parametrize("order", Order)
def test_words_and_sides_translate_back_and_as_judges_picks_do(order):
    for word in WORDS:
        assert said_of(side_of(word, order), order) == word
    assert side_of("first", order) is unswap(Pick.FIRST, order)
    assert side_of("first", Order.AB) is Side.A
    assert side_of("first", Order.BA) is Side.B
    assert side_of("tie", order) is Side.TIE
    assert side_of("unable", order) is None
