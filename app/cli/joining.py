"""Joins traces of several models into pairs: two traces of one item, sample by sample; nothing is dropped unseen."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

from app.cli.pictures import Pictures
from app.cli.traces_files import TraceRow
from app.domain.errors import Invalid, Problem

# Item id -> model -> sample -> row, everything in the order of the files.
Samples = dict[int, TraceRow]
Shelf = dict[str, dict[str, Samples]]


@dataclass(frozen=True, slots=True)
class Joined:
    """Pairs in the shape of the contract, and what found no partner.

    `partial`: items that some models have no trace for, each with those models. `unmatched`: samples whose number
    the other model does not have, in words.
    """

    models: tuple[str, ...]
    pairs: list[dict[str, Any]]
    items: int
    partial: Mapping[str, tuple[str, ...]]
    unmatched: tuple[str, ...]


def join(rows: Sequence[TraceRow], pictures: Pictures) -> Joined:
    """All pairs of every two models, the model named first as side A. Images become SHA-256s of `pictures`.

    Raises Invalid when a trace is there twice, files disagree about an item, or there is nothing to compare.
    """
    shelf = _shelved(rows)
    models = tuple(dict.fromkeys(row.model for row in rows))
    items = _merged(rows, pictures)
    pairs: list[dict[str, Any]] = []
    unmatched: list[str] = []
    for item_id, by_model in shelf.items():
        for a, b in combinations([model for model in models if model in by_model], 2):
            pairs += _pairs(items[item_id], by_model[a], by_model[b])
            unmatched += _alone(item_id, by_model[a], by_model[b])
    if not pairs:
        raise Invalid(_nothing(models, shelf))
    partial = {
        item_id: tuple(model for model in models if model not in by_model)
        for item_id, by_model in shelf.items()
        if len(by_model) < len(models)
    }
    return Joined(models, pairs, len(shelf), partial, tuple(unmatched))


def _shelved(rows: Sequence[TraceRow]) -> Shelf:
    """Every row in its place. Raises Invalid when a place is taken."""
    shelf: Shelf = {}
    problems = []
    for row in rows:
        samples = shelf.setdefault(row.item["id"], {}).setdefault(row.model, {})
        first = samples.setdefault(row.sample or 0, row)
        if first is not row:
            reason = f"a second trace of {row.model} for item {row.item['id']} (the first: {first.where})"
            advice = "" if row.sample is not None else "; a column `sample` (0, 1, 2 ...) tells several apart"
            problems.append(Problem(reason + advice, row.where))
    if problems:
        raise Invalid("one model has the same trace twice", tuple(problems))
    return shelf


def _merged(rows: Sequence[TraceRow], pictures: Pictures) -> dict[str, dict[str, Any]]:
    """Each item once, put together from all rows that tell something of it. Raises Invalid when they disagree."""
    items: dict[str, dict[str, Any]] = {}
    problems = []
    for row in rows:
        told = pictures.settled(row.item, row.where)
        item = items.setdefault(row.item["id"], told)
        for field in told.keys() & item.keys():
            if told[field] != item[field]:
                reason = f"is not what an earlier row says about item {row.item['id']}"
                problems.append(Problem(reason, f"{row.where}, item.{field}"))
        item |= {field: value for field, value in told.items() if field not in item}
    if problems:
        raise Invalid("the files disagree about items", tuple(problems))
    return items


def _pairs(item: Mapping[str, Any], a: Samples, b: Samples) -> Iterator[dict[str, Any]]:
    for sample in a:
        if sample in b:
            yield {"item": item, "a": _trace(a[sample]), "b": _trace(b[sample])}


def _trace(row: TraceRow) -> dict[str, Any]:
    answer = {} if row.answer is None else {"answer": row.answer}
    return {"model": row.model, "trace": row.trace, "sample": row.sample or 0, **answer}


def _alone(item_id: str, a: Samples, b: Samples) -> Iterator[str]:
    """Samples that only one of two models has."""
    for mine, other in ((a, b), (b, a)):
        partner = next(iter(other.values())).model
        yield from (
            f"item {item_id}: sample {sample} of {row.model} has no partner in {partner}"
            for sample, row in mine.items()
            if sample not in other
        )


def _nothing(models: tuple[str, ...], shelf: Shelf) -> str:
    if len(models) < 2:  # noqa: PLR2004 - it takes two to compare
        named = ", ".join(models) or "none"
        return f"there must be traces of two models or more; found: {named} (a file's name or its column `model`)"
    return f"no item has traces of two models ({', '.join(models)}; {len(shelf):,} items): are the item ids the same?"
