"""Cluster bootstrap of Bradley-Terry strengths: one Newton step from the estimate for every draw of clusters.

Sources: Efron (1979), Annals of Statistics 7:1-26; Davison and Hinkley (1997), Bootstrap Methods and their
Application, for percentile intervals.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components
from scipy.special import expit

from app.stats.comparisons import Comparisons

Array = npt.NDArray[Any]
ROUNDS = 1_000
CELLS_AT_ONCE = 2_500_000
GROUPS = 1_000  # more kinds of clusters than this are joined at random, which adds 2 % noise to a standard error
HASH = 2**40  # sums of a thousand such numbers are still exact
NO_SPREAD = 1e-9


def bootstrap_strengths(data: Comparisons, strength: Array, seed: int) -> Array:
    """(R, K) strengths of mean 0, a row for each of 1,000 draws of clusters; draws in which models fall into groups
    that never met are left out.

    `strength`: (K,) the maximum-likelihood estimate. A draw's value is one Newton step from it, with the draw's own
    gradient and information; it is finite also where the draw's maximum is not. Clusters of the same meetings and
    scores are drawn together by multinomial counts, which is the same distribution. Where more than 1,000 kinds of
    clusters remain they are first joined at random into 1,000 groups of equal number, and these are drawn: the
    variance stays the same on average.
    """
    random = np.random.default_rng(seed)
    low, high, meeting = _meetings(data)
    label, number = _drawn_together(meeting, data, random)
    kept = label >= 0
    label, meeting = label[kept], meeting[kept]
    a, b = data.model_a[kept], data.model_b[kept]
    residual = data.score[kept] - expit(strength[a] - strength[b])
    gradients = _table(label, a, residual, (len(number), len(strength)))
    gradients -= _table(label, b, residual, (len(number), len(strength)))
    chance = expit(strength[low] - strength[high])
    weights = _table(label, meeting, (chance * (1 - chance))[meeting], (len(number), len(low)))
    at_once = max(1, CELLS_AT_ONCE // len(strength) ** 2)
    steps = []
    for start in range(0, ROUNDS, at_once):
        rounds = min(at_once, ROUNDS - start)
        times = random.multinomial(int(number.sum()), number / number.sum(), size=rounds).astype(float)
        steps.append(_steps(times @ gradients, times @ weights, low, high))
    draws: Array = strength + np.concatenate(steps)
    return draws


def varies(draws: Array) -> bool:
    """Whether the draws vary in all that K strengths of mean 0 can, and at least half of them are there.

    Two models whose pairs are all ties would else differ by the same in every draw, though each strength varies.
    """
    if len(draws) < ROUNDS / 2:
        return False
    spread = np.linalg.svd((draws - draws.mean(axis=0)) / np.sqrt(len(draws)), compute_uv=False)
    return bool((spread > NO_SPREAD).sum() >= draws.shape[1] - 1)


def _meetings(data: Comparisons) -> tuple[Array, Array, Array]:
    """(P,) the two models of every meeting, low <= high, and (n,) the meeting of every pair."""
    size = len(data.models)
    of_pair = np.minimum(data.model_a, data.model_b).astype(np.intp) * size + np.maximum(data.model_a, data.model_b)
    occurs = np.bincount(of_pair, minlength=size * size) > 0
    number = np.cumsum(occurs) - 1
    low, high = np.divmod(np.flatnonzero(occurs), size)
    return low, high, number[of_pair]


def _drawn_together(meeting: Array, data: Comparisons, random: np.random.Generator) -> tuple[Array, Array]:
    """(n,) the kind or group every pair belongs to, -1 for pairs of clusters that another one stands for; (m,) how
    many clusters are of that kind.
    """
    occurring, cluster = np.unique(data.cluster, return_inverse=True)
    if len(occurring) <= GROUPS:
        return cluster, np.ones(len(occurring))
    representative, number = _kinds(meeting, data, cluster, random)
    if len(number) > GROUPS:
        return random.permutation(len(occurring))[cluster] % GROUPS, np.ones(GROUPS)
    label = np.full(len(occurring), -1)
    label[representative] = np.arange(len(number))
    return label[cluster], number


def _kinds(meeting: Array, data: Comparisons, cluster: Array, random: np.random.Generator) -> tuple[Array, Array]:
    """(m,) one cluster of every kind, and how many there are.

    Every meeting with a score has a random number of 80 bits, and clusters are of one kind when theirs sum to the
    same: two kinds among a million clusters fall together with a chance below 1e-11.
    """
    lead = np.where(data.model_a <= data.model_b, data.score, 1 - data.score)
    values, value = np.unique(lead, return_inverse=True)
    tokens = random.integers(HASH, size=(2, (int(meeting.max()) + 1) * len(values)))
    of_pair = tokens[:, meeting * len(values) + value]
    real, imaginary = (np.bincount(cluster, weights=row) for row in of_pair)
    _, representative, number = np.unique(real + 1j * imaginary, return_index=True, return_counts=True)
    return representative, number


def _table(row: Array, column: Array, value: Array, shape: tuple[int, int]) -> Array:
    """`value` summed by row and column."""
    return np.bincount(row * shape[1] + column, value, shape[0] * shape[1]).reshape(shape)


def _steps(gradient: Array, weight: Array, low: Array, high: Array) -> Array:
    """(R', K) Newton steps from draws' `gradient` (R, K) and `weight` (R, P) in the information, by meeting."""
    together = _met(weight > 0, low, high, gradient.shape[1])
    gradient, weight = gradient[together], weight[together]
    rounds, size = gradient.shape
    information = np.zeros((rounds, size, size))
    information[:, low, high] = -weight
    information += information.transpose(0, 2, 1)
    places = np.arange(size)
    information[:, places, places] = 0
    information[:, places, places] = -information.sum(axis=2)
    steps: Array = np.linalg.solve(information + 1 / size, gradient[:, :, None])[:, :, 0]
    return steps


def _met(occurs: Array, low: Array, high: Array, size: int) -> Array:
    """(R,) whether all models met in a draw, from `occurs`, bool (R, P)."""
    together = np.atleast_1d(occurs.all(axis=1))
    for draw in np.flatnonzero(~together).tolist():
        seen = occurs[draw]
        graph = csr_array((np.ones(seen.sum()), (low[seen], high[seen])), shape=(size, size))
        together[draw] = connected_components(graph, directed=False)[0] == 1
    return together
