"""The pairs of several jobs as one: each pair once, clusters across jobs, jobs that differ as strata."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from app.domain.verdict import PolicyName
from app.reports.comparable import Difference, Entrant, common_axis, conflict, differences, facts_of, labels
from app.reports.reading import policy_of, settle_axis, tag_values
from app.reports.sheet import PENDING, Sheet
from app.reports.strengths import DROPPED, HALF_WINS

Array = npt.NDArray[Any]


@dataclass(frozen=True, slots=True)
class Part:
    """What one job brings: `pairs` asked for, of which `duplicates` stood in an earlier job and `same_model` compare a
    model with itself; `pending` units are still to be judged. `stratum`: its place in `Pool.strata`.
    """

    name: str
    pairs: int
    duplicates: int
    same_model: int
    pending: int
    stratum: int


@dataclass(frozen=True, slots=True)
class Pool:
    """n pairs of different models. `model_a`, `model_b`: int (n,) indices into `models`. `verdict`: int8 (n,).
    `score`: float (n,) half wins for side A, NaN where undecided. `cluster`, `stratum`: int (n,). `strata`: names of
    the groups of jobs that measure the same. `kept`: for each job the rows of its sheet that are in the pool.
    """

    axis: str
    models: tuple[str, ...]
    model_a: Array
    model_b: Array
    verdict: Array
    score: Array
    cluster: Array
    stratum: Array
    strata: tuple[str, ...]
    parts: list[Part]
    differences: list[Difference]
    kept: list[Array]


def pool(
    entrants: Sequence[Entrant], *, axis: str | None = None, tag: tuple[str, str] | None = None, allow_mixed: bool
) -> Pool:
    """The pairs of all entrants on one axis (default: their primary one), with a tag only those that have it.

    A pair that the same judges judged in several jobs counts once, in the first of them. Jobs that differ in what they
    measure are a Conflict, which names every difference and the jobs; with `allow_mixed` they become strata. Raises
    Invalid for an axis that a job has not.
    """
    names = labels(entrants)
    axis = common_axis(entrants, names, axis)
    rows = [_tagged(entrant.sheet, tag) for entrant in entrants]
    facts = facts_of(entrants, rows, axis, names)
    found = differences(facts)
    if found and not allow_mixed:
        raise conflict(found, names)
    kept, twice = _once(entrants, rows, [fact["judges"] for fact in facts])
    signature = [tuple(fact[one.what] for one in found) for fact in facts]
    strata = list(dict.fromkeys(signature))
    stratum = [strata.index(one) for one in signature]
    apart = [_apart(entrant.sheet, of) for entrant, of in zip(entrants, kept, strict=True)]
    parts = [
        Part(names[i], len(rows[i]), twice[i], len(kept[i]) - len(apart[i]), _pending(entrants[i], rows[i]), stratum[i])
        for i in range(len(entrants))
    ]
    named = [[names[i] for i, of in enumerate(stratum) if of == number] for number in range(len(strata))]
    models, columns = _joined(entrants, axis, apart)
    return Pool(
        axis=axis,
        models=models,
        **columns,
        cluster=_clusters(entrants, apart),
        stratum=np.repeat(stratum, [len(of) for of in apart]),
        strata=tuple(", ".join(group) for group in named),
        parts=parts,
        differences=found,
        kept=apart,
    )


def _tagged(sheet: Sheet, tag: tuple[str, str] | None) -> Array:
    if tag is None:
        return np.arange(len(sheet.model_a))
    name, value = tag
    values, code = tag_values(sheet, name)
    return np.flatnonzero(code == values.index(value)) if value in values else np.empty(0, np.intp)


def _once(entrants: Sequence[Entrant], rows: Sequence[Array], judges: Sequence[str]) -> tuple[list[Array], list[int]]:
    """The rows of each job whose pair the same judges did not judge in an earlier job, and how many they did."""
    seen: dict[str, set[bytes]] = {of: set() for of in judges}
    kept, twice = [], []
    for entrant, chosen, of in zip(entrants, rows, judges, strict=True):
        keys = [entrant.pair[row] for row in chosen.tolist()]
        new = np.fromiter((key is None or key not in seen[of] for key in keys), bool, len(keys))
        seen[of].update(key for key in keys if key is not None)
        kept.append(chosen[new])
        twice.append(int((~new).sum()))
    return kept, twice


def _apart(sheet: Sheet, rows: Array) -> Array:
    different: Array = rows[sheet.model_a[rows] != sheet.model_b[rows]]
    return different


def _pending(entrant: Entrant, rows: Array) -> int:
    return int((entrant.sheet.outcomes[rows] == PENDING).sum())


def _joined(entrants: Sequence[Entrant], axis: str, kept: Sequence[Array]) -> tuple[tuple[str, ...], dict[str, Array]]:
    """The models by first appearance, and the columns `model_a`, `model_b`, `verdict` and `score` of all pairs."""
    models: dict[str, int] = {}
    columns: list[tuple[Array, ...]] = []
    for entrant, rows in zip(entrants, kept, strict=True):
        sheet, policy = entrant.sheet, policy_of(entrant.sheet, None)
        for code in _in_order(sheet.model_a[rows], sheet.model_b[rows]):
            models.setdefault(sheet.models[code], len(models))
        number = np.array([models.get(name, 0) for name in sheet.models], np.int64)
        verdict = settle_axis(sheet, axis, policy).verdict[rows]
        score = (DROPPED if policy.name is PolicyName.DROP else HALF_WINS)[verdict]
        columns.append((number[sheet.model_a[rows]], number[sheet.model_b[rows]], verdict, score))
    joined = (np.concatenate(column) for column in zip(*columns, strict=True))
    return tuple(models), dict(zip(("model_a", "model_b", "verdict", "score"), joined, strict=True))


def _in_order(model_a: Array, model_b: Array) -> Iterator[int]:
    """The models of pairs by first appearance."""
    both = np.stack([model_a, model_b], axis=1).ravel()
    codes, first = np.unique(both, return_index=True)
    yield from codes[np.argsort(first)].tolist()


def _clusters(entrants: Sequence[Entrant], kept: Sequence[Array]) -> Array:
    """(n,) one number for each name, whichever job it is in, and one for each pair without."""
    seen: dict[object, int] = {}
    names = (
        (entrant.cluster[row], number, row)
        for number, (entrant, rows) in enumerate(zip(entrants, kept, strict=True))
        for row in rows.tolist()
    )
    numbers = [seen.setdefault(name if name is not None else (job, row), len(seen)) for name, job, row in names]
    return np.array(numbers, np.int64)
