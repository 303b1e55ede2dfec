"""Verdicts made elsewhere (docs/contract.md, "verdicts file"), column by column: a million rows are a few arrays."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]

IMPORTED_JUDGE = "imported"
OVERALL = "overall"
NONE = -1


class Design(StrEnum):
    """How the pairs that people labelled came to be chosen; only a random draw speaks for the pairs not labelled.

    `random` may have unequal chances, told as inclusion probabilities. `filtered`: some pairs had no chance at all, and
    no weight mends that.
    """

    RANDOM = "random"
    FILTERED = "filtered"
    UNKNOWN = "unknown"


DESIGNS = tuple(Design)


@dataclass(frozen=True, slots=True)
class Coded:
    """A column of texts. `code`: int64 (R,), the place of a row's text in `names`, which are distinct; NONE = empty."""

    names: tuple[str, ...]
    code: Array

    @classmethod
    def of(cls, cells: Iterable[str | None], names: Iterable[str] = ()) -> Coded:
        """Coded in order of first appearance, after `names`."""
        seen: dict[str | None, int] = {name: place for place, name in enumerate(names)}
        code = [seen.setdefault(cell, len(seen)) for cell in cells]
        found = np.array(code, np.int64)
        if None in seen:  # leaves the numbering, and those after it move up
            gap = seen.pop(None)
            found = np.where(found == gap, NONE, found - (found > gap))
        return cls(tuple(str(name) for name in seen), found)

    def cells(self) -> list[str | None]:
        """The texts of all rows."""
        table = (*self.names, None)
        return [table[code] for code in self.code.tolist()]


@dataclass(frozen=True, slots=True)
class Verdicts:
    """R rows; row i tells of `count[i]` identical verdicts of one judge on one axis about two models' traces.

    `line`: int (R,), where a row stands in its file. `model_a`, `model_b`: int (R,) places in `models`. `score`:
    float (R,), 1 = A wins, 0 = B wins, 1/2 = tie, between them a soft verdict, NaN = abstained. `order`: int8 (R,),
    an Order, which trace was shown first; NONE = a final stance, which no policy changes. `item`: NONE = a pair of
    its own. `cluster`: NONE = the item's, or where there is no item (or a count) one for each verdict. `length_a`,
    `length_b`: characters, NONE = unknown. `human`: bool (R,), a label; then `judge` is who labelled, `design` (a
    place in DESIGNS) and `probability` (NaN = unknown) say how the pair was drawn. `sample_a`, `sample_b`: which of a
    model's traces of a job, NONE = there is but one.
    """

    line: Array
    models: tuple[str, ...]
    model_a: Array
    model_b: Array
    score: Array
    item: Coded
    judge: Coded
    axis: Coded
    order: Array
    repeat: Array
    count: Array
    cluster: Coded
    length_a: Array
    length_b: Array
    tags: Mapping[str, Coded]
    human: Array
    design: Array
    probability: Array
    sample_a: Array
    sample_b: Array

    def __len__(self) -> int:
        return len(self.line)
