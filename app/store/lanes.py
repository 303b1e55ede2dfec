"""How workers' calls to the replicas of judges fare: written beside every heartbeat, read by the dashboard."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from app.domain.judge import Breaker


@dataclass(frozen=True, slots=True)
class Lane:
    """One replica of a judge as one worker sees it. `judge` is the internal id; `slots`: calls in flight its limiter
    allows now; `answered`: since the worker started; `latency_ms`: of recent calls.
    """

    judge: int
    url: str
    breaker: Breaker
    reason: str | None
    slots: float
    in_flight: int
    answered: int
    latency_ms: float | None


async def tell(tx: AsyncConnection, owner: str, lanes: Sequence[Lane]) -> None:
    """Store a worker's lanes; those of a judge that is gone, or of a worker not yet known, are left out."""
    await tx.execute(
        text(
            """
            INSERT INTO lanes (owner, judge_id, url, breaker, reason, slots, in_flight, answered, latency_ms)
            SELECT w.owner, g.id, url, breaker, reason, slots, in_flight, answered, latency_ms
            FROM unnest(CAST(:judges AS int[]), CAST(:urls AS text[]), CAST(:breakers AS text[]),
              CAST(:reasons AS text[]), CAST(:slots AS real[]), CAST(:in_flight AS int[]),
              CAST(:answered AS bigint[]), CAST(:latencies AS real[]))
              AS lane (judge, url, breaker, reason, slots, in_flight, answered, latency_ms)
            JOIN judges g ON g.id = judge JOIN workers w ON w.owner = :owner
            ON CONFLICT (owner, judge_id, url) DO UPDATE SET breaker = excluded.breaker, reason = excluded.reason,
              slots = excluded.slots, in_flight = excluded.in_flight, answered = excluded.answered,
              latency_ms = excluded.latency_ms, seen_at = clock_timestamp()
            """
        ),
        {
            "owner": owner,
            "judges": [lane.judge for lane in lanes],
            "urls": [lane.url for lane in lanes],
            "breakers": [lane.breaker.value for lane in lanes],
            "reasons": [lane.reason for lane in lanes],
            "slots": [lane.slots for lane in lanes],
            "in_flight": [lane.in_flight for lane in lanes],
            "answered": [lane.answered for lane in lanes],
            "latencies": [lane.latency_ms for lane in lanes],
        },
    )


async def lanes_of(tx: AsyncConnection, project: int, *, within: float) -> list[Lane]:
    """The lanes of a project's judges, from workers seen in the last `within` seconds; one row a worker."""
    found = await tx.execute(
        text(
            """
            SELECT l.judge_id, l.url, l.breaker, l.reason, l.slots, l.in_flight, l.answered, l.latency_ms
            FROM lanes l JOIN judges g ON g.id = l.judge_id JOIN workers w ON w.owner = l.owner
            WHERE g.project_id = :project
              AND least(w.seen_at, l.seen_at) > clock_timestamp() - make_interval(secs => :within)
            ORDER BY l.judge_id, l.url, l.owner
            """
        ),
        {"project": project, "within": within},
    )
    return [Lane(judge, url, Breaker(breaker), *rest) for judge, url, breaker, *rest in found]
