"""Imports and labels in the database: what comes back is what went in, and labels find their pairs."""

from __future__ import annotations

import json

import numpy as np
import pytest

from app.domain.errors import Conflict, Invalid, NotFound
from app.domain.imported import Design, Verdicts
from app.domain.order import Order
from app.domain.trace import Pair
from app.domain.verdict import PolicyName
from app.reports.sheet import Parameters
from app.services import imports, labels
from app.services.import_checks import Choices
from app.services.imported_sheet import sheet_of
from app.services.job_sheet import read_sheet
from app.services.publish import Publisher
from app.store import imported_rows
from app.store import imports as stored
from app.store.sheet import job_facts
from app.wire.tables import ndjson_table
from app.wire.verdict_columns import KNOWN, read_verdicts
from tests.integration.services.judging import judge
from tests.integration.services.samples import count_rows, draft, item, started, trace


def verdicts(*rows: dict, **more) -> Verdicts:
    return read_verdicts(ndjson_table("\n".join(map(json.dumps, rows)).encode(), KNOWN), **more)


def row(name: str | None = "q1", winner: str | None = "A", **more) -> dict:
    return {"item": name, "model_a": "tuned-7b", "model_b": "base-7b", "winner": winner, **more}


EVERYTHING = [
    row(
        judge="j", axis="depth", order="BA", repeat=2, cluster="c", length_a=5, length_b=0, tags={"site": "ü", "y": "1"}
    ),
    row("q2", None, tags={"site": "x"}),
    {"model_a": "base-7b", "model_b": "third", "score": 0.123456789012345, "count": 3},
    row("q2", "tie", model_b="base-7b", judge="j"),
]


async def kept(database, project: int, import_id: str) -> tuple[stored.ImportFacts, Verdicts]:
    async with database.transaction() as tx:
        facts = await stored.import_facts(tx, project, import_id)
        assert facts is not None
        return facts, await imported_rows.verdicts_of(tx, facts.id)


async def refused(awaitable) -> list[tuple[int | None, str, str]]:
    with pytest.raises(Invalid) as caught:
        await awaitable
    return [(problem.line, problem.field, problem.reason) for problem in caught.value.problems]


async def test_what_comes_back_makes_the_same_sheet_as_what_went_in(database, project):
    given = verdicts(*EVERYTHING)
    made = await imports.add_import(database, project, "all", given, Choices("depth", PolicyName.DROP))
    facts, back = await kept(database, project, made.id)
    left, right = sheet_of(facts, given), sheet_of(facts, back)
    for name in ("model_a", "model_b", "length_a", "length_b", "outcomes"):
        np.testing.assert_array_equal(getattr(left, name), getattr(right, name))
    assert (left.models, left.judges, left.axes, left.primary_axis) == (right.models, right.judges, right.axes, "depth")
    np.testing.assert_array_equal(left.cluster, right.cluster)
    for axis in left.axes:
        np.testing.assert_array_equal(left.picks[axis].picks, right.picks[axis].picks)
        np.testing.assert_array_equal(left.picks[axis].final, right.picks[axis].final)
    assert {name: (tag.values, tag.code.tolist()) for name, tag in left.tags.items()} == {
        name: (tag.values, tag.code.tolist()) for name, tag in right.tags.items()
    }
    assert (back.item.cells(), back.cluster.cells()) == (given.item.cells(), given.cluster.cells())
    async with database.transaction() as tx:
        nameless = await imported_rows.verdicts_of(tx, facts.id, names=False)
    np.testing.assert_array_equal(nameless.item.code, back.item.code)
    np.testing.assert_array_equal(nameless.cluster.code, back.cluster.code)
    assert (made.rows, made.verdicts, made.pairs, made.policy) == (4, 6, 5, "drop")
    assert await imports.get_import(database, project, made.id) == made


