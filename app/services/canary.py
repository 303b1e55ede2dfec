"""One small call decides whether a judge may be used: before its first unit, and after every fault."""

from __future__ import annotations

from typing import TYPE_CHECKING

import structlog

from app.domain.judge import JudgeStatus
from app.judging.engine import GateFault
from app.judging.probe import Health, canary
from app.services.pace import Pace
from app.store import canaries, finishing
from app.store.database import Database

if TYPE_CHECKING:
    from app.services.judge_shard import Bench  # the bench is passed in; importing it would be a circle

log = structlog.get_logger()
# Longer than a canary may take; a process that dies over it holds the judge up for so long.
LEASE_SECONDS = 45.0


async def report_fault(database: Database, judge: int, fault: GateFault, pace: Pace) -> None:
    """Close the judge for all processes; its units stay pending until a canary passes."""
    async with database.transaction() as tx:
        await canaries.suspect(tx, judge, fault.reason, config=fault.kind == "config", after=pace.canary)
        await finishing.pause_stuck_jobs(tx)


async def take_due(bench: Bench) -> canaries.Suspected | None:
    """A judge whose canary is due, taken for this process; None when none is."""
    async with bench.database.transaction() as tx:
        return await canaries.take_due(tx, after=bench.pace.reconnect, lease=LEASE_SECONDS)


async def check(bench: Bench, due: canaries.Suspected) -> None:
    """Make the canary call and say for all processes how the judge stands."""
    secret = None if due.secret is None else bench.vault.decrypt(due.secret)
    found = await canary(due.judge, secret, bench.pool.transport)
    async with bench.database.transaction() as tx:
        match found.health:
            case Health.OK:
                await canaries.set_status(tx, due.id, JudgeStatus.READY, None)
                await finishing.resume_jobs_of(tx, due.id)
            case Health.CONFIG:
                await canaries.set_status(tx, due.id, JudgeStatus.PAUSED, found.reason)
                await finishing.pause_stuck_jobs(tx)
            case Health.UNREACHABLE:
                await canaries.set_status(tx, due.id, JudgeStatus.WAITING, found.reason)
    log.info("judge.checked", judge=due.judge.name, health=found.health.value, reason=found.reason)
