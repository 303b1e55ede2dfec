"""Whether a judge may be called, as all processes see it; and whose turn it is to find out."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from app.domain.judge import Judge, JudgeStatus
from app.store.documents import judge_of


@dataclass(frozen=True, slots=True)
class Suspected:
    """A judge that must answer one small call before it is used (again)."""

    id: int
    judge: Judge
    secret: bytes | None


async def take_due(tx: AsyncConnection, *, after: float, lease: float) -> Suspected | None:
    """Take the canary of one judge that is unverified or waiting, and has owed work; None when nothing is due.

    Recorded here, before the call: no other process makes one for `lease` seconds, or until `set_status` has told
    the outcome and `after` seconds have passed.
    """
    found = await tx.execute(
        text(
            """
            UPDATE judges SET canaries = canaries + 1,
              canary_at = clock_timestamp() + make_interval(secs => CAST(:lease AS float8))
            WHERE id = (
              SELECT g.id FROM judges g
              WHERE g.status IN ('unverified', 'waiting')
                AND (g.canary_at IS NULL
                     OR g.canary_at < clock_timestamp() - make_interval(secs => CAST(:after AS float8)))
                AND EXISTS (
                  SELECT 1 FROM job_judges jj JOIN jobs j ON j.id = jj.job_id
                  WHERE jj.judge_id = g.id AND (j.status = 'running' OR j.status_reason LIKE 'judge_config:%'))
              ORDER BY g.canary_at NULLS FIRST LIMIT 1 FOR UPDATE SKIP LOCKED
            )
            RETURNING id, spec, secret
            """
        ),
        {"after": after, "lease": lease},
    )
    row = found.one_or_none()
    return None if row is None else Suspected(row.id, judge_of(row.spec), row.secret)


async def set_status(tx: AsyncConnection, judge: int, status: JudgeStatus, reason: str | None) -> None:
    """Say what the canary found: how a judge stands and why."""
    await tx.execute(
        text(
            "UPDATE judges SET status = :status, status_reason = :reason, canary_at = clock_timestamp() WHERE id = :id"
        ),
        {"id": judge, "status": status.value, "reason": reason},
    )


async def suspect(tx: AsyncConnection, judge: int, reason: str, *, config: bool, after: float) -> None:
    """Close a ready judge after a fault.

    A configuration fault within `after` seconds of a canary that passed means that canaries cannot see it: the
    judge pauses at once, so that a broken judge never costs more than a few calls.
    """
    await tx.execute(
        text(
            """
            UPDATE judges SET status_reason = :reason, status =
              CASE WHEN :config AND canary_at > clock_timestamp() - make_interval(secs => :after)
                   THEN 'paused' ELSE 'waiting' END
            WHERE id = :id AND status = 'ready'
            """
        ),
        {"id": judge, "reason": reason, "config": config, "after": after},
    )