async def test_imports_are_listed_and_deleted_inside_their_project_only(database, project, stranger):
    made = [await imports.add_import(database, project, f"n{number}", verdicts(row())) for number in range(3)]
    first = await imports.list_imports(database, project, limit=2)
    rest = await imports.list_imports(database, project, after=first.next, limit=2)
    assert [one.name for one in (*first.items, *rest.items)] == ["n2", "n1", "n0"]
    assert rest.next is None
    assert (await imports.list_imports(database, stranger)).items == []
    for attempt in (imports.get_import, imports.delete_import):
        with pytest.raises(NotFound):
            await attempt(database, stranger, made[0].id)
    await imports.delete_import(database, project, made[0].id)
    with pytest.raises(NotFound):
        await imports.get_import(database, project, made[0].id)
    assert (
        await count_rows(database, "imported_verdicts", import_id=(await kept(database, project, made[1].id))[0].id)
        == 1
    )


async def test_a_refused_import_leaves_nothing(database, project):
    assert (await refused(imports.add_import(database, project, "x", verdicts(row(), row()))))[0][0] == 2
    assert (await imports.list_imports(database, project)).items == []


async def test_labels_of_an_import_move_its_report(database, project):
    rows = [row(f"q{number}", "AB"[number % 2], judge="j") for number in range(4)]
    made = await imports.add_import(database, project, "x", verdicts(*rows))
    publisher = Publisher(database)
    before = await publisher.report(project, made.id, Parameters())
    people = verdicts(
        row("q0", "A", judge="ann"), row("q1", "A", judge="ann", model_a="base-7b", model_b="tuned-7b"),
        row("q2", None, judge="ann"), row("q0", "tie", judge="ben"),
        human=True, design=Design.RANDOM,
    )  # fmt: skip
    assert (await labels.add_labels(database, project, made.id, people)).total == 4
    facts, back = await kept(database, project, made.id)
    found = sheet_of(facts, back)
    assert found.labellers == ("ann", "ben")
    overall = found.labels["overall"]
    assert overall.pair.tolist() == [0, 1, 2, 0]
    assert overall.score.tolist() == pytest.approx([1, 0, np.nan, 0.5], nan_ok=True)
    assert overall.random.all()
    assert [one.name for one in found.judges] == ["j"]
    assert len(found.model_a) == 4
    after = await publisher.report(project, made.id, Parameters())
    assert after is not before
    assert after.results.headline == before.results.headline
    assert (await imports.get_import(database, project, made.id)).labels == 4
    listed = await labels.list_labels(database, project, made.id)
    assert [(one["item"], one["labeller"], one["winner"]) for one in listed.items] == [
        ("q0", "ann", "A"), ("q1", "ann", "A"), ("q2", "ann", None), ("q0", "ben", "tie")
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("rows", "where", "reason"),
    [
        ([row("q0"), row("nowhere")], (2, "item"), "no such item"),
        ([row(None)], (1, "item"), "is missing"),
        ([row("q0", model_b="other")], (1, "model_a"), "no such two models"),
        ([row("q0", axis="style")], (1, "axis"), "must be one of overall"),
        ([row("q0", count=2)], (1, "count"), "must be 1"),
        ([row("q0", judge="a"), row("q0", "B", judge="a")], (2, "item"), "labelled this pair already (line 1)"),
    ],
)
async def test_labels_that_do_not_fit_an_import_are_told_by_line(database, project, rows, where, reason):
    made = await imports.add_import(database, project, "x", verdicts(row("q0", judge="j"), row("q1", judge="j")))
    told = await refused(labels.add_labels(database, project, made.id, verdicts(*rows, human=True)))
    assert told[0][:2] == where
    assert reason in told[0][2]
    assert (await imports.get_import(database, project, made.id)).labels == 0
    assert len((await kept(database, project, made.id))[1]) == 2


async def test_peoples_own_import_takes_no_labels(database, project):
    made = await imports.add_import(database, project, "x", verdicts(row(), human=True))
    with pytest.raises(Invalid, match="people's verdicts"):
        await labels.add_labels(database, project, made.id, verdicts(row(), human=True))


