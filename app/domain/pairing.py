"""Which pairs imported rows are about, and what rows of one pair say of it: arrays over rows and pairs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from app.domain.imported import NONE, Verdicts

Array = npt.NDArray[Any]
ROOM = 1 << 62


@dataclass(frozen=True, slots=True)
class Placed:
    """P pairs under R rows, numbered by first appearance; a pair's sides are those of its first row.

    `pair`: int (R,), the first pair a row is about; a row that is not `shared` (bool (R,): of an item, with count 1)
    is about `count` pairs of its own from there on. `turned`: bool (R,), the row names the models the other way
    round. `first`: int (P,), the first row of a pair. `cluster`: int (P,), equal within a cluster, else distinct.
    """

    pair: Array
    shared: Array
    turned: Array
    first: Array
    cluster: Array


def place(verdicts: Verdicts) -> Placed:
    """The pairs of all rows. A row with an item belongs to the pair of that item and its two models."""
    shared = (verdicts.item.code != NONE) & (verdicts.count == 1)
    low, high = np.minimum(verdicts.model_a, verdicts.model_b), np.maximum(verdicts.model_a, verdicts.model_b)
    of_item = joint(verdicts.item.code + 1, low, high)
    earliest, group = appearing(np.where(shared, of_item, of_item.max(initial=0) + 1 + np.arange(len(verdicts))))
    size = np.where(shared, 1, verdicts.count)[earliest]
    pair = (np.cumsum(size) - size)[group]
    first = np.repeat(earliest, size)
    return Placed(
        pair=pair,
        shared=shared,
        turned=verdicts.model_a != verdicts.model_a[first[pair]],
        first=first,
        cluster=_clusters(verdicts, shared, first),
    )


def joint(*columns: Array) -> Array:
    """One number for each combination of non-negative codes, int64; equal combinations have equal numbers."""
    code, size = np.zeros(len(columns[0]), np.int64), 1
    for column in columns:
        span = int(column.max(initial=0)) + 1
        if size * span > ROOM:
            _, code = np.unique(code, return_inverse=True)
            size = len(code)
        code = code * span + column
        size *= span
    return code


def appearing(key: Array) -> tuple[Array, Array]:
    """The first row of every distinct key, in order, and for every row the place of its key among them."""
    _, earliest, group = np.unique(key, return_index=True, return_inverse=True)
    order = np.argsort(earliest)
    rank = np.empty_like(order)
    rank[order] = np.arange(len(order))
    return earliest[order], rank[group]


def told(group: Array, groups: int, given: Array) -> Array:
    """(groups,) the first row that gives a value in each group; NONE where no row does.

    `group`: int (R,), read only where `given`, bool (R,), the rows that give one.
    """
    rows = np.flatnonzero(given)[::-1]  # the last assignment stays, so the first row comes last
    first = np.full(groups, NONE, np.int64)
    first[group[rows]] = rows
    return first


def _clusters(verdicts: Verdicts, shared: Array, first: Array) -> Array:
    """(P,) the cluster a pair was given; else its item's, which any row of the item may tell; else one of its own."""
    given, item = verdicts.cluster.code, verdicts.item.code
    names, items = len(verdicts.cluster.names), len(verdicts.item.names)
    telling = told(item, items, shared & (given != NONE))
    of_item = np.where(telling != NONE, given[telling], names + np.arange(items))
    own = names + items + np.arange(len(first))
    alone = np.where(given[first] != NONE, given[first], own)
    return np.where(shared[first], of_item[item[first]] if items else own, alone)
