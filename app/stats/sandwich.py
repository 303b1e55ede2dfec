"""Cluster-sandwich errors of paired-comparison fits: H^-1 B H^-1, all rows of a cluster together.

Source: Liang and Zeger (1986), Biometrika 73:13-22; B = C/(C-1) sum over clusters of u_c u_c'.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from app.stats.bt_likelihood import laplacian
from app.stats.intervals import FEW_CLUSTERS, cluster_sizes, dense, effective_clusters

Array = npt.NDArray[Any]
NO_VARIATION = 1e-9
SMALL = 8  # clusters up to this size are crossed row by row, which is then quicker than a dense product
AT_ONCE = 2_500
ALIKE_AT_ONCE = 20_000  # of small clusters: what they are crossed with then stays in the processor's cache
BY_MODEL = "inverse Fisher information: rows taken as independent"


@dataclass(frozen=True, slots=True)
class Errors:
    """(P, P) covariance of parameters whose strengths have mean 0, or None; how it was made; what to doubt."""

    covariance: Array | None
    method: str
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Rows:
    """n comparisons as the sandwich sees them: `model_a`, `model_b` int, `residual` float, `cluster` int, all (n,)."""

    model_a: Array
    model_b: Array
    residual: Array
    cluster: Array


def robust_errors(bread: Array, scores: Array, sizes: Array, free: int) -> Errors:
    """The sandwich of `bread`, inverse information (P, P), and `scores`, sum of u_c u_c' (P, P).

    `sizes`: rows of every cluster. `free`: parameters that can vary. Model-based errors with a warning where the
    clusters vary too little; none for a single cluster.
    """
    if len(sizes) == 1:
        return Errors(None, "no error: all pairs belong to one cluster")
    meat = scores * len(sizes) / (len(sizes) - 1)
    if np.linalg.matrix_rank(meat, tol=NO_VARIATION * sizes.sum(), hermitian=True) < free:
        return Errors(bread, BY_MODEL, ("clusters vary too little for a cluster-robust error: model-based errors",))
    g_star = effective_clusters(sizes)
    few = f"only {g_star:.1f} effective clusters: the errors of strengths are rough below {FEW_CLUSTERS}"
    return Errors(bread @ meat @ bread, "cluster sandwich", (few,) if g_star < FEW_CLUSTERS else ())


def thin_models(
    models: Sequence[str], wins: Array, sides: tuple[Array, Array], cluster: Array, sizes: Array
) -> tuple[str, ...]:
    """A warning that names models whose own rows lie in few clusters, though all rows together lie in many.

    `wins`: (K, K) half-win counts. `sides`: models a and b, int (n,) each. `sizes`: rows of every cluster. n_m rows in
    clusters of at most s rows are n_m / s effective clusters or more: most models are cleared without a look at them.
    """
    if effective_clusters(sizes) < FEW_CLUSTERS:
        return ()  # `robust_errors` says so of all models
    (a, b), met = sides, (wins + wins.T).sum(axis=0)
    doubtful = np.flatnonzero((met > 0) & (met < FEW_CLUSTERS * sizes.max())).tolist()
    thin = [m for m in doubtful if effective_clusters(cluster_sizes(cluster[(a == m) | (b == m)])) < FEW_CLUSTERS]
    few = f"own pairs in fewer than {FEW_CLUSTERS} effective clusters: the errors are rough for"
    return (f"{few} {', '.join(models[m] for m in thin)}",) if thin else ()


def summed_scores(rows: Rows, size: int, extra: Array | None = None) -> Array:
    """(K + E, K + E) sum over clusters of u_c u_c', where a row adds `residual` to the score of its model a and
    takes it from that of b; `extra`, float (E, n): what it adds to the scores of further parameters.

    Cost: rows times cluster size in clusters of up to 8 rows, else rows and a product of clusters times K^2.
    """
    cluster = dense(rows.cluster)
    if extra is None:
        return _crossed(rows, cluster, size)
    totals = np.stack([np.bincount(cluster, weights=row) for row in extra])
    of_row = rows.residual * totals[:, cluster]
    a, b = rows.model_a, rows.model_b
    mixed = np.stack([np.bincount(a, row, size) - np.bincount(b, row, size) for row in of_row])
    return np.block([[_crossed(rows, cluster, size), mixed.T], [mixed, totals @ totals.T]])


def _crossed(rows: Rows, cluster: Array, size: int) -> Array:
    a, b, residual = rows.model_a.astype(np.intp, copy=False), rows.model_b.astype(np.intp, copy=False), rows.residual
    if (cluster[1:] < cluster[:-1]).any():
        order = np.argsort(cluster)
        a, b, residual, cluster = a[order], b[order], residual[order], cluster[order]
    starts = np.concatenate([[0], np.flatnonzero(cluster[1:] != cluster[:-1]) + 1])
    sizes = np.diff(starts, append=len(cluster))
    own, later = np.zeros(size * size), np.zeros(size * size)
    for rank, alike in _by_size(starts, sizes):
        for first in range(0, len(alike), ALIKE_AT_ONCE):
            chosen = alike[first : first + ALIKE_AT_ONCE] + np.arange(rank)[:, None]
            _add_small(own, later, (a.take(chosen), b.take(chosen), residual.take(chosen)), size)
    crossed = later.reshape(size, size)
    total: Array = laplacian(own.reshape(size, size)) + crossed + crossed.T
    if (sizes > SMALL).any():
        large = np.repeat(sizes > SMALL, sizes)
        total += _large(a[large], b[large], residual[large], sizes[sizes > SMALL], size)
    return total


def _by_size(starts: Array, sizes: Array) -> Iterator[tuple[int, Array]]:
    """Every size up to SMALL that clusters have, with the starts of those that have it."""
    short = np.minimum(sizes, SMALL + 1).astype(np.uint8)  # bytes are sorted by counting them
    by_size, ends = starts[np.argsort(short, kind="stable")], np.cumsum(np.bincount(short, minlength=SMALL + 1))
    for rank in range(1, SMALL + 1):
        if ends[rank - 1] < ends[rank]:
            yield rank, by_size[ends[rank - 1] : ends[rank]]


def _add_small(own: Array, later: Array, rows: tuple[Array, Array, Array], size: int) -> None:
    """Add clusters of equal size, rows (rows of a cluster, clusters): to `own` (K^2,) every row with itself, as
    `laplacian` takes it, to `later` (K^2,) every row with the later ones.
    """
    a, b, residual = rows
    row_a, row_b = a * size, b * size
    own += np.bincount((row_a + b).ravel(), (residual * residual).ravel(), size * size)
    for i in range(len(a) - 1):
        weight = (residual[i] * residual[i + 1 :]).ravel()
        for left, right in ((row_a, a), (row_b, b)):
            later += np.bincount((left[i] + right[i + 1 :]).ravel(), weight, size * size)
        for left, right in ((row_a, b), (row_b, a)):
            later -= np.bincount((left[i] + right[i + 1 :]).ravel(), weight, size * size)


def _large(a: Array, b: Array, residual: Array, sizes: Array, size: int) -> Array:
    """From rows in the order of clusters of `sizes`, some thousand clusters at a time as one dense product."""
    ends = np.concatenate([[0], np.cumsum(sizes)])
    place = np.repeat(np.arange(len(sizes)) % AT_ONCE * size, sizes)
    total = np.zeros((size, size))
    for first in range(0, len(sizes), AT_ONCE):
        last = min(first + AT_ONCE, len(sizes))
        rows, cells = slice(ends[first], ends[last]), (last - first) * size
        gains = np.bincount(place[rows] + a[rows], residual[rows], cells)
        losses = np.bincount(place[rows] + b[rows], residual[rows], cells)
        gradients = (gains - losses).reshape(-1, size)
        total += gradients.T @ gradients
    return total
