"""A worker tells how its judges fare; what dead workers told does not count."""

from __future__ import annotations

from app.domain.judge import Breaker
from app.services.dashboard import ALIVE_SECONDS
from app.store import lanes, workers
from app.store.lanes import Lane
from tests.integration.protocol.conftest import until
from tests.integration.protocol.test_worker import ended, judge_at, worker
from tests.stub_judge.handle import StubJudge


async def test_a_worker_tells_of_the_replicas_it_calls(database, start_job, sql):
    async def told() -> bool:
        return await sql.fetchval("SELECT coalesce(sum(answered), 0) FROM lanes") == 40

    with StubJudge.start(slots=8) as stub:
        job = await start_job(20, judge=judge_at(stub))
        async with worker(database):
            await until(lambda: ended(sql))
            await until(told)
    async with database.transaction() as tx:
        (lane,) = await lanes.lanes_of(tx, job.project, within=ALIVE_SECONDS)
    assert (lane.url, lane.breaker, lane.reason) == (stub.url, Breaker.CLOSED, None)
    assert lane.slots >= 1
    assert lane.latency_ms is not None
    assert lane.latency_ms > 0


async def test_only_live_workers_and_judges_that_exist_count(database, start_job, sql):
    job = await start_job(2)
    judge = await sql.fetchval("SELECT id FROM judges")
    told = [
        Lane(judge, "http://a/v1", Breaker.OPEN, "no answer", 2.5, 1, 7, 12.5),
        Lane(judge + 1_000, "http://b/v1", Breaker.CLOSED, None, 4.0, 0, 0, None),
    ]
    async with database.transaction() as tx:
        await lanes.tell(tx, "unknown", told)
        await workers.seen(tx, "dead", slices=0)
        await workers.seen(tx, "alive", slices=0)
        await lanes.tell(tx, "dead", told)
        await lanes.tell(tx, "alive", told)
        await lanes.tell(tx, "alive", told)
    await sql.execute("UPDATE workers SET seen_at = now() - interval '31 s' WHERE owner = 'dead'")
    async with database.transaction() as tx:
        assert await lanes.lanes_of(tx, job.project, within=ALIVE_SECONDS) == told[:1]
        assert await lanes.lanes_of(tx, job.project + 1, within=ALIVE_SECONDS) == []
        await workers.forget_dead(tx, after=30)
    assert await sql.fetchval("SELECT count(*) FROM lanes") == 1
