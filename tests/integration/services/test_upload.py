"""Uploads on real PostgreSQL: all or nothing, exact about conflicts, safe beside each other."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest
from sqlalchemy import text

from app.domain.errors import Conflict, Invalid, NotFound, Unavailable
from app.domain.trace import Image, Pair
from app.services import look, submit, verbs
from app.services.submit import StagedPair
from app.store import promotion, uploads
from tests.integration.services.samples import (
    count_rows,
    draft,
    item,
    lines,
    number_of,
    pair,
    started,
    trace,
    upload,
)


async def count(database, table: str, job: str) -> int:
    return await count_rows(database, table, job_id=await number_of(database, job))


async def refusal(database, project, job, pairs) -> Invalid:
    with pytest.raises(Invalid) as caught:
        await upload(database, project, job, pairs)
    return caught.value


async def test_what_is_sent_is_stored(database, vault, project):
    job = await draft(database, vault, project)
    one = pair("q1", options={"B": "no", "A": "yes"}, tags={"modality": "MR"}, cluster="article-9")
    shared = Pair(one.item, one.a, trace("third", "Names base-7b: as Base-7B said", "C"))
    accepted = await upload(database, project, job.id, [one, shared, pair("q2")])
    assert (accepted.pairs, accepted.items, accepted.traces, accepted.identical_traces) == (3, 2, 5, 0)
    async with database.transaction() as tx:
        rows = (await tx.execute(text(
            """
            SELECT i.name, i.question, i.options::text, i.answer, i.tags, i.cluster, i.images_state, i.fingerprint,
              t.model, t.text, t.length, t.answer AS said, t.correct, t.leak, t.fingerprint AS trace_fingerprint
            FROM items i JOIN traces t ON t.item_id = i.id JOIN jobs j ON j.id = i.job_id
            WHERE j.public_id = CAST(:id AS uuid) ORDER BY i.name, t.model
            """
        ), {"id": job.id})).mappings().all()  # fmt: skip
    first = rows[0]
    assert [row["model"] for row in rows] == ["base-7b", "third", "tuned-7b", "base-7b", "tuned-7b"]
    assert first["options"].replace(" ", "") == '{"B":"no","A":"yes"}'  # in the order they were sent
    assert (first["name"], first["answer"], first["tags"], first["cluster"]) == (
        "q1",
        "C",
        {"modality": "MR"},
        "article-9",
    )
    assert (first["text"], first["length"], first["said"], first["correct"]) == ("q1: D", 5, "D", False)
    assert first["fingerprint"] == one.item.fingerprint()
    assert first["trace_fingerprint"] == one.a.fingerprint()
    assert [row["leak"] for row in rows] == [False, True, False, False, False]
    assert first["images_state"] == "ready"
    assert await count_rows(database, "staged_pairs") == 0


async def test_the_job_says_what_is_odd_about_its_pairs(database, vault, project):
    job = await draft(database, vault, project)
    same = Pair(item("q1"), trace("base-7b", "equal"), trace("tuned-7b", "equal"))
    leak = Pair(item("q2"), trace("base-7b", "I am base-7b"), trace("tuned-7b", "other"))
    accepted = await upload(database, project, job.id, [same, leak])
    assert accepted.identical_traces == 1
    seen = await look.get_job(database, project, job.id)
    assert seen.progress.pairs == 2
    assert [warning.split()[0] for warning in seen.warnings] == ["1", "1"]
    assert "same text" in seen.warnings[0]
    assert "name a model" in seen.warnings[1]


@pytest.mark.parametrize(
    "wrong",
    [
        (replace(pair("q1"), item=item("q1", question="Another?")), "item", "other content"),
        (replace(pair("q1"), a=trace("base-7b", "another text")), "a", "other content"),
        (replace(pair("q1"), b=trace("tuned-7b", "another text")), "b", "other content"),
        (pair("q1"), "", "a pair already"),
        (Pair(item("q1"), pair("q1").b, pair("q1").a), "", "a pair already"),
    ],
)
@pytest.mark.parametrize("apart", [False, True], ids=["one upload", "two uploads"])
async def test_what_contradicts_is_refused_by_line(database, vault, project, wrong, apart):
    second, field, words = wrong
    job = await draft(database, vault, project)
    if apart:
        await upload(database, project, job.id, [pair("q0"), pair("q1")])
        refused = await refusal(database, project, job.id, [pair("q8"), pair("q9"), second])
    else:
        refused = await refusal(database, project, job.id, [pair("q0"), pair("q1"), second])
    problems = {(problem.line, problem.field) for problem in refused.problems}
    assert (3, field) in problems
    assert {line for line, _ in problems} == {3}
    assert any(words in problem.reason for problem in refused.problems if problem.field == field)
    assert await count(database, "pairs", job.id) == (2 if apart else 0)
    assert await count(database, "traces", job.id) == (4 if apart else 0)
    assert await count(database, "items", job.id) == (2 if apart else 0)
    assert await count_rows(database, "staged_pairs") == 0


async def test_a_trace_never_meets_itself(database, vault, project):
    job = await draft(database, vault, project)
    refused = await refusal(database, project, job.id, [pair("q1"), Pair(item("q2"), trace(), trace())])
    assert [(problem.line, problem.reason) for problem in refused.problems] == [
        (2, "both sides are the same trace (same model and sample)")
    ]


async def test_two_samples_of_one_model_may_meet(database, vault, project):
    job = await draft(database, vault, project)
    both = Pair(item(), trace(sample=0), trace(sample=1))
    assert (await upload(database, project, job.id, [both])).identical_traces == 1


async def test_only_the_first_hundred_problems_are_told_and_all_counted(database, vault, project):
    job = await draft(database, vault, project)
    await upload(database, project, job.id, [pair(f"q{number}") for number in range(150)])
    refused = await refusal(database, project, job.id, [pair(f"q{number}") for number in range(150)])
    assert (len(refused.problems), refused.problem_count) == (100, 150)


async def test_a_picture_nobody_uploaded_is_refused_by_line(database, vault, project):
    job = await draft(database, vault, project)
    unknown = pair("q2", images=(Image(sha256="ab" * 32),))
    refused = await refusal(database, project, job.id, [pair("q1"), unknown])
    assert [(problem.line, problem.field) for problem in refused.problems] == [(2, "item.images")]


async def test_an_upload_left_half_way_stores_nothing(database, vault, project):
    job = await draft(database, vault, project)
    one = await submit.begin_upload(database, project, job.id)
    await one.stage(lines([pair("q1")]))
    await one.__aexit__(ConnectionError, ConnectionError("the client went away"), None)
    assert await count(database, "pairs", job.id) == 0
    assert await count_rows(database, "staged_pairs") == 0


async def test_a_killed_upload_stores_nothing_and_is_swept(database, vault, project):
    job = await draft(database, vault, project)
    one = await submit.begin_upload(database, project, job.id)
    await one.stage(lines([pair("q1")]))
    del one  # the process died: nobody abandons it
    async with database.transaction() as tx:
        assert await uploads.sweep_uploads(tx, ttl=3600) == 0
    assert await count_rows(database, "staged_pairs") == 1
    async with database.transaction() as tx:
        assert await uploads.sweep_uploads(tx, ttl=0) == 1
    assert await count_rows(database, "staged_pairs") == 0
    assert await count(database, "items", job.id) == 0


async def test_a_failed_chunk_leaves_no_part_of_itself(database, vault, project):
    """COPY runs inside the transaction: a chunk that is refused half-way leaves nothing staged."""
    job = await draft(database, vault, project)
    one = await submit.begin_upload(database, project, job.id)
    with pytest.raises(Exception, match="duplicate key"):
        await one.stage([StagedPair(1, pair("q1")), StagedPair(2, pair("q2")), StagedPair(1, pair("q3"))])
    assert await count_rows(database, "staged_pairs") == 0
    await one.abandon()


async def test_a_swept_upload_says_so(database, vault, project):
    job = await draft(database, vault, project)
    async with await submit.begin_upload(database, project, job.id) as one:
        await one.stage(lines([pair("q1")]))
        async with database.transaction() as tx:
            await uploads.sweep_uploads(tx, ttl=0)
        with pytest.raises(NotFound, match="send it again"):
            await one.stage([StagedPair(2, pair("q2"))])


async def test_staged_rows_lost_in_a_crash_are_noticed(database, vault, project):
    job = await draft(database, vault, project)
    async with await submit.begin_upload(database, project, job.id) as one:
        await one.stage(lines([pair("q1"), pair("q2")]))
        async with database.transaction() as tx:
            await tx.execute(text("DELETE FROM staged_pairs WHERE line = 2"))  # what a crash does to unlogged rows
        with pytest.raises(Unavailable, match="send it again"):
            await one.promote()
    assert await count(database, "pairs", job.id) == 0


async def test_two_uploads_with_the_same_items_in_reverse_order_both_arrive(database, vault, project):
    job = await draft(database, vault, project)
    items = [item(f"q{number}") for number in range(400)]

    def pairs_with(model: str, order: int) -> list[Pair]:
        return [Pair(one, trace("base-7b"), trace(model)) for one in items[::order]]

    accepted = await asyncio.gather(
        upload(database, project, job.id, pairs_with("tuned-1", 1)),
        upload(database, project, job.id, pairs_with("tuned-2", -1)),
        upload(database, project, job.id, pairs_with("tuned-3", 1)),
        upload(database, project, job.id, pairs_with("tuned-4", -1)),
    )
    assert sum(one.pairs for one in accepted) == 1600
    assert sum(one.items for one in accepted) == 400
    assert sum(one.traces for one in accepted) == 400 * 5
    assert (await look.get_job(database, project, job.id)).progress.pairs == 1600


async def test_uploads_go_into_drafts_of_ones_own_only(database, vault, project, stranger):
    job = await started(database, vault, project)
    with pytest.raises(Conflict, match="'upload' does not fit"):
        await submit.begin_upload(database, project, job.id)
    with pytest.raises(NotFound):
        await submit.begin_upload(database, stranger, job.id)


async def test_a_job_started_meanwhile_takes_no_more_pairs(database, vault, project):
    job = await draft(database, vault, project)
    await upload(database, project, job.id, [pair("q1")])
    async with await submit.begin_upload(database, project, job.id) as late:
        await late.stage(lines([pair("q2")]))
        await submit.start(database, project, job.id)
        with pytest.raises(Conflict, match="running"):
            await late.promote()
    assert await count(database, "pairs", job.id) == 1
    await verbs.cancel(database, project, job.id)


async def test_a_large_upload_is_moved_range_by_range(database, vault, project, monkeypatch):
    monkeypatch.setattr(promotion, "RANGE", 7)
    job = await draft(database, vault, project)
    pairs = [pair(f"q{number // 2}") for number in range(0, 40, 2)]
    again = [StagedPair(100 + number, one) for number, one in enumerate(pairs)]  # with a gap in the lines
    async with await submit.begin_upload(database, project, job.id) as one:
        await one.stage(again)
        accepted = await one.promote()
    assert (accepted.pairs, accepted.items, accepted.traces) == (20, 20, 40)
    refused = await refusal(database, project, job.id, [pair(f"x{number}") for number in range(20)] + [pair("q3")])
    assert [problem.line for problem in refused.problems] == [21]
    assert await count(database, "pairs", job.id) == 20
