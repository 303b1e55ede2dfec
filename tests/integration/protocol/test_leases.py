from __future__ import annotations

from dataclasses import replace

import pytest

from app.domain.judgment import AxisPick, Judgment, Outcome, Pick, Usage
from app.domain.order import Order, Plan, Slot
from app.rubrics import load
from app.store import shards
from app.store.judgments import done_slots, flush
from app.store.shards import Claim

AXES = load("reasoning-trace").axis_names
PLAN = Plan((Order.AB, Order.BA), 1, (AXES,))


def judged(seq: int, order: Order = Order.AB, pick: Pick = Pick.FIRST, **more) -> Judgment:
    picks = {axis: AxisPick(pick, reason="because") for axis in AXES}
    usage = Usage(100, 20, 60)
    return Judgment(seq, Slot(order, 0, 0), Outcome.JUDGED, picks, raw=b"{}", prompt_hash=b"h", usage=usage, **more)


async def claim(database, owner="one", *, lease=30.0, alone=True) -> Claim | None:
    async with database.transaction() as tx:
        return await shards.claim(tx, owner, lease=lease, alone=alone, salt=1)


async def test_a_leased_shard_is_not_claimed_again(database, start_job):
    await start_job(4)
    assert await claim(database) is not None
    assert await claim(database, "two") is None


async def test_an_expired_lease_is_claimed_with_a_higher_fence(database, start_job):
    await start_job(4)
    first = await claim(database, lease=0.0)
    second = await claim(database, "two")
    assert first is not None
    assert second is not None
    assert (second.shard, second.fence) == (first.shard, first.fence + 1)


async def test_a_write_under_an_old_fence_is_refused_and_counted(database, start_job, sql):
    await start_job(4)
    old = await claim(database, lease=0.0)
    new = await claim(database, "two")
    refused = await flush(database, old, PLAN, [judged(0), judged(1)])
    assert (refused.inserted, refused.fenced) == (0, True)
    assert await sql.fetchval("SELECT count(*) FROM judgments") == 0
    assert await sql.fetchval("SELECT fenced_writes FROM shards") == 2
    stored = await flush(database, new, PLAN, [judged(0)])
    assert (stored.inserted, stored.fenced) == (1, False)


async def test_delivering_units_twice_equals_once(database, start_job, sql):
    await start_job(4)
    mine = await claim(database)
    batch = [judged(0), judged(0, Order.BA), judged(1)]
    await flush(database, mine, PLAN, batch)
    again = await flush(database, mine, PLAN, [*batch, judged(2)])
    assert again.inserted == 1
    row = await sql.fetchrow("SELECT judged, calls, prompt_tokens, cached_tokens FROM shards")
    assert tuple(row) == (4, 4, 400, 240)
    assert await sql.fetchval("SELECT count(*) FROM replies") == 4


async def test_what_is_owed_is_the_plan_minus_the_rows(database, start_job):
    await start_job(4)
    mine = await claim(database)
    await flush(database, mine, PLAN, [judged(0), judged(0, Order.BA), judged(3, Order.BA)])
    async with database.transaction() as tx:
        done = await done_slots(tx, mine)
    assert done == {0: {Slot(Order.AB, 0, 0), Slot(Order.BA, 0, 0)}, 3: {Slot(Order.BA, 0, 0)}}


async def test_a_heartbeat_keeps_the_lease_and_brings_news(database, start_job, sql):
    await start_job(4)
    mine = await claim(database, lease=0.05)
    await sql.execute("UPDATE jobs SET status = 'paused'")
    async with database.transaction() as tx:
        held = await shards.heartbeat(tx, [mine, replace(mine, fence=mine.fence + 7)], lease=30.0)
    assert [(one.key, one.job_status) for one in held] == [(mine.key, "paused")]
    assert await sql.fetchval("SELECT lease_until > clock_timestamp() + interval '20 s' FROM shards")


async def test_a_heartbeat_that_comes_after_the_release_leases_nothing(database, start_job):
    await start_job(4)
    mine = await claim(database)
    async with database.transaction() as tx:
        await shards.release(tx, mine)
    async with database.transaction() as tx:
        assert await shards.heartbeat(tx, [mine], lease=30.0) == []
    assert await claim(database, "two") is not None


async def test_a_shard_that_was_lost_and_claimed_anew_is_two_claims_to_a_heartbeat(database, start_job):
    """So that the worker, which may still be at work under the old fence, drops that one and keeps the other."""
    await start_job(4)
    old = await claim(database, lease=0.0)
    new = await claim(database)
    async with database.transaction() as tx:
        held = await shards.heartbeat(tx, [old, new], lease=30.0)
    assert [one.key for one in held] == [new.key]


