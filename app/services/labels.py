"""Human labels of a job's pairs: joined by item and models, stored whole or not at all, listed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from app.domain.errors import Conflict, Problem
from app.domain.imported import DESIGNS, NONE, Coded, Verdicts
from app.domain.judgment import Side
from app.services import imports
from app.services.import_checks import refuse
from app.services.paging import Page, check_limit, cursor, place_of
from app.store import audit, labels
from app.store.database import Database, Transaction
from app.store.imports import import_facts
from app.store.jobs import OpenJob, hold_job, open_job
from app.store.labels import LabelRow, ListedLabel, NamedPair

SIDES = {1.0: Side.A, 0.0: Side.B, 0.5: Side.TIE}
WINNERS = {Side.A: "A", Side.B: "B", Side.TIE: "tie"}
UNIT_DESIGNS = [design.value for design in DESIGNS]


@dataclass(frozen=True, slots=True)
class Added:
    """What an upload of labels did."""

    job: str
    labels: int
    total: int


async def add_labels(
    database: Database, project: int, job_id: str, rows: Verdicts, *, actor: str = audit.SYSTEM
) -> Added:
    """Attach labels to a job's pairs, or to an import's. Raises Invalid, naming lines; Conflict for a draft."""
    async with database.transaction() as tx:
        imported = await import_facts(tx, project, job_id)
    if imported is not None:
        await imports.add_labels(database, project, job_id, rows, actor=actor)
        after = await imports.get_import(database, project, job_id)
        return Added(job_id, len(rows), after.labels)
    async with database.transaction() as tx:
        await hold_job(tx, project, job_id)  # two uploads of one job come one after the other
        job = await open_job(tx, project, job_id)
        if not job.started:
            raise Conflict("the job is a draft: its pairs can be labelled once it is started")
        total = await labels.add_labels(tx, job.id, await _joined(tx, job, rows))
        await audit.record(tx, project, actor, "label", f"job {job_id}")
    return Added(job_id, len(rows), total)


async def list_labels(
    database: Database, project: int, job_id: str, *, after: str | None = None, limit: int = 100
) -> Page:
    """A job's labels in the order they came in."""
    check_limit(limit)
    place = place_of(after, 1)[0] if after else 0
    async with database.transaction() as tx:
        imported = await import_facts(tx, project, job_id)
        if imported is None:
            job = await open_job(tx, project, job_id)
            found = await labels.label_page(tx, job.id, place, limit + 1)
        else:
            found = await labels.imported_page(tx, imported.id, place, limit + 1)
    items = [_listed(row) for row in found[:limit]]
    return Page(items, cursor((found[limit - 1].id,)) if len(found) > limit else None)


async def _joined(tx: Transaction, job: OpenJob, rows: Verdicts) -> list[LabelRow]:
    """The labels with their pairs. Raises Invalid, naming lines."""
    pairs: dict[str, list[NamedPair]] = defaultdict(list)
    for pair in await labels.pairs_named(tx, job.id, rows.item.names):
        pairs[pair.item].append(pair)
    problems: list[Problem] = []
    found: list[LabelRow] = []
    lines: list[int] = []
    for row in _each(rows):
        matching = _matching(row, pairs[row["item"]] if row["item"] is not None else [])
        problem = _wrong(row, job.spec.axes, pairs, matching)
        if problem is None:
            found.append(_label(row, *matching[0]))
            lines.append(row["line"])
        else:
            problems.append(problem)
    there = await labels.labelled(tx, job.id, sorted({label.seq for label in found}))
    problems += _twice(found, lines, there)
    refuse(problems, "some labels do not fit this job")
    return found


