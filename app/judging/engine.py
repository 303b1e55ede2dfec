"""Judges a slice: a fixed set of consumers takes its targets one by one and emits a judgment a unit."""

from __future__ import annotations

import asyncio
import traceback
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import structlog

from app.domain.errors import ImageMissing, Unavailable
from app.domain.judgment import Judgment, Outcome
from app.domain.order import Slot
from app.judging.pool import GateFault, JudgePool
from app.judging.stop import StopSignal
from app.judging.unit import Inquiry
from app.judging.work import Assignment, Circumstances, ImageSource, Target

__all__ = ["Assignment", "GateFault", "ImageSource", "SliceEnd", "StopSignal", "Target", "judge_slice"]

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class SliceEnd:
    """Why a slice came back. `gate` None: done or stopped; else the judge needs a canary before more calls.

    `retry_after`: seconds the endpoint still asked for, for units that were left waiting.
    """

    gate: GateFault | None = None
    retry_after: float | None = None


async def judge_slice(
    assignment: Assignment,
    targets: Iterable[Target],
    *,
    pool: JudgePool,
    images: ImageSource,
    emit: Callable[[Judgment], None],
    stop: StopSignal,
) -> SliceEnd:
    """Judge the units of `targets`; `emit` gets each finished one once, all others stay pending.

    Returns when all are done, or, after the calls in flight have come back, when `stop` is set or the judge
    is found out of order. A target's units are asked one after the other, so its orders share the prefix.
    """
    lane = pool.lane(assignment.judge, assignment.api_key)
    if not lane.open_slice():
        return SliceEnd(lane.fault)
    around = Circumstances(assignment, pool, lane, images, stop)
    waiting = iter(targets)
    try:
        async with asyncio.TaskGroup() as consumers:
            for _ in range(min(assignment.judge.max_in_flight, pool.max_in_flight)):
                consumers.create_task(_consume(around, waiting, emit))
    finally:
        lane.close_slice()
    return SliceEnd(lane.fault, around.retry_after)


async def _consume(around: Circumstances, waiting: Iterator[Target], emit: Callable[[Judgment], None]) -> None:
    """Take a target whenever there is a place for it in flight, until there is none left."""
    while not around.closed():
        async with around.lane.places.held():
            target = None if around.closed() else next(waiting, None)
            if target is None:
                return
            for slot in target.slots:
                judgment = await _judged(around, target, slot)
                if judgment is not None:
                    emit(judgment)


async def _judged(around: Circumstances, target: Target, slot: Slot) -> Judgment | None:
    """The judgment of one unit, None if it stays pending. What nobody foresaw fails this unit and no other."""
    try:
        return await Inquiry(around, target, slot).run()
    except ImageMissing as missing:
        return Judgment(target.seq, slot, Outcome.IMAGE_UNAVAILABLE, detail=missing.detail, calls=0)
    except Unavailable as why:
        log.warning("unit_left_pending", target=target.seq, reason=why.detail)
        return None
    except Exception as fault:  # noqa: BLE001  # the last guard around one unit; logged in full
        frames = "".join(traceback.format_tb(fault.__traceback__))
        kind = type(fault).__name__
        log.error("unit_crashed", target=target.seq, error=kind, frames=frames)  # noqa: TRY400  # its message may quote a trace
        return Judgment(target.seq, slot, Outcome.INTERNAL_ERROR, detail=kind)
