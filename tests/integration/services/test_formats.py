"""Marks of format are counted in the database, pair by pair and side by side, and reports control for them."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from app.domain.trace import Pair
from app.reports.sheet import Parameters
from app.services.publish import Publisher
from app.store import format_counts
from tests.integration.services.judging import judge
from tests.integration.services.samples import item, number_of, started, trace

MARKED = [
    ("plain text, 2 * 3 = 6 and #hashtag", (0, 0, 0)),
    ("# One\n\n## Two\n   ### Three\n    # code\n####### seven", (3, 0, 0)),
    ("- one\n* two\n  + three\n• four\n1. five\n12) six\n-no item\n2.5 mm", (0, 6, 0)),
    ("**bold** and **more of\nit** and **again**", (0, 0, 2)),
    ("# Finding\n- **border**: sharp\n- **density**: low\nSo it is **C**.", (1, 2, 3)),
    ("", (0, 0, 0)),
]


@pytest.mark.parametrize("at_once", [1, 4, 10_000])
async def test_counts_are_those_of_the_texts(database, vault, project, monkeypatch, at_once):
    monkeypatch.setattr(format_counts, "AT_ONCE", at_once)
    texts = [told for told, _ in MARKED]
    pairs = [
        Pair(item(f"q{n}"), trace("one", told, "C"), trace("two", texts[n - 1], "C")) for n, told in enumerate(texts)
    ]
    job = await started(database, vault, project, pairs=pairs)
    found = await format_counts.format_counts(database, await number_of(database, job.id), len(pairs))
    async with database.transaction() as tx:
        query = text("SELECT p.seq, i.name FROM pairs p JOIN items i ON i.id = p.item_id JOIN jobs j ON j.id = p.job_id"
                     " WHERE j.public_id = CAST(:job AS uuid)")  # fmt: skip
        numbers = {name: seq for seq, name in await tx.execute(query, {"job": job.id})}
    for n in range(len(texts)):
        a, b = found[numbers[f"q{n}"]].tolist()
        assert (tuple(a), tuple(b)) == (MARKED[n][1], MARKED[n - 1][1])


async def test_a_report_controls_for_them_when_asked(database, vault, project):
    told = ("Short and plain.", "# Long\n- with\n- items\n" + "and more words " * 5)
    pairs = [
        Pair(item(f"q{n}"), trace("one", told[n % 3 == 0], "C"), trace("two", told[n % 2], "C")) for n in range(60)
    ]
    job = await started(database, vault, project, pairs=pairs)
    await judge(database, job.id)
    publisher = Publisher(database)
    report = await publisher.report(project, job.id, Parameters(control="format"))
    assert "list items" in report.results.length[0].note
    page = await publisher.document(project, job.id, Parameters(control="format"), "md")
    assert "Win rate at equal length and format" in page
    assert (await publisher.report(project, job.id, Parameters())).results.length == []