def _each(rows: Verdicts) -> Iterator[dict[str, Any]]:
    """The rows one by one."""
    columns = {
        "line": rows.line.tolist(), "item": rows.item.cells(), "labeller": rows.judge.cells(),
        "axis": rows.axis.cells(), "model_a": Coded(rows.models, rows.model_a).cells(),
        "model_b": Coded(rows.models, rows.model_b).cells(), "score": rows.score.tolist(),
        "order": rows.order.tolist(), "count": rows.count.tolist(), "sample_a": rows.sample_a.tolist(),
        "sample_b": rows.sample_b.tolist(), "design": [UNIT_DESIGNS[place] for place in rows.design.tolist()],
        "probability": rows.probability.tolist(),
    }  # fmt: skip
    for cells in zip(*columns.values(), strict=True):
        yield dict(zip(columns, cells, strict=True))


def _matching(row: Mapping[str, Any], pairs: Sequence[NamedPair]) -> list[tuple[NamedPair, bool]]:
    """The pairs a row may mean, and whether it names their models the other way round."""
    a, b = (row["model_a"], row["sample_a"]), (row["model_b"], row["sample_b"])
    found = []
    for pair in pairs:
        left, right = (pair.model_a, pair.sample_a), (pair.model_b, pair.sample_b)
        if _names(a, left) and _names(b, right):
            found.append((pair, False))
        elif _names(a, right) and _names(b, left):
            found.append((pair, True))
    return found


def _names(told: tuple[str, int], trace: tuple[str, int]) -> bool:
    return told[0] == trace[0] and told[1] in (NONE, trace[1])


def _wrong(
    row: Mapping[str, Any],
    axes: Sequence[str],
    pairs: Mapping[str, Sequence[NamedPair]],
    matching: Sequence[tuple[NamedPair, bool]],
) -> Problem | None:
    """The first thing wrong with a row."""
    wrong = {
        ("item", "is missing: a label is joined by it"): row["item"] is None,
        ("item", "the job has no such item"): row["item"] is not None and not pairs.get(row["item"]),
        ("model_a", "this item has no pair of these two models (and samples)"): not matching,
        ("sample_a", "several pairs fit: give sample_a and sample_b"): len(matching) > 1,
        ("axis", f"must be one of {', '.join(axes)}"): row["axis"] not in axes,
        ("count", "must be 1 for a label"): row["count"] != 1,
        ("score", "a label is A, B or tie"): row["score"] == row["score"] and row["score"] not in SIDES,  # not NaN
    }
    return next((Problem(reason, field, row["line"]) for (field, reason), is_wrong in wrong.items() if is_wrong), None)


def _label(row: Mapping[str, Any], pair: NamedPair, turned: bool) -> LabelRow:
    score = 1 - row["score"] if turned else row["score"]
    order = None if row["order"] == NONE else row["order"] ^ turned
    probability = None if np.isnan(row["probability"]) else row["probability"]
    side = None if np.isnan(score) else int(SIDES[score])
    return LabelRow(pair.seq, row["axis"], row["labeller"], side, order, row["design"], probability)


def _twice(found: Sequence[LabelRow], lines: Sequence[int], there: set[tuple[int, str, str]]) -> Iterator[Problem]:
    """Pairs that one labeller labelled twice on an axis."""
    first: dict[tuple[int, str, str], int] = {}
    for label, line in zip(found, lines, strict=True):
        key = (label.seq, label.axis, label.labeller)
        if key in there:
            yield Problem("this labeller has labelled this pair already, in an earlier upload", "item", line)
        elif first.setdefault(key, line) != line:
            yield Problem(f"this labeller has labelled this pair already (line {first[key]})", "item", line)


def _listed(row: ListedLabel) -> dict[str, Any]:
    return {
        "item": row.item,
        "model_a": row.model_a,
        "model_b": row.model_b,
        "axis": row.axis,
        "labeller": row.labeller,
        "winner": None if row.side is None else WINNERS[Side(row.side)],
        "order": None if row.shown is None else ("AB", "BA")[row.shown],
        "design": row.design,
        "inclusion_probability": row.inclusion_probability,
    }
