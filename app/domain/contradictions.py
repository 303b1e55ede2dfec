"""Imported rows that cannot all be true: said twice, of another kind, or other facts about the same item or pair."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from app.domain.errors import Problem
from app.domain.imported import NONE, Verdicts
from app.domain.pairing import Array, Placed, appearing, joint, told

REPEATED = "is there already (line {line}); a column `repeat` (0, 1, 2 ...) tells several apart"
LABELLED = "this labeller has labelled this pair already (line {line})"
OF_TWO_KINDS = "line {line} holds a verdict of this judge on this pair {there} an order: give it on both or on neither"
OTHER = "differs from line {line}, and it belongs to the {whole}, not to one verdict"
ITSELF = "is compared with itself"

Found = tuple[Array, Array, str, str]  # rows, the row each contradicts, the field, the reason


def contradictions(verdicts: Verdicts, placed: Placed, most: int) -> tuple[list[Problem], int]:
    """The first `most` problems by line, and how many there are."""
    found = [one for one in (*_verdicts(verdicts, placed), *_facts(verdicts, placed)) if len(one[0])]
    problems = [
        (int(row), Problem(reason.format(line=int(verdicts.line[other])), field, int(verdicts.line[row])))
        for rows, others, field, reason in found
        for row, other in zip(rows[:most].tolist(), others[:most].tolist(), strict=True)
    ]
    problems.sort(key=lambda one: one[0])
    return [problem for _, problem in problems[:most]], sum(len(one[0]) for one in found)


def _verdicts(verdicts: Verdicts, placed: Placed) -> Iterator[Found]:
    """One judge has one verdict per pair, axis, order and repeat; one labeller one label per pair and axis."""
    alone = np.flatnonzero((verdicts.model_a == verdicts.model_b) & (verdicts.item.code == NONE))
    yield alone, alone, "model_b", ITSELF
    rows = np.flatnonzero(placed.shared)
    label = verdicts.human[rows] & (not verdicts.human.all())
    ordered = verdicts.order[rows] != NONE
    shown = np.where(ordered, 1 + (verdicts.order[rows] ^ placed.turned[rows]), 0)
    whose = joint(placed.pair[rows], verdicts.judge.code[rows], verdicts.axis.code[rows], label.astype(np.int64))
    first, group = appearing(whose)
    mixed = ~label & (ordered != ordered[first][group])
    for there, without in (("without", True), ("with", False)):
        some = np.flatnonzero(mixed & (ordered == without))
        yield rows[some], rows[first[group[some]]], "order", OF_TWO_KINDS.replace("{there}", there)
    key = joint(group, np.where(label, 0, shown), np.where(label, 0, verdicts.repeat[rows]))
    first, group = appearing(key)
    for labels, reason in ((False, REPEATED), (True, LABELLED)):
        some = np.flatnonzero((first[group] != np.arange(len(rows))) & (label == labels))
        yield rows[some], rows[first[group[some]]], "item", reason


def _facts(verdicts: Verdicts, placed: Placed) -> Iterator[Found]:
    """What rows tell of an item (its cluster) or of a pair (lengths, tags) is the same in all of them."""
    shared, item = placed.shared, verdicts.item.code
    yield _differing(item, verdicts.cluster.code, shared, "cluster", "item")
    for side, length in enumerate(lengths(verdicts, placed)):
        yield _differing(placed.pair, length, shared, f"length_{'ab'[side]}", "pair")
    for name, tag in verdicts.tags.items():
        yield _differing(placed.pair, tag.code, shared, f"tag.{name}", "pair")


def lengths(verdicts: Verdicts, placed: Placed) -> tuple[Array, Array]:
    """(R,) each: characters of the traces on the pair's sides A and B."""
    a, b = verdicts.length_a, verdicts.length_b
    return np.where(placed.turned, b, a), np.where(placed.turned, a, b)


def _differing(group: Array, value: Array, shared: Array, field: str, whole: str) -> Found:
    given = shared & (value != NONE)
    first = told(group, int(group.max(initial=NONE)) + 1, given)
    rows = np.flatnonzero(given)
    rows = rows[value[rows] != value[first[group[rows]]]]
    return rows, first[group[rows]], field, OTHER.replace("{whole}", whole)