async def test_labels_of_a_job_find_its_pairs_and_reach_its_report(database, vault, project):
    job = await started(database, vault, project)
    await judge(database, job.id)
    publisher = Publisher(database, seconds=0)
    before = await publisher.report(project, job.id, Parameters())
    turned = {"model_a": "tuned-7b", "model_b": "base-7b"}
    straight = {"model_a": "base-7b", "model_b": "tuned-7b"}
    people = verdicts(
        row("q3", "A", judge="ann", order="AB", inclusion_probability=0.5) | turned,
        row("q4", "A", judge="ann") | straight, row("q4", "tie", judge="ben"), row("q5", None, judge="ben"),
        human=True, design=Design.RANDOM,
    )  # fmt: skip
    added = await labels.add_labels(database, project, job.id, people)
    assert (added.labels, added.total) == (4, 4)
    async with database.transaction() as tx:
        facts = await job_facts(tx, project, job.id)
    found = await read_sheet(database, facts)
    overall = found.labels["overall"]
    scores = {
        (found.labellers[who], score)
        for who, score in zip(overall.labeller.tolist(), overall.score.tolist(), strict=True)
    }
    assert {("ann", 0.0), ("ann", 1.0), ("ben", 0.5)} < scores  # the job's side A is base-7b
    assert np.isnan(overall.score).sum() == 1
    assert len(set(overall.pair.tolist())) == 3
    assert (overall.random.all(), np.nanmax(overall.probability)) == (True, 0.5)
    after = await publisher.report(project, job.id, Parameters())
    assert after is not before
    page = await labels.list_labels(database, project, job.id, limit=3)
    rest = await labels.list_labels(database, project, job.id, after=page.next, limit=3)
    listed = {(one["item"], one["labeller"]): (one["winner"], one["order"]) for one in (*page.items, *rest.items)}
    assert listed == {
        ("q3", "ann"): ("B", Order.BA.name), ("q4", "ann"): ("A", None), ("q4", "ben"): ("tie", None),
        ("q5", "ben"): (None, None),
    }  # fmt: skip


async def test_labels_that_do_not_fit_a_job_are_told_by_line_and_nothing_is_kept(database, vault, project, stranger):
    job = await started(database, vault, project)
    await labels.add_labels(database, project, job.id, verdicts(row("q1", judge="ann"), human=True))
    told = await refused(
        labels.add_labels(
            database, project, job.id,
            verdicts(
                row("q2", judge="ann"), row("nowhere"), row("q2", model_b="other"), row("q2", axis="style"),
                row("q2", score=0.7, winner=None), row("q1", "B", judge="ann"), row("q2", "B", judge="ann"),
                row("q3", sample_a=4), row(None), row("q3", count=2),
                human=True,
            ),
        )
    )  # fmt: skip
    assert [(line, field) for line, field, _ in told] == [
        (2, "item"), (3, "model_a"), (4, "axis"), (5, "score"), (6, "item"), (7, "item"), (8, "model_a"), (9, "item"),
        (10, "count"),
    ]  # fmt: skip
    assert "earlier upload" in told[4][2]
    assert "(line 1)" in told[5][2]
    assert len((await labels.list_labels(database, project, job.id)).items) == 1
    with pytest.raises(NotFound):
        await labels.add_labels(database, stranger, job.id, verdicts(row("q1"), human=True))


async def test_a_draft_has_no_pairs_to_label(database, vault, project):
    job = await draft(database, vault, project)
    with pytest.raises(Conflict, match="draft"):
        await labels.add_labels(database, project, job.id, verdicts(row("q1"), human=True))


async def test_samples_tell_apart_pairs_of_the_same_models(database, vault, project):
    pairs = [
        Pair(item("q1"), trace("base-7b", f"b{n}", sample=n), trace("tuned-7b", f"t{n}", sample=n)) for n in range(2)
    ]
    job = await started(database, vault, project, pairs=pairs)
    told = await refused(labels.add_labels(database, project, job.id, verdicts(row(), human=True)))
    assert told[0][:2] == (1, "sample_a")
    people = verdicts(row(sample_a=1, judge="a"), row(sample_b=0, judge="a"), human=True)
    assert (await labels.add_labels(database, project, job.id, people)).total == 2
