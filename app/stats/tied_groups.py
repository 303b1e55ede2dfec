"""Groups of models whose strengths cannot be told apart, as a leaderboard prints them.

Source: Piepho (2004), Journal of Computational and Graphical Statistics 13:456-466, for letter displays: two models
share a group exactly when their difference is not settled.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from app.stats.intervals import ROBUST_95, Confidence
from app.stats.ranks import surely_better
from app.stats.strengths import Strengths

Array = npt.NDArray[Any]


def tied_groups(strengths: Strengths, confidence: Confidence = ROBUST_95) -> list[list[str]]:
    """Maximal groups, strongest first, within which no difference is settled, all differences taken together.

    A model can be in several. Two models share a group exactly when their own difference is open; there are no more
    groups than that takes. None without covariance: nothing then says which differences are settled.
    """
    if strengths.covariance is None:
        return []
    order = np.lexsort((np.array(strengths.models), -strengths.strength))
    better = surely_better(strengths.strength, strengths.covariance, confidence.level, strengths.effective_clusters)
    alike = ~(better | better.T)[np.ix_(order, order)]
    shared = np.zeros_like(alike)
    groups: list[Array] = []
    for i, j in zip(*np.nonzero(np.triu(alike)), strict=True):
        if shared[i, j] or (i == j and alike[i].sum() > 1):
            continue
        members = _grown(alike, int(i), int(j))
        shared[np.ix_(members, members)] = True
        groups.append(members)
    groups.sort(key=lambda members: members.tolist())
    return [[strengths.models[order[place]] for place in members] for members in groups]


def _grown(alike: Array, *pair: int) -> Array:
    """The pair with every model, strongest first, that is like all taken so far."""
    members = np.zeros(len(alike), dtype=bool)
    open_to = alike[pair[0]] & alike[pair[1]]
    for place in (*pair, *range(len(alike))):
        if open_to[place]:
            members[place] = True
            open_to = open_to & alike[place]
    return np.flatnonzero(members)
