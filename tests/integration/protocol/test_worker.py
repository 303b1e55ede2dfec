"""One worker on its loop, against a real database and the stub judge's real server."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace

from app.domain.judge import Judge
from app.domain.judgment import Outcome
from app.domain.order import Order, Slot
from app.judging.httpx_engine import HttpxTransport
from app.judging.pool import JudgePool
from app.reports.sheet import Parameters
from app.services import look, verbs
from app.services.judge_shard import Bench, Slice, work_on
from app.services.judges import resume_judge
from app.services.pace import Pace
from app.services.publish import Publisher
from app.services.sweep import Sweeper
from app.services.worker import Worker, new_owner
from app.store import shards
from tests.integration.protocol.conftest import VAULT, until
from tests.stub_judge.handle import StubJudge

BRISK = Pace(lease=2.0, slice=1.0, flush=0.05, sweep=0.2, poll=0.1, drain=5.0, reconnect=0.3)
FIRST_SLOT = Slot(Order.AB, 0, 0)


@asynccontextmanager
async def worker(database, pace: Pace = BRISK) -> AsyncIterator[Worker]:
    """A worker at work, its bells unheard: everything here goes by polling."""
    pool = JudgePool(HttpxTransport(), max_in_flight=64)
    bench = Bench(database, pool, VAULT, pace, new_owner())

    def unheard(_: Sequence[int]) -> None: ...

    made = Worker(bench, Sweeper(database, pace), unheard)
    duties = asyncio.create_task(made.run())
    try:
        yield made
    finally:
        await made.drain()
        duties.cancel()
        await asyncio.gather(duties, return_exceptions=True)
        await pool.aclose()


def judge_at(stub: StubJudge, **more) -> Judge:
    return Judge("stub", (stub.url,), "stub-judge", max_in_flight=8, **more)


async def status(sql, column: str = "status") -> str:
    return (await sql.fetchrow("SELECT * FROM jobs"))[column]


async def ended(sql) -> bool:
    return (await status(sql)).startswith("completed")


async def test_a_job_is_judged_in_both_orders_and_completes(database, start_job, sql):
    with StubJudge.start(slots=8) as stub:
        await start_job(40, judge=judge_at(stub), ready=False)
        async with worker(database):
            await until(lambda: ended(sql))
        asked = [entry for entry in stub.ledger() if entry["first"] != entry["second"]]  # no canary
    assert await status(sql) == "completed"
    assert await sql.fetchval("SELECT count(*) FROM judgments WHERE outcome = 0") == 80
    orders = {(entry["pair"], entry["first"]) for entry in asked}
    assert len(orders) == 80, "each pair once in each order"
    assert await sql.fetchval("SELECT sum(judged) FROM shards") == 80
    assert await sql.fetchval("SELECT bool_and(lease_until IS NULL AND claims = 0) FROM shards")


async def test_a_wrong_key_costs_a_few_calls_and_pauses_the_judge_with_its_reason(database, start_job, sql):
    with StubJudge.start(slots=8, key="right") as stub:
        job = await start_job(40, judge=judge_at(stub), api_key="wrong", ready=False)
        async with worker(database):
            await until(lambda: paused(sql))
            await asyncio.sleep(1.0)
            assert len(stub.ledger()) <= 6
            assert (await status(sql, "status_reason")).startswith("judge_config: stub")
            assert await sql.fetchval("SELECT count(*) FROM judgments") == 0, "its units stay pending"
            await sql.execute("UPDATE judges SET secret = $1", VAULT.encrypt("right"))
            await resume_judge(database, job.project, "stub")
            await until(lambda: ended(sql))
    assert await status(sql) == "completed"


async def paused(sql) -> bool:
    return await status(sql) == "paused"


async def test_a_key_revoked_in_mid_work_pauses_the_judge_and_loses_nothing(database, start_job, sql):
    with StubJudge.start(slots=4, latency=0.02) as stub:
        await start_job(60, judge=judge_at(stub), ready=False)
        async with worker(database):
            await until(lambda: some_judged(sql))
            stub.script({"status": 401, "body": {"error": {"message": "revoked"}}})
            await until(lambda: paused(sql))
        assert await sql.fetchval("SELECT count(*) FROM judgments WHERE outcome <> 0") == 0
        refused = [entry for entry in stub.ledger() if entry["status"] == 401]
    assert len(refused) <= 8 + 6, "what was in flight, and a few more"


async def some_judged(sql) -> bool:
    return await sql.fetchval("SELECT count(*) FROM judgments") > 0


async def test_an_endpoint_that_is_down_makes_the_job_wait_and_heals(database, start_job, sql):
    with StubJudge.start(slots=8) as stub:
        port = int(stub.url.rsplit(":", 1)[1].split("/")[0])
        judge = judge_at(stub)
    job = await start_job(10, judge=judge, ready=False)
    async with worker(database):
        await until(lambda: judge_is(sql, "waiting"))
        seen = await look.get_job(database, job.project, job.id)
        assert seen.status == "running"
        assert any("stub" in warning and "waiting" in warning for warning in seen.warnings)
        with StubJudge.start(slots=8, port=port):
            await until(lambda: ended(sql))
    assert await sql.fetchval("SELECT count(*) FROM judgments WHERE outcome = 0") == 20


async def test_a_judge_that_hangs_holds_up_no_other(database, start_job, sql):
    with StubJudge.start(latency=60) as hanging, StubJudge.start(slots=8) as quick:
        await start_job(4, judge=replace(judge_at(hanging), name="hanging"), ready=False, project="first")
        await start_job(4, judge=judge_at(quick), ready=False, project="second")
        async with worker(database):
            await until(lambda: second_ended(sql), 10.0)
    assert await sql.fetchval("SELECT count(*) FROM judgments") == 8


async def second_ended(sql) -> bool:
    return (await sql.fetchval("SELECT max(status) FILTER (WHERE id = 2) FROM jobs")) == "completed"


async def judge_is(sql, wanted: str) -> bool:
    return await sql.fetchval("SELECT status FROM judges") == wanted


async def test_pause_stores_what_is_in_flight_and_resume_goes_on(database, start_job, sql):
    with StubJudge.start(slots=4, latency=0.1) as stub:
        job = await start_job(40, judge=judge_at(stub))
        async with worker(database):
            await until(lambda: some_judged(sql))
            await verbs.pause(database, job.project, job.id)
            await until(lambda: idle(sql), 10.0)
            calls = len(stub.ledger())
            assert await sql.fetchval("SELECT count(*) FROM judgments") == calls < 80
            await asyncio.sleep(0.5)
            assert len(stub.ledger()) == calls, "no call while paused"
            await verbs.resume(database, job.project, job.id)
            await until(lambda: ended(sql))
    assert await sql.fetchval("SELECT count(*) FROM judgments") == 80


async def idle(sql) -> bool:
    return await sql.fetchval("SELECT bool_and(lease_until IS NULL) FROM shards")


async def test_cancel_discards_what_is_in_flight_and_counts_it(database, start_job, sql):
    with StubJudge.start(slots=4, latency=0.1) as stub:
        job = await start_job(40, judge=judge_at(stub))
        async with worker(database):
            await until(lambda: some_judged(sql))
            await verbs.cancel(database, job.project, job.id)
            kept = await sql.fetchval("SELECT count(*) FROM judgments")
            await asyncio.sleep(1.0)
            assert await sql.fetchval("SELECT count(*) FROM judgments") == kept
    row = await sql.fetchrow("SELECT sum(judged) AS judged, sum(cancelled) AS cancelled FROM shards")
    assert (row["judged"], row["cancelled"]) == (kept, 80 - kept)
    losses = (await Publisher(database).report(job.project, job.id, Parameters())).results.losses
    assert [(line.kind, line.units) for line in losses.lost] == [("cancelled", 80 - kept)]
    assert losses.missing_pairs["pending"] == losses.missing_pairs["lost"] == 0


async def test_a_unit_that_kills_workers_fails_as_poison_and_the_others_are_judged(database, start_job, sql):
    with StubJudge.start(slots=8) as stub:
        await start_job(4, judge=judge_at(stub), shard_units=8)
        for _ in range(3):  # three workers die on the same unit
            async with database.transaction() as tx:
                claim = await shards.claim(tx, "dead", lease=0.0, alone=True, salt=0)
                await shards.name_unit(tx, claim, 2, FIRST_SLOT)
        async with worker(database):
            await until(lambda: ended(sql))
    assert await status(sql) == "completed_with_failures"
    rows = await sql.fetch("SELECT seq, presented FROM judgments WHERE outcome = $1", int(Outcome.POISON))
    assert [tuple(row) for row in rows] == [(2, 0)]
    assert await sql.fetchval("SELECT count(*) FROM judgments WHERE outcome = 0") == 7


async def test_a_drained_worker_gives_its_shards_back_at_once(database, start_job, sql):
    with StubJudge.start(slots=4, latency=0.1) as stub:
        await start_job(40, judge=judge_at(stub))
        async with worker(database, replace(BRISK, slice=30.0, lease=30.0)):
            await until(lambda: some_judged(sql))
        assert await idle(sql), "leases were left behind"
        assert await sql.fetchval("SELECT count(*) FROM judgments") == len(stub.ledger())


async def test_a_spent_budget_pauses_the_job(database, start_job, sql):
    with StubJudge.start(slots=4, latency=0.05) as stub:
        await start_job(60, judge=judge_at(stub))
        await sql.execute("UPDATE jobs SET spec = jsonb_set(spec, '{budget}', '{\"max_calls\": 20}')")
        async with worker(database):
            await until(lambda: paused(sql))
    assert (await status(sql, "status_reason")).startswith("budget: 20")


async def test_a_worker_that_lost_its_lease_writes_nothing_late(database, start_job, sql):
    """A worker without heartbeats goes on working on a shard that another one has taken over."""
    pace = replace(BRISK, slice=10.0)
    with StubJudge.start(slots=16, latency=0.3) as stub:
        await start_job(16, judge=judge_at(stub), shard_units=32)
        pool = JudgePool(HttpxTransport(), max_in_flight=64)
        slow = Bench(database, pool, VAULT, pace, "slow")
        async with database.transaction() as tx:
            claim = await shards.claim(tx, "slow", lease=0.0, alone=True, salt=0)
        late = asyncio.create_task(work_on(slow, Slice(claim)))
        await asyncio.sleep(0.1)
        async with worker(database):
            await until(lambda: ended(sql))
        await late
        await pool.aclose()
    assert await sql.fetchval("SELECT sum(fenced_writes) FROM shards") >= 1
    assert await sql.fetchval("SELECT count(*) FROM judgments") == 32
