"""Pairs are narrowed by what people said of them, and say how many chose which side."""

from __future__ import annotations

import pytest

from app.domain.judgment import Pick, Side
from app.services import look
from app.services.admin import create_project
from app.store import labels
from app.store.jobs import open_job
from app.store.labels import LabelRow
from tests.integration.services.judging import judge, prefers_a
from tests.integration.services.looking import all_pages
from tests.integration.services.samples import started

SAID = {
    "q1": [Side.A, Side.A, Side.B], "q2": [Side.B], "q3": [Side.TIE], "q4": [Side.A, Side.B], "q5": [Side.TIE],
    "q6": [None], "q7": [Side.A],
}  # fmt: skip


@pytest.fixture(scope="module")
async def people_job(database, vault):
    """A job whose judge prefers A, but ties q5 and flips on q7, with labels on `overall`."""
    project = (await create_project(database, "people")).id
    job = await started(database, vault, project, axes=("overall", "rationale"), rubric="reasoning-trace")
    seqs = {one["item"]: one["seq"] for one in (await look.list_pairs(database, project, job.id)).items}
    picks = {seqs["q5"]: Pick.TIE, seqs["q7"]: Pick.FIRST}
    await judge(database, job.id, lambda judge_no, seq, slot: picks.get(seq, prefers_a(judge_no, seq, slot)))
    rows = [
        LabelRow(seqs[item], "overall", f"reader-{number}", None if side is None else int(side), None, "random", None)
        for item, sides in SAID.items()
        for number, side in enumerate(sides)
    ]
    async with database.transaction() as tx:
        await labels.add_labels(tx, (await open_job(tx, project, job.id)).id, rows)
    return project, job.id


@pytest.mark.parametrize(
    ("human", "items"),
    [("agree", ["q1", "q5"]), ("disagree", ["q2", "q3"]), ("LABELLED", ["q1", "q2", "q3", "q4", "q5", "q6", "q7"])],
)
async def test_pairs_are_narrowed_by_what_people_said(people_job, database, human, items):
    project, job = people_job
    found = await all_pages(look.list_pairs, database, project, job, limit=1, human=human)
    assert sorted(one["item"] for one in found) == items
    assert (await look.list_pairs(database, project, job, filters={"human": human})).total == len(items)


async def test_people_and_a_verdict_narrow_together(people_job, database):
    project, job = people_job
    found = await all_pages(look.list_pairs, database, project, job, limit=2, human="labelled", verdict="TIE")
    assert [one["item"] for one in found] == ["q5"]
    none = await all_pages(look.list_pairs, database, project, job, limit=2, human="labelled", axis="rationale")
    assert none == []


async def test_a_pair_says_how_many_people_chose_which_side(people_job, database):
    project, job = people_job
    shown = (await look.list_pairs(database, project, job, filters={"human": "labelled", "axis": "overall"})).items
    assert {one["item"]: one["axes"]["overall"]["labels"] for one in shown} == {
        "q1": {"A": 2, "B": 1}, "q2": {"B": 1}, "q3": {"TIE": 1}, "q4": {"A": 1, "B": 1}, "q5": {"TIE": 1},
        "q6": {"NONE": 1}, "q7": {"A": 1},
    }  # fmt: skip
