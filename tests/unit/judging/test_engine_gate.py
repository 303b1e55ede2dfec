"""What closes a judge's gate, how few calls that costs, and what opens it again."""

from __future__ import annotations

import asyncio
import time

import pytest

from app.domain.judgment import Outcome
from app.judging.pool import GateFault
from app.judging.transport import TransportFault
from tests.unit.judging.scripted import (
    completion,
    outcomes,
    refusal,
    verdicts,
)

GONE = TransportFault("ConnectError: refused")


@pytest.mark.parametrize(
    "answer",
    [
        refusal(401, "Incorrect API key provided: sk-secret"),
        refusal(403),
        refusal(402),
        refusal(404, "The model `m` does not exist."),
        refusal(405),
        refusal(307),
        refusal(400, "response_format of type json_schema is not supported"),
        refusal(400, "model m not found"),
        refusal(429, "insufficient_quota"),
    ],
)
async def test_a_config_error_closes_the_gate_at_once_and_ends_nothing(bench, answer):
    found = bench(otherwise=answer, max_in_flight=64)
    end = await found.judge_pairs(200)
    assert end.gate is not None
    assert end.gate.kind == "config"
    assert end.gate.reason.startswith("HTTP 4") or end.gate.reason.startswith("HTTP 3")
    assert "sk-secret" not in end.gate.reason
    assert found.emitted == []
    assert len(found.transport.bodies) <= 6


async def test_many_replicas_do_not_multiply_the_calls_spent_on_a_wrong_key(bench):
    found = bench(otherwise=refusal(401), max_in_flight=64, urls=tuple(f"http://gpu{n}/v1" for n in range(8)))
    await found.judge_pairs(200)
    assert len(found.transport.bodies) <= 6


async def test_a_gate_that_closes_wakes_the_units_that_wait(bench):
    def answer(body):
        return refusal(401) if "trace a of 2" in str(body) else refusal(429, **{"retry-after": "100"})

    found = bench(otherwise=answer)
    started = time.monotonic()
    end = await found.judge_pairs(3)
    assert time.monotonic() - started < 5
    assert end.gate is not None
    assert end.retry_after is not None
    assert found.emitted == []


async def test_slices_beside_each_other_spend_no_more_on_a_wrong_key(bench):
    found = bench(otherwise=refusal(401))
    ends = await asyncio.gather(*(found.judge_pairs(20) for _ in range(4)))
    assert {end.gate.kind for end in ends} == {"config"}
    assert len(found.transport.bodies) <= 6


async def test_a_closed_gate_stays_closed_while_a_slice_of_before_is_left(bench):
    found = bench()
    lane = found.pool.lane(found.judge, "sk-secret")
    assert lane.open_slice()
    lane.close_gate("config", "HTTP 401")
    assert (await found.judge_pairs(5)).gate == GateFault("config", "HTTP 401")
    assert found.transport.bodies == []
    lane.close_slice()
    assert (await found.judge_pairs(5)).gate is None
    assert len(found.emitted) == 10


async def test_a_unit_that_alone_provokes_unsupported_fails_instead_of_closing_the_gate_for_ever(bench):
    def poison(body):
        bad = "trace a of 3" in str(body)
        return refusal(400, "grammar error") if bad else completion(verdicts())

    found = bench(otherwise=poison, max_in_flight=1)
    gates = 0
    while left := found.pending(6):
        end = await found.judge_pairs(targets=left)
        gates += end.gate is not None
        assert gates <= 2
    assert sorted(outcomes(found)) == [Outcome.JUDGED] * 10 + [Outcome.REJECTED] * 2
    assert len(set(found.units)) == 12


async def test_five_rejected_targets_in_a_row_close_the_gate(bench):
    found = bench(otherwise=refusal(400, "cannot read image"), max_in_flight=1)
    end = await found.judge_pairs(20)
    assert end.gate is not None
    assert end.gate.kind == "config"
    assert outcomes(found) == [Outcome.REJECTED] * 8  # both orders of four targets
