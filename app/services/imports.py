"""Verdicts made elsewhere: checked as a whole, then stored as a whole."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from app.domain.errors import Invalid, NotFound, Problem
from app.domain.imported import OVERALL, ImportedVerdict
from app.domain.verdict import PolicyName
from app.store import audit, imports
from app.store.database import Database

MOST_VERDICTS = 10_000_000
MOST_NAMED = 100


@dataclass(frozen=True, slots=True)
class ImportInfo:
    """What users see of an import."""

    id: str
    name: str
    rows: int
    verdicts: int
    models: list[str]
    created_at: str | None = None


async def add_import(
    database: Database,
    project: int,
    name: str,
    verdicts: Sequence[ImportedVerdict],
    *,
    actor: str = audit.SYSTEM,
) -> ImportInfo:
    """A new import. Raises Invalid, naming lines, when rows contradict each other or hold no verdict."""
    check(verdicts)
    spec = {"primary_axis": primary_axis(verdicts), "policy": {"name": PolicyName.HALF.value}, "seed": 0}
    async with database.transaction() as tx:
        made = await imports.add_import(tx, project, name, spec)
        await imports.add_verdicts(tx, made.id, 0, verdicts)
        await audit.record(tx, project, actor, "create", f"import {made.public_id}")
    return _info(made, verdicts)


async def get_import(database: Database, project: int, import_id: str) -> ImportInfo:
    """NotFound for another project's."""
    async with database.transaction() as tx:
        facts = await imports.import_facts(tx, project, import_id)
        if facts is None:
            raise NotFound("there is no such import")
        verdicts = await imports.verdicts_of(tx, facts.id)
    return _info(facts, verdicts)


def primary_axis(verdicts: Sequence[ImportedVerdict]) -> str:
    """`overall` where there is one, else the axis of the first row."""
    axes = dict.fromkeys(verdict.axis for verdict in verdicts)
    return OVERALL if OVERALL in axes else next(iter(axes))


def check(verdicts: Sequence[ImportedVerdict]) -> None:
    """Raise Invalid when there is nothing to count, or rows contradict each other."""
    if all(verdict.score is None for verdict in verdicts):
        raise Invalid("no row has a winner or a score", (Problem("every row is empty here", "winner"),))
    if sum(verdict.count for verdict in verdicts) > MOST_VERDICTS:
        raise Invalid(f"more than {MOST_VERDICTS:,} verdicts", (Problem("counts add up to too many", "count"),))
    problems = [problem for verdict in verdicts for problem in _alone(verdict)]
    problems += _repeated(verdicts)
    if problems:
        raise Invalid("the verdicts contradict each other", tuple(problems[:MOST_NAMED]), len(problems))


def _alone(verdict: ImportedVerdict) -> list[Problem]:
    """What is wrong with one row by itself."""
    if verdict.model_a == verdict.model_b and verdict.item is None:
        return [Problem("is compared with itself", "model_b", verdict.line)]
    return []


def _repeated(verdicts: Sequence[ImportedVerdict]) -> list[Problem]:
    """Rows that say the same thing twice: one judge has one verdict per item, models, axis, order and repeat."""
    first: dict[tuple[object, ...], int] = {}
    problems = []
    for verdict in verdicts:
        if verdict.item is None or verdict.count > 1:
            continue
        swapped = verdict.model_a > verdict.model_b
        shown = None if verdict.order is None else (verdict.order == 0) != swapped
        models = frozenset((verdict.model_a, verdict.model_b))
        key = (verdict.item, models, verdict.judge, verdict.axis, shown, verdict.repeat, verdict.human)
        line = first.setdefault(key, verdict.line)
        if line != verdict.line:
            reason = f"is there already (line {line}); a column `repeat` (0, 1, 2 ...) tells several apart"
            problems.append(Problem(reason, "item", verdict.line))
    return problems


def _info(facts: imports.ImportFacts, verdicts: Sequence[ImportedVerdict]) -> ImportInfo:
    models = dict.fromkeys(name for verdict in verdicts for name in (verdict.model_a, verdict.model_b))
    return ImportInfo(
        id=facts.public_id,
        name=facts.name,
        rows=len(verdicts),
        verdicts=sum(verdict.count for verdict in verdicts),
        models=list(models),
        created_at=facts.created_at.isoformat(timespec="seconds"),
    )
