"""What the engine does with each class of answer: every unit ends once, or stays pending for a reason."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from app.domain.errors import Unavailable
from app.domain.judgment import Outcome, Pick
from app.domain.order import Order, Slot
from app.judging.engine import StopSignal, Target
from app.judging.pool import GateFault, Patience
from app.judging.transport import Response, TransportFault
from tests.unit.judging.scripted import (
    HASTY,
    Pictures,
    completion,
    one_unit,
    outcomes,
    pair,
    refusal,
    targets_of,
    verdicts,
)

GONE = TransportFault("ConnectError: refused")
LATE = TransportFault("no complete answer within 5 s", timed_out=True)


async def test_every_unit_of_a_plan_is_emitted_once_with_its_picks(bench):
    found = bench()
    end = await found.judge_pairs(20, repeats=2)
    assert (end.gate, end.retry_after) == (None, None)
    assert len(found.emitted) == len(set(found.units)) == 20 * 4
    assert {judgment.outcome for judgment in found.emitted} == {Outcome.JUDGED}
    first = found.emitted[0]
    assert [(axis, pick.pick) for axis, pick in first.picks.items()] == [
        (axis, Pick.FIRST) for axis in ("grounding", "rationale", "overall")
    ]
    assert (first.calls, first.served_model, first.usage.prompt_tokens, first.images_sent) == (1, "m", 10, 0)
    assert len(first.prompt_hash) == 32
    assert first.raw.startswith(b"{")
    assert first.latency_ms > 0


async def test_the_orders_of_a_target_follow_each_other(bench):
    found = bench(max_in_flight=1)
    await found.judge_pairs(5)
    assert found.units == [(seq, Slot(order, 0, 0)) for seq in range(5) for order in (Order.AB, Order.BA)]
    shown = [body["messages"][1]["content"] for body in found.transport.bodies]
    assert shown[0].index("trace a of 0") < shown[0].index("trace b of 0")
    assert shown[1].index("trace b of 0") < shown[1].index("trace a of 0")


CONTENT = [
    (completion("I like both."), Outcome.UNPARSEABLE, 3),
    (completion(verdicts() + verdicts()), Outcome.UNPARSEABLE, 3),
    (Response(200, {}, b"<html>gateway</html>"), Outcome.UNPARSEABLE, 3),
    (Response(200, {}, b""), Outcome.UNPARSEABLE, 3),
    (Response(200, {}, completion(verdicts()).body[:40]), Outcome.UNPARSEABLE, 3),
    (Response(200, {}, b"[]"), Outcome.UNPARSEABLE, 3),
    (Response(200, {}, b'{"choices": []}'), Outcome.UNPARSEABLE, 3),
    (completion(None), Outcome.NO_CONTENT, 3),
    (completion("  "), Outcome.NO_CONTENT, 3),
    (completion(None, message={"reasoning_content": verdicts()}), Outcome.NO_CONTENT, 3),
    (completion("", message={"reasoning": verdicts()}), Outcome.NO_CONTENT, 3),
    (completion(verdicts(), finish_reason="content_filter"), Outcome.REFUSAL, 3),
    (completion(None, message={"refusal": "No."}), Outcome.REFUSAL, 3),
    (completion(f"<think>{verdicts()}"), Outcome.TRUNCATED, 3),
    (completion(verdicts()[:20], finish_reason="length"), Outcome.TRUNCATED, 2),
    (completion(verdicts(), finish_reason="length"), Outcome.TRUNCATED, 2),
    (refusal(400, "This model's maximum context length is 512 tokens."), Outcome.CONTEXT_LENGTH, 1),
    (refusal(400, "the request exceeds the available context size, try increasing it"), Outcome.CONTEXT_LENGTH, 1),
    (refusal(400, "template error"), Outcome.REJECTED, 1),
    (refusal(422, "bad image"), Outcome.REJECTED, 1),
    (refusal(413, "too big"), Outcome.REJECTED, 1),
]


@pytest.mark.parametrize(("answer", "outcome", "calls"), CONTENT, ids=range(len(CONTENT)))
async def test_an_answer_without_a_verdict_ends_the_unit_after_so_many_calls(bench, answer, outcome, calls):
    found = bench(otherwise=answer)
    judgment, end = await one_unit(found)
    assert (judgment.outcome, judgment.calls, len(found.transport.bodies)) == (outcome, calls, calls)
    assert end.gate is None
    assert not judgment.picks
    assert judgment.detail
    assert judgment.raw == answer.body


async def test_a_good_answer_after_bad_ones_counts_and_usage_is_summed(bench):
    found = bench(completion("hm"), completion(None), completion(verdicts("TIE")))
    judgment, _ = await one_unit(found)
    assert (judgment.outcome, judgment.calls) == (Outcome.JUDGED, 3)
    assert (judgment.usage.prompt_tokens, judgment.usage.completion_tokens) == (30, 6)
    assert judgment.usage.cached_tokens is None


async def test_a_reply_cut_off_gets_twice_the_tokens_once(bench):
    found = bench(completion("{", finish_reason="length"), sampling={"max_tokens": 100, "temperature": 0.7})
    judgment, _ = await one_unit(found)
    assert judgment.outcome is Outcome.JUDGED
    assert [body["max_tokens"] for body in found.transport.bodies] == [100, 200]
    assert found.transport.bodies[0]["temperature"] == 0.7


@pytest.mark.parametrize("broken", [GONE, LATE, *(refusal(status) for status in (408, 500, 502, 504, 520, 529))])
async def test_transport_errors_are_tried_five_times(bench, broken):
    patience = replace(HASTY, faults_to_close=99)
    found = bench(broken, broken, broken, broken, patience=patience)
    judgment, _ = await one_unit(found)
    assert (judgment.outcome, judgment.calls) == (Outcome.JUDGED, 5)
    dead = bench(otherwise=broken, patience=patience)
    judgment, end = await one_unit(dead)
    assert (judgment.outcome, judgment.calls, end.gate) == (Outcome.ENDPOINT_ERROR, 5, None)


async def test_five_transport_errors_in_a_row_close_the_gate_and_nothing_is_lost(bench):
    found = bench(otherwise=GONE)
    end = await found.judge_pairs(50)
    assert end.gate == GateFault("transport", "ConnectError: refused")
    assert found.emitted == []
    assert len(found.transport.bodies) <= 5 + 3  # at most those that were in flight already
    found.transport.otherwise = lambda _: completion(verdicts())
    await found.judge_pairs(50)
    assert len(set(found.units)) == len(found.emitted) == 100


async def test_a_success_in_between_keeps_the_gate_open(bench):
    answers = [GONE, GONE, GONE, GONE, completion(verdicts())] * 4
    found = bench(*answers, max_in_flight=1)
    end = await found.judge_pairs(10)
    assert end.gate is None
    assert len(found.emitted) == 20


async def test_tries_are_not_forgotten_between_slices(bench):
    """A unit whose call always hangs must end, however short the slices are and however healthy the judge."""
    found = bench(otherwise=LATE, patience=replace(HASTY, backoff=60.0, longest_backoff=60.0, faults_to_close=99))
    for tries in range(1, 6):
        await found.judge_pairs(targets=[Target(0, pair(0), (Slot(Order.AB, 0, 0),))], stop=StopSignal(0.02))
        assert len(found.transport.bodies) == tries
    assert outcomes(found) == [Outcome.ENDPOINT_ERROR]


async def test_capacity_errors_use_up_no_try(bench):
    busy = [refusal(429), refusal(503)] * 10
    found = bench(*busy)
    judgment, end = await one_unit(found)
    assert (judgment.outcome, judgment.calls, end.gate) == (Outcome.JUDGED, 21, None)


async def test_units_that_wait_when_the_stop_comes_stay_pending(bench):
    found = bench(otherwise=refusal(429, **{"retry-after": "50"}))
    stop = StopSignal()
    asyncio.get_running_loop().call_later(0.05, stop.set)
    end = await found.judge_pairs(20, stop)
    assert found.emitted == []
    assert 45 < end.retry_after <= 75
    assert end.gate is None


async def test_a_stop_lets_calls_in_flight_finish_and_starts_no_other(bench):
    stop = StopSignal()

    def first_then_stop(_):
        stop.set()
        return completion(verdicts())

    found = bench(otherwise=first_then_stop, max_in_flight=1)
    await found.judge_pairs(20, stop)
    assert len(found.transport.bodies) == len(found.emitted) == 1


async def test_a_slice_whose_time_is_over_calls_nobody(bench):
    found = bench()
    await found.judge_pairs(5, StopSignal(after=0.0))
    assert found.transport.bodies == []


async def test_pictures_go_along_and_a_missing_one_fails_only_its_target(bench):
    found = bench()
    slots = targets_of(found.assignment(), 1)[0].slots
    targets = [Target(0, pair(0, Pictures.KNOWN), slots), Target(1, pair(1, "cd" * 32), slots)]
    await found.judge_pairs(targets=targets)
    by_target = {judgment.target: judgment for judgment in found.emitted}
    assert len(found.emitted) == 4
    assert (by_target[0].outcome, by_target[0].images_sent) == (Outcome.JUDGED, 1)
    assert (by_target[1].outcome, by_target[1].calls) == (Outcome.IMAGE_UNAVAILABLE, 0)
    text, image, rest = found.transport.bodies[0]["messages"][1]["content"]
    assert "Question 0?" in text["text"]
    assert image == {"type": "image_url", "image_url": {"url": "data:image/png;base64,cG5nIGJ5dGVz"}}
    assert "first trace" in rest["text"]


async def test_a_blind_judge_gets_no_pictures(bench):
    found = bench(sees_images=False)
    slots = targets_of(found.assignment(), 1)[0].slots
    await found.judge_pairs(targets=[Target(0, pair(0, "cd" * 32), slots)])
    assert [judgment.images_sent for judgment in found.emitted] == [0, 0]
    assert isinstance(found.transport.bodies[0]["messages"][1]["content"], str)


async def test_pictures_that_cannot_be_read_now_leave_the_unit_pending(bench):
    class Down:
        async def load(self, _):
            raise Unavailable("the database is away")

    found = bench()
    found.images = Down()
    slots = targets_of(found.assignment(), 1)[0].slots
    await found.judge_pairs(targets=[Target(0, pair(0, Pictures.KNOWN), slots)])
    assert found.emitted == []


async def test_what_nobody_foresaw_fails_one_unit_and_says_nothing_of_its_text(bench, capsys):
    def crash(body):
        if "trace a of 2" in str(body):
            raise RuntimeError(str(body))
        return completion(verdicts())

    found = bench(otherwise=crash)
    await found.judge_pairs(5)
    assert len(found.emitted) == len(set(found.units)) == 10
    failed = [judgment for judgment in found.emitted if judgment.outcome is Outcome.INTERNAL_ERROR]
    assert {(judgment.target, judgment.detail) for judgment in failed} == {(2, "RuntimeError")}
    said = capsys.readouterr()
    assert "unit_crashed" in said.out + said.err
    assert "trace a of 2" not in said.out + said.err


async def test_seeds_move_with_the_repeat(bench):
    found = bench(sampling={"seed": 7}, max_in_flight=1)
    await found.judge_pairs(1, repeats=2)
    assert [body["seed"] for body in found.transport.bodies] == [7, 7, 8, 8]


async def test_another_model_behind_the_name_is_recorded(bench):
    judgment, _ = await one_unit(bench(otherwise=completion(verdicts(), model=" other-model ")))
    assert judgment.served_model == "other-model"


async def test_a_raw_reply_is_kept_up_to_64_kib(bench):
    judgment, _ = await one_unit(bench(otherwise=completion("x" * 100_000)))
    assert len(judgment.raw) == 64 << 10


async def test_the_key_is_sent_to_the_judge(bench):
    found = bench()
    await one_unit(found)
    assert found.transport.headers[0]["Authorization"] == "Bearer sk-secret"
    assert found.transport.urls == ["http://judge/v1/chat/completions"]
    assert "sk-secret" not in repr(found.assignment())


async def test_log_probabilities_become_odds(logprobs_bench):
    top = [{"token": "1", "logprob": -0.2}, {"token": "2", "logprob": -1.9}]
    answer = completion("1", finish_reason="length", logprobs={"content": [{"token": "1", "top_logprobs": top}]})
    found = logprobs_bench(otherwise=answer)
    await found.judge_pairs(1)
    assert len(found.emitted) == 6  # three axes, two orders
    assert found.emitted[0].picks["grounding"].log_odds == pytest.approx(1.7)
    assert found.emitted[0].logprob_kind == "unmasked"
    body = found.transport.bodies[0]
    assert (body["logprobs"], body["top_logprobs"], body["max_tokens"]) == (True, 20, 1)
    assert "response_format" not in body


async def test_an_endpoint_without_log_probabilities_is_a_config_error(logprobs_bench):
    found = logprobs_bench(otherwise=completion("1", finish_reason="length"))
    end = await found.judge_pairs(10)
    assert end.gate is not None
    assert "log-probabilities" in end.gate.reason
    assert found.emitted == []


async def test_a_slice_may_be_cancelled_and_the_lane_stays_whole(bench):
    found = bench(otherwise=refusal(429, **{"retry-after": "50"}))
    slice_ = asyncio.create_task(found.judge_pairs(20))
    await asyncio.sleep(0.05)
    slice_.cancel()
    with pytest.raises(asyncio.CancelledError):
        await slice_
    lane = found.pool.lane(found.judge, "sk-secret")
    assert lane.places.inside == 0
    found.transport.otherwise = lambda _: completion(verdicts())
    await found.judge_pairs(20)
    assert len(found.emitted) == 40


def test_patience_by_default_is_what_the_design_says():
    assert (Patience().transport_tries, Patience().reasks, Patience().faults_to_close) == (5, 2, 5)
