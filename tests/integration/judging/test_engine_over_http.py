"""The engine against the stub judge: what arrives there, how often, and how many at once."""

from __future__ import annotations

import asyncio
import time
from collections import Counter

import pytest

from app.domain.judge import Method
from app.domain.judgment import Outcome, Pick, Side, unswap
from app.judging.engine import StopSignal
from app.judging.pool import Patience

FAST = Patience(backoff=0.01, longest_backoff=0.05, unsaid_wait=0.02, faults_to_close=50)


def units(work):
    return [(judgment.target, judgment.slot) for judgment in work.emitted]


async def test_every_unit_is_judged_once_and_called_once(work):
    async with work(latency=0.005) as w:
        end = await w.judge(60)
        ledger = w.stub.ledger()
    assert end.gate is None
    assert len(w.emitted) == len(set(units(w))) == 120
    assert {judgment.outcome for judgment in w.emitted} == {Outcome.JUDGED}
    assert len(ledger) == len({entry["prompt"] for entry in ledger}) == 120
    assert Counter(entry["pair"] for entry in ledger).most_common(1)[0][1] == 2
    assert max(entry["in_flight"] for entry in ledger) <= 16
    assert all(judgment.usage.prompt_tokens > 100 and judgment.latency_ms >= 5 for judgment in w.emitted)


async def test_a_consistent_judge_says_the_same_of_both_orders(work):
    async with work() as w:
        await w.judge(30)
    sides: dict[int, set[Side]] = {}
    for judgment in w.emitted:
        sides.setdefault(judgment.target, set()).add(unswap(judgment.picks["overall"].pick, judgment.slot.order))
    assert all(len(found) == 1 for found in sides.values())
    assert {Side.A, Side.B} == set().union(*sides.values())


async def test_a_judge_pulled_to_the_first_position_always_picks_it(work):
    async with work(position_pull=50) as w:
        await w.judge(10)
    assert {judgment.picks["overall"].pick for judgment in w.emitted} == {Pick.FIRST}


async def test_the_orders_of_a_pair_arrive_after_each_other(work):
    async with work() as w:
        await w.judge(10, max_in_flight=1)
        ledger = w.stub.ledger()
    assert [entry["pair"] for entry in ledger[0::2]] == [entry["pair"] for entry in ledger[1::2]]
    assert [(e["first"], e["second"]) for e in ledger[0::2]] == [(e["second"], e["first"]) for e in ledger[1::2]]


async def test_slices_of_one_judge_share_its_places(work):
    async with work(latency=0.01) as w:
        await asyncio.gather(*(w.judge(20, first=100 * number, max_in_flight=5) for number in range(4)))
        assert w.stub.stats()["most_in_flight"] == 5
    assert len(set(units(w))) == 160


async def test_log_probabilities_arrive_as_odds(work):
    async with work(position_pull=1.0) as w:
        await w.judge(5, method=Method.LOGPROBS)
        asked = {entry["axes"][0] for entry in w.stub.ledger()}
    assert asked == {"grounding", "rationale", "overall"}
    assert len(w.emitted) == 30
    by_order: dict[tuple[int, str], list[float]] = {}
    for judgment in w.emitted:
        ((axis, pick),) = judgment.picks.items()
        by_order.setdefault((judgment.target, axis), []).append(pick.log_odds)
    # l_AB + l_BA is twice the pull to the first position: the traces' own strengths cancel.
    assert all(sum(odds) / 2 == pytest.approx(1.0, abs=0.05) for odds in by_order.values())


async def test_a_wrong_key_costs_at_most_six_calls_and_no_unit(work):
    async with work(key="right", latency=0.01) as w:
        end = await w.judge(200, key="wrong", max_in_flight=64)
        assert end.gate is not None
        assert end.gate.kind == "config"
        assert "401" in end.gate.reason
        assert len(w.stub.ledger()) <= 6
        assert w.emitted == []
        end = await w.judge(20, key="right", max_in_flight=64)
    assert end.gate is None
    assert len(w.emitted) == 40


async def test_retry_after_is_honoured(work):
    async with work(patience=Patience()) as w:
        w.stub.script({"match": {}, "times": 1, "status": 429, "headers": {"Retry-After": "1"}})
        await w.judge(1)
        refused, again, _ = w.stub.ledger()
    assert refused["status"] == 429
    assert again["prompt"] == refused["prompt"]
    assert 1.0 <= again["at"] - refused["at"] < 2.5
    assert [judgment.outcome for judgment in w.emitted] == [Outcome.JUDGED] * 2


async def test_an_endpoint_that_refuses_beyond_its_slots_loses_nothing(work):
    async with work(slots=4, latency=0.01, overload="reject", retry_after=0.01) as w:
        end = await w.judge(100, max_in_flight=32)
        statuses = Counter(entry["status"] for entry in w.stub.ledger())
    assert end.gate is None
    assert len(set(units(w))) == len(w.emitted) == 200
    assert {judgment.outcome for judgment in w.emitted} == {Outcome.JUDGED}
    assert statuses[200] == 200


async def test_a_slow_drip_is_cut_at_the_deadline(work):
    async with work(patience=FAST) as w:
        w.stub.script({"match": {}, "times": 1, "drip": 0.05})
        started = time.monotonic()
        await w.judge(1, timeout=0.5)
        assert time.monotonic() - started < 3.0
    assert [judgment.outcome for judgment in w.emitted] == [Outcome.JUDGED] * 2
    assert w.emitted[0].calls == 2


FAULTS = ["500", "502", "503", "429", "drop", "truncate", "html", "nothing", "garbage", "null", "refusal", "length",
          "think", "twice"]  # fmt: skip


async def test_passing_faults_of_every_kind_change_no_verdict(work):
    async with work() as calm:
        await calm.judge(80)
    async with work(patience=FAST, fault=[f"0.03:{kind}" for kind in FAULTS]) as rough:
        end = await rough.judge(80)
        statuses = Counter(entry["status"] for entry in rough.stub.ledger())
    assert end.gate is None
    assert sum(statuses.values()) > 180  # faults did happen
    verdicts = [{(j.target, j.slot): (j.outcome, {a: p.pick for a, p in j.picks.items()}) for j in found.emitted}
                for found in (calm, rough)]  # fmt: skip
    assert verdicts[0] == verdicts[1]
    assert len(rough.emitted) == 160


async def test_a_dead_endpoint_closes_the_gate_and_a_living_one_goes_on(work):
    async with work() as w:
        w.stub.script({"drop": True})
        end = await w.judge(30)
        assert end.gate is not None
        assert end.gate.kind == "transport"
        assert w.emitted == []
        assert len(w.stub.ledger()) <= 5 + 4
        w.stub.script()
        assert (await w.judge(30)).gate is None
    assert len(set(units(w))) == 60


async def test_a_stop_leaves_the_rest_pending(work):
    async with work(latency=0.02) as w:
        await w.judge(500, stop=StopSignal(after=0.2))
        assert 0 < len(w.emitted) < 500
        assert w.stub.stats()["in_flight"] == 0
        assert len(w.stub.ledger()) == len(w.emitted)
