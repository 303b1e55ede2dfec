"""A rubric with everything around it: its versions, the jobs judged by it, and the prompt it becomes."""

from __future__ import annotations

from dataclasses import dataclass

from app import rubrics as builtin
from app.domain.errors import NotFound, Problem
from app.domain.order import Order, Presentation
from app.domain.prompt import render
from app.domain.rubric import Rubric
from app.domain.trace import Item, Pair, Trace
from app.store import rubrics as stored
from app.store.database import Database
from app.store.rubric_use import RubricJob, Version, jobs_with, versions_of

MOST_JOBS = 20
FENCE = "TJ-EXAMPLE"
_ITEM = Item(
    "example",
    "A chest film shows air beneath the right hemidiaphragm. What is the most likely cause?",
    {"A": "Pneumonia", "B": "Perforation of a hollow organ", "C": "Pleural effusion"},
    "B",
)
_PAIR = Pair(
    _ITEM,
    Trace(
        "one", "Free air beneath the diaphragm rises when the patient stands, so a hollow organ has perforated.", "B"
    ),
    Trace("other", "The lungs look dense, which fits pneumonia.", "A"),
)


@dataclass(frozen=True, slots=True)
class RubricCard:
    """`versions` and `jobs` newest first, at most MOST_JOBS jobs. `system`, `user`: the prompt of an example pair in
    order AB, all axes in one call, FENCE in place of the secret code word.
    """

    rubric: Rubric
    built_in: bool
    versions: tuple[Version, ...]
    jobs: tuple[RubricJob, ...]
    system: str
    user: str


async def rubric_card(database: Database, project: int, name: str, version: int | None = None) -> RubricCard:
    """Of one version, or the newest. NotFound when there is no such rubric or version."""
    built_in = name in builtin.list_names()
    async with database.transaction() as tx:
        if built_in:
            rubric: Rubric | None = builtin.load(name)
            versions = [Version(builtin.load(name).version, builtin.load(name).hash(), None)]
        else:
            rubric = await stored.rubric_named(tx, project, name, version)
            versions = await versions_of(tx, project, name)
        jobs = await jobs_with(tx, project, name, MOST_JOBS)
    if not versions:
        raise NotFound("there is no rubric of that name")
    if rubric is None or version not in (None, rubric.version):
        known = ", ".join(str(one.version) for one in versions)
        raise NotFound("there is no such version of this rubric", (Problem(f"one of {known}", "version"),))
    prompt = render(rubric, rubric.axes, Presentation(_PAIR, Order.AB), FENCE)
    user = f"{prompt.before}\n\n{prompt.after}"
    return RubricCard(rubric, built_in, tuple(versions), tuple(jobs), prompt.system, user)
