"""What several workers see of one judge, put together."""

from __future__ import annotations

from datetime import UTC, datetime

from app.domain.judge import Breaker, Judge, JudgeStatus
from app.services.judge_health import health_of
from app.store.active import Share
from app.store.judges import StoredJudge
from app.store.lanes import Lane

A, B = "http://user:secret@gpu-1:8000/v1", "http://gpu-2:8000/v1"


def judge(number: int, name: str, status: JudgeStatus = JudgeStatus.READY) -> StoredJudge:
    return StoredJudge(number, Judge(name, (A, B), "m"), None, status, None, None, datetime.now(UTC))


def lane(url: str = A, breaker: Breaker = Breaker.CLOSED, reason: str | None = None, **fields) -> Lane:
    values = {"judge": 1, "slots": 4.0, "in_flight": 3, "answered": 10, "latency_ms": 100.0}
    return Lane(**{**values, "url": url, "breaker": breaker, "reason": reason, **fields})


def test_workers_are_added_up_and_the_worst_breaker_shows():
    seen = [
        lane(answered=30, latency_ms=100.0),
        lane(B),
        lane(breaker=Breaker.OPEN, reason="no answer", slots=2.0, in_flight=1, answered=10, latency_ms=500.0),
        lane(breaker=Breaker.HALF_OPEN, reason="trying", answered=0, latency_ms=None, in_flight=0, slots=1.0),
    ]
    shares = [
        Share("x", 1, "running", 5, 100, 10),
        Share("y", 1, "paused", 5, 11, 1),
        Share("x", 2, "running", 5, 7, 7),
    ]
    (found,) = health_of([judge(1, "panel")], seen, shares)
    first, second = found.replicas
    assert (first.host, first.breaker, first.reason, first.workers) == ("gpu-1:8000", Breaker.OPEN, "no answer", 3)
    assert (first.slots, first.in_flight, first.latency_ms) == (7.0, 4, 200.0)
    assert (second.host, second.breaker, second.workers) == ("gpu-2:8000", Breaker.CLOSED, 1)
    assert (found.in_use, found.in_flight, found.tokens.prompt, found.tokens.completion) == (True, 7, 111, 11)


def test_those_in_use_or_in_trouble_come_first():
    judges = [judge(1, "a"), judge(2, "b", JudgeStatus.PAUSED), judge(3, "c")]
    found = health_of(judges, [], [Share("x", 3, "running", 0, 0, 0)])
    assert [one.name for one in found] == ["c", "b", "a"]
    assert found[2].replicas == []
