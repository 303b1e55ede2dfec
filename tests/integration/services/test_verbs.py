"""Verbs on a job at work: the counters always add up, and no lost worker can undo a verb."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from app.domain.errors import Conflict, Invalid, NotFound
from app.domain.job import JobStatus
from app.domain.judgment import Outcome, Pick
from app.domain.order import Order
from app.domain.plan import plan_of
from app.domain.trace import Image
from app.services import look, submit, verbs
from app.store import audit
from app.store.judgments import flush
from tests.integration.services.judging import (
    always,
    claim_all,
    documents,
    finish,
    judge,
    judgment,
    prefers_a,
    shards,
)
from tests.integration.services.samples import JUDGE, ODDS_JUDGE, count_rows, draft, number_of, pair, started, upload

TABLES = ("items", "traces", "pairs", "shards", "judgments", "replies", "judgments_superseded", "job_judges", "uploads")


async def rows_of(database, job: int) -> dict[str, int]:
    return {table: await count_rows(database, table, job_id=job) for table in TABLES}


def adds_up(progress) -> bool:
    total = progress.done + progress.abstained + progress.failed + progress.cancelled + progress.pending
    return progress.units == total


def mixed(judge_no, seq, slot):
    """Judged, abstained, failed and owed units side by side."""
    if slot.order is Order.BA:
        return prefers_a(judge_no, seq, slot)
    return [Pick.FIRST, Outcome.REFUSAL, Outcome.ENDPOINT_ERROR, None, Outcome.POISON][seq % 5]


async def test_pause_and_resume(database, vault, project):
    job = await started(database, vault, project)
    paused = await verbs.pause(database, project, job.id)
    assert (paused.status, paused.status_reason) == (JobStatus.PAUSED, "user")
    resumed = await verbs.resume(database, project, job.id)
    assert (resumed.status, resumed.status_reason) == (JobStatus.RUNNING, None)


async def test_resume_after_a_judge_fault_has_the_judge_looked_at_again(database, vault, project):
    job = await started(database, vault, project, JUDGE, ODDS_JUDGE)
    async with database.transaction() as tx:
        await tx.execute(
            text("UPDATE judges SET status = 'paused', status_reason = '401' WHERE project_id = :p AND name = 'stub'"),
            {"p": project},
        )
        await tx.execute(
            text("UPDATE judges SET status = 'ready' WHERE project_id = :p AND name = 'odds'"), {"p": project}
        )
        await tx.execute(
            text("UPDATE jobs SET status = 'paused', status_reason = 'judge_config: stub: 401' WHERE project_id = :p"),
            {"p": project},
        )
    assert (await look.get_job(database, project, job.id)).warnings == ("judge stub is paused: 401",)
    assert (await verbs.resume(database, project, job.id)).warnings == ()
    async with database.transaction() as tx:
        found = await tx.execute(
            text("SELECT name, status FROM judges WHERE project_id = :p ORDER BY name"), {"p": project}
        )
        assert [tuple(row) for row in found] == [("odds", "ready"), ("stub", "unverified")]


async def test_progress_adds_up_while_judging(database, vault, project):
    job = await started(database, vault, project)
    assert await judge(database, job.id, mixed) == 18
    seen = await look.get_job(database, project, job.id)
    assert adds_up(seen.progress)
    assert (seen.progress.done, seen.progress.abstained, seen.progress.failed) == (12, 2, 4)
    assert (seen.progress.cancelled, seen.progress.pending, seen.progress.units) == (0, 2, 20)
    assert seen.usage.calls == 18
    assert (seen.usage.prompt_tokens, seen.usage.completion_tokens, seen.usage.cached_tokens) == (1200, 240, 720)
    assert seen.eta_seconds is not None
    assert seen.eta_seconds > 0


async def test_cancel_counts_what_was_owed_and_shuts_workers_out(database, vault, project):
    job = await started(database, vault, project)
    await judge(database, job.id, mixed)
    claim = (await claim_all(database, job.id))[0]
    cancelled = await verbs.cancel(database, project, job.id)
    assert (cancelled.status, cancelled.progress.cancelled, cancelled.progress.pending) == (JobStatus.CANCELLED, 2, 0)
    assert adds_up(cancelled.progress)
    assert cancelled.finished_at is not None
    spec, frozen = await documents(database, claim)
    plan = plan_of(spec, frozen)
    late = [judgment(3, slot, plan.groups[0], Pick.FIRST) for slot in plan.slots()]
    assert (await flush(database, claim, plan, late)).fenced
    seen = await look.get_job(database, project, job.id)
    assert (seen.progress, seen.fenced_writes) == (cancelled.progress, 2)


async def test_cancel_before_and_while_preparing(database, vault, project):
    job = await draft(database, vault, project)
    assert (await verbs.cancel(database, project, job.id)).status is JobStatus.CANCELLED
    url = (Image(url="https://example.org/a.png"),)
    preparing = await started(database, vault, project, pairs=[pair("q1", images=url)])
    assert (await verbs.cancel(database, project, preparing.id)).progress.cancelled == 2


@pytest.mark.parametrize(
    ("what", "left"),
    [({"failed"}, (12, 2, 0)), ({"abstained"}, (12, 0, 4)), ({"failed", "abstained"}, (12, 0, 0))],
)
async def test_retry_owes_those_units_again(database, vault, project, what, left):
    job = await started(database, vault, project)
    await judge(database, job.id, mixed)
    await judge(database, job.id, always(Pick.TIE))  # the two that were left
    await finish(database, job.id, "completed_with_failures")
    before = await shards(database, job.id)
    again = await verbs.retry(database, project, job.id, what)
    done, abstained, failed = left
    assert (again.status, again.finished_at) == (JobStatus.RUNNING, None)
    assert adds_up(again.progress)
    assert (again.progress.done, again.progress.abstained, again.progress.failed) == (done + 2, abstained, failed)
    assert again.progress.pending == 6 - abstained - failed
    rows = await rows_of(database, await number_of(database, job.id))
    assert rows["judgments_superseded"] == 6 - abstained - failed
    assert rows["judgments"] == rows["replies"] == 20 - rows["judgments_superseded"]
    after = await shards(database, job.id)
    assert all(two["fence"] == one["fence"] + 1 and two["claims"] == 0 for one, two in zip(before, after, strict=True))
    assert all(shard["lease_until"] is None for shard in after)
    assert again.usage.calls == 20  # what was spent stays spent


async def test_retry_counts_in_the_right_shards(database, vault, project):
    job = await draft(database, vault, project, JUDGE, ODDS_JUDGE)
    await upload(database, project, job.id, [pair(f"q{number}") for number in range(10)])
    await submit.start(database, project, job.id, shard_units=6)

    def one_fails(judge_no, seq, slot):
        return Outcome.ENDPOINT_ERROR if (judge_no, seq, slot.order) == (1, 7, Order.BA) else Pick.FIRST

    await judge(database, job.id, one_fails)
    await finish(database, job.id, "completed_with_failures")
    await verbs.retry(database, project, job.id, {"failed"})
    opened = [shard for shard in await shards(database, job.id) if shard["is_open"]]
    assert [(shard["judge_no"], shard["first_seq"] <= 7 < shard["end_seq"]) for shard in opened] == [(1, True)]
    assert all(shard["failed"] == 0 for shard in await shards(database, job.id))


async def test_retries_are_kept_apart_by_generation(database, vault, project):
    job = await started(database, vault, project)
    for expected in (1, 2):
        await judge(database, job.id, always(Outcome.ENDPOINT_ERROR))
        await finish(database, job.id, "completed_with_failures")
        await verbs.retry(database, project, job.id, {"failed"})
        async with database.transaction() as tx:
            found = await tx.execute(text("SELECT max(generation) FROM judgments_superseded"))
            assert found.scalar_one() == expected
    assert (await rows_of(database, await number_of(database, job.id)))["judgments_superseded"] == 40


async def test_a_retry_of_nothing_is_refused(database, vault, project):
    job = await started(database, vault, project)
    await judge(database, job.id)
    await finish(database, job.id)
    with pytest.raises(Conflict, match="no unit of the job has failed"):
        await verbs.retry(database, project, job.id, {"failed"})
    with pytest.raises(Invalid):
        await verbs.retry(database, project, job.id, {"judged"})
    assert (await look.get_job(database, project, job.id)).status is JobStatus.COMPLETED


async def test_a_retry_fetches_lost_pictures_again(database, vault, project):
    url = (Image(url="https://example.org/a.png"),)
    job = await started(database, vault, project, pairs=[pair("q1", images=url), pair("q2")])
    async with database.transaction() as tx:
        await tx.execute(text("UPDATE items SET images_state = 'failed' WHERE images_state = 'pending'"))
    await judge(database, job.id, always(Outcome.IMAGE_UNAVAILABLE))
    await finish(database, job.id, "completed_with_failures")
    assert "1 of the items have an image" in (await look.get_job(database, project, job.id)).warnings[0]
    again = await verbs.retry(database, project, job.id, {"failed"})
    assert (again.status, again.warnings) == (JobStatus.PREPARING, ())


async def test_delete_leaves_nothing_but_the_audit_trail(database, vault, project):
    kept = await started(database, vault, project)
    await judge(database, kept.id, mixed)
    job = await started(database, vault, project)
    await judge(database, job.id, always(Outcome.REFUSAL))
    await finish(database, job.id)
    await verbs.retry(database, project, job.id, {"abstained"})
    await judge(database, job.id)
    await finish(database, job.id)
    before = await rows_of(database, await number_of(database, kept.id))
    number = await number_of(database, job.id)
    await verbs.delete(database, project, job.id, actor="somebody")
    with pytest.raises(NotFound):
        await look.get_job(database, project, job.id)
    assert await rows_of(database, await number_of(database, kept.id)) == before
    assert set((await rows_of(database, number)).values()) == {0}
    async with database.transaction() as tx:
        last = (await audit.trail(tx, project))[-1]
    assert (last.actor, last.verb, last.object) == ("somebody", "delete", f"job {job.id}")


async def test_a_delete_that_died_can_be_finished(database, vault, project, monkeypatch):
    job = await started(database, vault, project)
    await judge(database, job.id)
    await finish(database, job.id)

    async def dies(tx, job):
        raise RuntimeError("killed")

    with monkeypatch.context() as patched:
        patched.setattr("app.store.reopening.delete_job", dies)
        with pytest.raises(RuntimeError):
            await verbs.delete(database, project, job.id)
    half = await look.get_job(database, project, job.id)
    assert (half.status, half.status_reason) == (JobStatus.CANCELLED, verbs.DELETING)
    await verbs.delete(database, project, job.id)
    with pytest.raises(NotFound):
        await look.get_job(database, project, job.id)


async def test_verbs_that_do_not_fit_name_the_status(database, vault, project, stranger):
    job = await started(database, vault, project)
    for verb in (verbs.resume, verbs.delete):
        with pytest.raises(Conflict, match="the job is running"):
            await verb(database, project, job.id)
    with pytest.raises(Conflict, match="the job is running"):
        await verbs.retry(database, project, job.id, {"failed"})
    for verb in (verbs.pause, verbs.resume, verbs.cancel, verbs.delete):
        with pytest.raises(NotFound):
            await verb(database, stranger, job.id)
    assert (await look.get_job(database, project, job.id)).status is JobStatus.RUNNING


async def test_every_verb_is_written_down(database, vault, project):
    job = await started(database, vault, project)
    await verbs.pause(database, project, job.id, actor="ann")
    await verbs.resume(database, project, job.id, actor="ben")
    await verbs.cancel(database, project, job.id, actor="cas")
    async with database.transaction() as tx:
        trail = [
            (entry.actor, entry.verb) for entry in await audit.trail(tx, project) if entry.object == f"job {job.id}"
        ]
    assert trail == [("system", "create"), ("system", "start"), ("ann", "pause"), ("ben", "resume"), ("cas", "cancel")]