async def test_a_released_shard_waits_as_long_as_it_was_told(database, start_job, sql):
    await start_job(4)
    mine = await claim(database)
    async with database.transaction() as tx:
        assert await shards.release(tx, mine, not_before=60.0)
    assert await claim(database) is None
    await sql.execute("UPDATE shards SET not_before = clock_timestamp()")
    again = await claim(database)
    assert again is not None
    async with database.transaction() as tx:
        assert not await shards.release(tx, mine), "an old fence must not release a new claim"


async def test_deaths_with_nothing_committed_make_a_shard_suspect(database, start_job):
    await start_job(4)
    for _ in range(2):
        found = await claim(database, lease=0.0)
        assert found is not None
        assert not found.suspect
    assert await claim(database, alone=False) is None, "a suspect is for a worker that runs nothing else"
    third = await claim(database, lease=0.0)
    assert third is not None
    assert third.suspect


async def test_deaths_after_a_commit_do_not_count(database, start_job):
    await start_job(4)
    for seq in range(4):
        mine = await claim(database, lease=0.0)
        assert mine is not None
        assert not mine.suspect
        await flush(database, mine, PLAN, [judged(seq)])


async def test_naming_a_unit_again_counts_its_deaths(database, start_job, sql):
    await start_job(4)
    slot, other = Slot(Order.BA, 0, 0), Slot(Order.AB, 0, 0)
    for _ in range(3):
        mine = await claim(database, lease=0.0)
        async with database.transaction() as tx:
            assert await shards.name_unit(tx, mine, 2, slot)
    mine = await claim(database)
    assert (mine.named.seq, mine.named.slot, mine.named.deaths) == (2, slot, 3)
    async with database.transaction() as tx:
        await shards.name_unit(tx, mine, 2, other)
    assert await sql.fetchval("SELECT named_deaths FROM shards") == 1


@pytest.mark.parametrize("bad", [{"calls": 99_999}, {"latency_ms": 1e300}])
async def test_a_row_that_cannot_be_stored_abstains_and_the_others_are_kept(database, start_job, sql, bad):
    await start_job(4)
    mine = await claim(database)
    stored = await flush(database, mine, PLAN, [judged(0), judged(1, **bad), judged(2), judged(3)])
    assert stored.inserted == 4
    rows = await sql.fetch("SELECT seq, outcome FROM judgments ORDER BY seq")
    assert [tuple(row) for row in rows] == [(0, 0), (1, int(Outcome.UNSTORABLE)), (2, 0), (3, 0)]
    assert tuple(await sql.fetchrow("SELECT judged, abstained FROM shards")) == (3, 1)


async def test_text_that_postgresql_cannot_hold_is_cleaned_and_the_raw_reply_kept(database, start_job, sql):
    await start_job(4)
    mine = await claim(database)
    hostile = replace(judged(0), picks={AXES[0]: AxisPick(Pick.TIE, reason="a\x00b\ud800c")}, raw=b"a\x00b")
    await flush(database, mine, PLAN, [hostile])
    row = await sql.fetchrow("SELECT reasons, raw FROM replies")
    assert row["raw"] == b"a\x00b"
    assert "ab?c" in row["reasons"]


async def test_tenants_take_turns(database, start_job):
    """A long queue of one project does not make another one wait: about every other claim is its own."""
    await start_job(64, project="long")
    await start_job(64, project="short")
    claims = []
    for salt in range(16):
        async with database.transaction() as tx:
            claims.append(await shards.claim(tx, "one", lease=30.0, alone=True, salt=salt))
    jobs = [found.job for found in claims if found]
    assert 3 <= jobs.count(1) <= 13, jobs


async def test_bells_are_rung_once_and_again_when_nobody_came(database, start_job, sql):
    await start_job(16)  # 32 units: four shards of eight
    async with database.transaction() as tx:
        assert len(await shards.to_ring(tx, limit=3, again_after=5.0)) == 3
    async with database.transaction() as tx:
        assert await shards.to_ring(tx, limit=3, again_after=5.0) == [], "three bells hang in the air already"
    await sql.execute("UPDATE shards SET rung_at = rung_at - interval '6 s'")
    async with database.transaction() as tx:
        assert len(await shards.to_ring(tx, limit=3, again_after=5.0)) == 3
