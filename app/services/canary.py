"""One small call decides whether a judge may be used: before its first unit, and after every fault."""

from __future__ import annotations

from typing import TYPE_CHECKING

import structlog

from app.domain.judge import JudgeStatus
from app.judging.engine import GateFault
from app.judging.probe import canary
from app.services.pace import Pace
from app.store import canaries, finishing
from app.store.database import Database

if TYPE_CHECKING:
    from app.services.judge_shard import Bench  # the bench is passed in; importing it would be a circle

log = structlog.get_logger()


async def report_fault(database: Database, judge: int, fault: GateFault, pace: Pace) -> None:
    """Close the judge for all processes; its units stay pending until a canary passes."""
    async with database.transaction() as tx:
        await canaries.suspect(tx, judge, fault.reason, config=fault.kind == "config", after=pace.canary)
        await finishing.pause_stuck_jobs(tx)


async def check_one(bench: Bench) -> bool:
    """Make the canary call of one judge that is due; False when none is."""
    async with bench.database.transaction() as tx:
        due = await canaries.take_due(tx, after=bench.pace.reconnect, patience=bench.pace.canary)
    if due is None:
        return False
    secret = None if due.secret is None else bench.vault.decrypt(due.secret)
    result = await canary(due.judge, secret, bench.pool.transport)
    async with bench.database.transaction() as tx:
        if result.ok:
            await canaries.set_status(tx, due.id, JudgeStatus.READY, None)
            await finishing.resume_jobs_of(tx, due.id)
        elif result.kind == "config":
            await canaries.set_status(tx, due.id, JudgeStatus.PAUSED, result.reason)
            await finishing.pause_stuck_jobs(tx)
        else:
            await canaries.set_status(tx, due.id, JudgeStatus.WAITING, result.reason)
    log.info("judge.checked", judge=due.judge.name, ok=result.ok, reason=result.reason)
    return True
