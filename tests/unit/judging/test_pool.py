"""Places, replicas and memory: who may call, where to, and with how much in flight."""

from __future__ import annotations

import asyncio

import pytest

from app.domain.judge import Breaker, Judge
from app.judging.pool import FAULTS_TO_REST, JudgePool, Lane
from app.judging.transport import TransportFault
from tests.unit.judging.scripted import ScriptedTransport, completion, verdicts

URLS = ("http://a/v1", "http://b/v1", "http://c/v1")


def lane(urls=URLS, **fields):
    return Lane(Judge("j", urls, "m", **{"max_in_flight": 12, **fields}))


def test_an_item_stays_on_one_replica_and_items_spread():
    found = lane()
    homes = [found.route(f"q{number}").url for number in range(300)]
    assert [found.route(f"q{number}").url for number in range(300)] == homes
    assert all(50 < homes.count(url) < 150 for url in URLS)


def test_a_full_replica_sends_on_to_the_emptiest():
    found = lane()
    home = found.route("q1")
    home.in_flight = int(home.limiter.limit)
    other = found.route("q1")
    assert other is not home
    assert other.in_flight == 0


def test_a_replica_that_keeps_failing_rests_and_then_gets_another_chance():
    found = lane()
    home = found.route("q1")
    for _ in range(FAULTS_TO_REST):
        found.faulted(home)
    assert found.route("q1") is not home
    home.rests_until = 0.0
    assert found.route("q1") is home
    found.succeeded(home, 0.1)
    assert (home.faults, found.faults_in_a_row) == (0, 0)


def test_when_all_replicas_rest_they_are_asked_all_the_same():
    found = lane(URLS[:1])
    for _ in range(FAULTS_TO_REST):
        found.faulted(found.replicas[0])
    assert found.route("q1") is found.replicas[0]


async def test_places_grow_with_success_up_to_the_judges_own_bound():
    found = lane(URLS[:1], max_in_flight=6)
    inside = []

    async def enter():
        await found.places.enter()
        inside.append(1)

    tasks = [asyncio.create_task(enter()) for _ in range(10)]
    await asyncio.sleep(0)
    assert len(inside) == 4
    for _ in range(20):
        found.succeeded(found.replicas[0], 0.1)
    await asyncio.sleep(0)
    assert len(inside) == 6
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def test_another_key_is_another_lane_and_a_new_bound_is_taken_over():
    pool = JudgePool(ScriptedTransport())
    judge = Judge("j", URLS, "m", max_in_flight=2)
    first = pool.lane(judge, "right")
    assert pool.lane(judge, "right") is first
    assert pool.lane(judge, "wrong") is not first
    assert pool.lane(Judge("j", URLS, "m", max_in_flight=9), "right") is first
    assert first.replicas[0].limiter.most == 9


@pytest.mark.parametrize(("sizes", "most"), [([10] * 8, 3), ([30] * 4, 1), ([99, 1, 1], 2)])
async def test_bytes_and_calls_in_flight_are_bounded(sizes, most):
    pool = JudgePool(ScriptedTransport(), max_in_flight=5, max_in_flight_bytes=35)
    inside = seen = 0

    async def call(size):
        nonlocal inside, seen
        async with pool.room(size):
            inside += 1
            seen = max(seen, inside)
            await asyncio.sleep(0)
            inside -= 1

    await asyncio.gather(*(call(size) for size in sizes))
    assert seen == most


async def test_all_judges_together_stay_under_the_total(bench):
    class Counting(ScriptedTransport):
        inside = most = 0

        async def post(self, *_):
            self.inside += 1
            self.most = max(self.most, self.inside)
            for _ in range(3):
                await asyncio.sleep(0)
            self.inside -= 1
            return completion(verdicts())

    found = bench()
    found.transport = found.pool.transport = Counting()
    found.pool.max_in_flight = 3
    await found.judge_pairs(40)
    assert found.transport.most == 3
    assert len(found.emitted) == 80


async def test_one_dead_replica_of_two_costs_retries_but_no_unit(bench):
    found = bench(urls=URLS[:2])

    async def post(url, headers, body, *_):
        await asyncio.sleep(0)
        if url.startswith("http://a/"):
            raise TransportFault("refused")
        return completion(verdicts())

    found.transport.post = post
    while left := found.pending(30):
        await found.judge_pairs(targets=left)
    assert len(set(found.units)) == len(found.emitted) == 60
    assert {judgment.outcome.label for judgment in found.emitted} == {"judged"}


def test_a_breaker_says_why_it_is_open_and_when_it_tries_again():
    found = lane(URLS[:2])
    sick, well = found.replicas
    assert found.breaker(sick) == (Breaker.CLOSED, None)
    for _ in range(FAULTS_TO_REST):
        found.faulted(sick)
    state, reason = found.breaker(sick)
    assert state is Breaker.OPEN
    assert reason is not None
    assert "3 calls in a row" in reason
    assert found.breaker(well) == (Breaker.CLOSED, None)
    sick.rests_until = 0.0
    assert found.breaker(sick)[0] is Breaker.HALF_OPEN
    found.succeeded(sick, 0.1)
    assert found.breaker(sick) == (Breaker.CLOSED, None)


def test_a_closed_gate_opens_all_breakers_until_an_answer_after_it():
    found = lane(URLS[:2])
    found.close_gate("config", "401: wrong key")
    assert {found.breaker(replica) for replica in found.replicas} == {(Breaker.OPEN, "401: wrong key")}
    assert found.open_slice()
    assert {found.breaker(replica)[0] for replica in found.replicas} == {Breaker.HALF_OPEN}
    found.succeeded(found.replicas[0], 0.1)
    assert {found.breaker(replica)[0] for replica in found.replicas} == {Breaker.CLOSED}


def test_a_latency_follows_what_calls_take_now():
    replica = lane(URLS[:1]).replicas[0]
    assert (replica.answered, replica.latency) == (0, None)
    replica.note(2.0)
    assert replica.latency == 2.0
    for _ in range(64):
        replica.note(1.0)
    assert replica.answered == 65
    assert replica.latency == pytest.approx(1.0, abs=0.05)
