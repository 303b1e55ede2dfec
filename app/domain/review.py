"""Blind review: which pairs are drawn, and what a pick by position says about sides."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from app.domain.judgment import Pick, Side, unswap
from app.domain.order import Order

Array = npt.NDArray[Any]
UNABLE = "unable"
_PICKS = {pick.name.lower(): pick for pick in Pick}


def draw(population: int, pairs: int, seed: int) -> Array:
    """Int (pairs,), places in 0..population-1: a simple random sample without replacement, in random order.

    It is the head of one permutation that `seed` fixes, so that every prefix is a random sample, too, and a larger
    draw by the same seed goes on where a smaller one ends. `pairs` <= `population`.
    """
    return np.random.default_rng(seed).permutation(population)[:pairs]


def side_of(said: str, shown: Order) -> Side | None:
    """The side a labeller's word (first, second, tie, unable) means; None = could not tell."""
    return None if said == UNABLE else unswap(_PICKS[said], shown)


def said_of(side: Side | None, shown: Order) -> str:
    """The word that means this side as the pair was shown; the inverse of `side_of`."""
    if side is None:
        return UNABLE
    return next(word for word, pick in _PICKS.items() if unswap(pick, shown) is side)
