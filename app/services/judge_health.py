"""How judges fare: what every live worker sees of their replicas, put together."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from urllib.parse import urlsplit

from app.domain.judge import Breaker, JudgeStatus
from app.store.active import Share
from app.store.judges import StoredJudge
from app.store.lanes import Lane

WORST_FIRST = (Breaker.OPEN, Breaker.HALF_OPEN, Breaker.CLOSED)


@dataclass(frozen=True, slots=True)
class ReplicaHealth:
    """One replica over all live workers: the worst breaker, sums of slots and calls, the mean of recent latencies
    (each worker's weighs as much as it has had answers). The host only: an address may hold a secret.
    """

    host: str
    breaker: Breaker
    reason: str | None
    slots: float
    in_flight: int
    latency_ms: float | None
    workers: int


@dataclass(frozen=True, slots=True)
class Tokens:
    """What judging has used."""

    prompt: int
    completion: int


@dataclass(frozen=True, slots=True)
class JudgeHealth:
    """A judge. `in_use`: a job that is not over asks it; `tokens` are those of such jobs. Without replicas no live
    worker has called it yet.
    """

    name: str
    status: JudgeStatus
    status_reason: str | None
    in_use: bool
    replicas: list[ReplicaHealth]
    in_flight: int
    tokens: Tokens


def health_of(judges: Iterable[StoredJudge], lanes: Sequence[Lane], shares: Sequence[Share]) -> list[JudgeHealth]:
    """Those in use or in trouble first, then by name. `lanes`: of live workers; `shares`: of jobs that are not over."""
    found = [
        _health(
            judge, [lane for lane in lanes if lane.judge == judge.id], [one for one in shares if one.judge == judge.id]
        )
        for judge in judges
    ]
    troubled = (JudgeStatus.WAITING, JudgeStatus.PAUSED)
    return sorted(found, key=lambda judge: (not judge.in_use, judge.status not in troubled, judge.name))


def _health(judge: StoredJudge, lanes: Sequence[Lane], shares: Sequence[Share]) -> JudgeHealth:
    by_url = groupby(sorted(lanes, key=_url), key=_url)
    replicas = sorted((_replica(url, list(seen)) for url, seen in by_url), key=lambda replica: replica.host)
    return JudgeHealth(
        name=judge.judge.name,
        status=judge.status,
        status_reason=judge.status_reason,
        in_use=bool(shares),
        replicas=replicas,
        in_flight=sum(replica.in_flight for replica in replicas),
        tokens=Tokens(sum(one.prompt_tokens for one in shares), sum(one.completion_tokens for one in shares)),
    )


def _replica(url: str, seen: Sequence[Lane]) -> ReplicaHealth:
    worst = min(seen, key=lambda lane: WORST_FIRST.index(lane.breaker))
    timed = [(lane.latency_ms, lane.answered) for lane in seen if lane.latency_ms is not None and lane.answered]
    answered = sum(weight for _, weight in timed)
    return ReplicaHealth(
        host=urlsplit(url).netloc.rpartition("@")[2],
        breaker=worst.breaker,
        reason=worst.reason,
        slots=sum(lane.slots for lane in seen),
        in_flight=sum(lane.in_flight for lane in seen),
        latency_ms=sum(latency * weight for latency, weight in timed) / answered if answered else None,
        workers=len(seen),
    )


def _url(lane: Lane) -> str:
    return lane.url
