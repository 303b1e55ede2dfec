"""The canary and the probe against endpoints of several characters."""

from __future__ import annotations

import pytest

from app.domain.judge import Judge, Method
from app.judging.httpx_engine import HttpxTransport
from app.judging.probe import CanaryResult, Health, canary, probe
from tests.stub_judge.handle import StubJudge


@pytest.fixture
async def transport():
    made = HttpxTransport()
    yield made
    await made.aclose()


def judge(*urls, **fields):
    return Judge("j", urls, fields.pop("served_model", "stub-judge"), timeout=3, **fields)


@pytest.mark.parametrize("method", list(Method))
async def test_a_good_judge_passes_in_one_call(transport, method):
    with StubJudge.start(key="k") as stub:
        assert await canary(judge(stub.url, method=method), "k", transport) == CanaryResult(Health.OK)
        assert len(stub.ledger()) == 1


async def test_wrong_key_model_and_schema_are_config(transport):
    with StubJudge.start(key="k", no_schema=True, no_logprobs=True) as stub:
        found = [
            await canary(judge(stub.url), "wrong", transport),
            await canary(judge(stub.url, served_model="other"), "k", transport),
            await canary(judge(stub.url), "k", transport),
            await canary(judge(stub.url, method=Method.LOGPROBS), "k", transport),
        ]
        healed = await canary(judge(stub.url, sampling={"response_format": None}), "k", transport)
    assert {result.health for result in found} == {Health.CONFIG}
    assert [word in result.reason for word, result in zip(["401", "other", "response_format", "log-prob"], found,
                                                          strict=True)] == [True] * 4  # fmt: skip
    assert healed.health is Health.OK


async def test_a_dead_judge_is_unreachable_unless_another_replica_lives(transport):
    with StubJudge.start() as stub:
        dead = "http://127.0.0.1:9/v1"
        assert (await canary(judge(dead), None, transport)).health is Health.UNREACHABLE
        assert (await canary(judge(dead, stub.url), None, transport)).health is Health.OK
        stub.script({"fault": "503"})
        assert (await canary(judge(stub.url), None, transport)).health is Health.UNREACHABLE
        stub.script({"fault": "html"})
        assert (await canary(judge(stub.url), None, transport)).health is Health.UNREACHABLE


async def test_the_probe_finds_what_an_endpoint_can(transport):
    with StubJudge.start(echo="served-name") as stub:
        found = await probe(judge(stub.url), None, transport)
        assert len(stub.ledger()) == 5
    assert (found.reachable, found.listed, found.served_model) == (True, True, "served-name")
    assert (found.json_schema, found.log_probabilities, found.sees_images) == (True, True, True)
    assert found.logprob_kind is None
    assert found.latency_ms is not None
    assert found.latency_ms > 0


async def test_the_probe_finds_what_an_endpoint_cannot(transport):
    with StubJudge.start(blind=True, no_schema=True, no_logprobs=True) as stub:
        found = await probe(judge(stub.url), None, transport)
    assert (found.json_schema, found.log_probabilities, found.sees_images) == (False, False, False)


async def test_the_probe_says_why_it_could_not_look(transport):
    found = await probe(judge("http://127.0.0.1:9/v1"), None, transport)
    assert not found.reachable
    assert found.reason
