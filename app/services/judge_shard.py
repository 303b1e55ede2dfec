"""Judging one slice of a shard: read what is owed, ask in both orders, flush on the way, give the shard back."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field

from app.domain.errors import ImageMissing
from app.domain.judgment import Judgment, Outcome
from app.domain.order import Plan, Slot
from app.domain.plan import plan_of
from app.judging.engine import Assignment, SliceEnd, StopSignal, Target, judge_slice
from app.judging.pool import JudgePool
from app.services import canary
from app.services.flusher import Flusher
from app.services.pace import Pace
from app.services.vault import Vault
from app.store import finishing, shards, targets
from app.store.database import Database
from app.store.judgments import done_slots
from app.store.shards import POISON_AFTER, Claim
from app.store.targets import Frozen, StoredTarget

DONE = SliceEnd()
KEPT_IMAGES = 16


@dataclass(frozen=True, slots=True)
class Bench:
    """What judging stands on; one a worker process."""

    database: Database
    pool: JudgePool
    vault: Vault
    pace: Pace
    owner: str


@dataclass(slots=True)
class Slice:
    """A claim at work. The clock, a heartbeat or a shutdown may stop it; once lost, nothing more is written."""

    claim: Claim
    stop: StopSignal = field(default_factory=StopSignal)
    lost: bool = False

    def lose(self) -> None:
        """The shard is not ours any more: start no new call."""
        self.lost = True
        self.stop.set()


class StoredImages:
    """Images of one project, read when a call is about to be made; the last few are kept for the other order."""

    def __init__(self, database: Database, project: int) -> None:
        self._database, self._project = database, project
        self._kept: OrderedDict[str, tuple[str, bytes]] = OrderedDict()

    async def load(self, sha256: str) -> tuple[str, bytes]:
        """Media type and bytes; ImageMissing when nobody has them."""
        if sha256 in self._kept:
            return self._kept[sha256]
        async with self._database.transaction() as tx:
            found = await targets.image(tx, self._project, sha256)
        if found is None:
            raise ImageMissing(f"image {sha256[:12]} is not stored any more")
        self._kept[sha256] = found
        if len(self._kept) > KEPT_IMAGES:
            self._kept.popitem(last=False)
        return found


@dataclass(frozen=True, slots=True)
class _Owed:
    """What a shard still lacks: its targets, each with its missing units."""

    frozen: Frozen
    plan: Plan
    targets: list[tuple[StoredTarget, tuple[Slot, ...]]]


async def work_on(bench: Bench, running: Slice) -> None:
    """Judge a claimed shard for about `pace.slice` seconds, release it, and finish its job if it was the last."""
    claim = running.claim
    owed = await _read(bench.database, claim)
    flusher = Flusher(bench.database, claim, owed.plan, bench.pace, on_lost=running.lose)
    flushing = asyncio.create_task(flusher.run())
    bell = asyncio.get_running_loop().call_later(bench.pace.slice, running.stop.set)
    try:
        ask = _one_by_one if claim.suspect else _together
        end = await ask(bench, running, owed, flusher)
    finally:
        bell.cancel()
        flusher.end()
        await flushing
    if end.gate is not None:
        await canary.report_fault(bench.database, claim.judge, end.gate, bench.pace)
    if not running.lost:
        await _give_back(bench.database, claim, end)


async def _read(database: Database, claim: Claim) -> _Owed:
    async with database.transaction() as tx:
        frozen = await targets.frozen(tx, claim.job, claim.judge_no)
        done = await done_slots(tx, claim)
        plan = plan_of(frozen.spec, frozen.judge)
        slots = tuple(plan.slots())
        missing = {
            seq: tuple(slot for slot in slots if slot not in done.get(seq, ()))
            for seq in range(claim.first_seq, claim.end_seq)
        }
        stored = await targets.targets(tx, claim.job, [seq for seq, left in missing.items() if left])
    return _Owed(frozen, plan, [(target, missing[target.seq]) for target in stored])


async def _together(bench: Bench, running: Slice, owed: _Owed, flusher: Flusher) -> SliceEnd:
    """The usual way: many targets at once, both orders of each beside each other."""
    ready = []
    for target, slots in owed.targets:
        if target.images_error is not None:
            _fail(flusher.add, target, slots, Outcome.IMAGE_UNAVAILABLE, target.images_error)
        else:
            ready.append(Target(target.seq, target.pair, slots))
    return await _ask(bench, running, owed, ready, flusher.add)


async def _one_by_one(bench: Bench, running: Slice, owed: _Owed, flusher: Flusher) -> SliceEnd:
    """The careful way for a shard on which workers died: each unit is named before it is touched."""
    claim, end = running.claim, DONE
    for target, slots in owed.targets:
        for slot in slots:
            if running.stop.now() or end.gate is not None:
                return end
            named = claim.named
            if named and (named.seq, named.slot) == (target.seq, slot) and named.deaths >= POISON_AFTER:
                _fail(flusher.add, target, (slot,), Outcome.POISON, f"{named.deaths} workers died on this unit")
            else:
                async with bench.database.transaction() as tx:
                    if not await shards.name_unit(tx, claim, target.seq, slot):
                        running.lose()
                        return end
                one = Target(target.seq, target.pair, (slot,))
                end = await _ask(bench, running, owed, [one], flusher.add)
            await flusher.flush()
    return end


async def _ask(
    bench: Bench,
    running: Slice,
    owed: _Owed,
    ready: list[Target],
    emit: Callable[[Judgment], None],
) -> SliceEnd:
    frozen = owed.frozen
    secret = None if frozen.secret is None else bench.vault.decrypt(frozen.secret)
    assignment = Assignment(frozen.judge, secret, frozen.rubric, owed.plan, frozen.fence_secret)
    images = StoredImages(bench.database, running.claim.project)
    bench.pool.serving[running.claim.judge] = bench.pool.lane(frozen.judge, secret)
    return await judge_slice(assignment, ready, pool=bench.pool, images=images, emit=emit, stop=running.stop)


def _fail(
    emit: Callable[[Judgment], None], target: StoredTarget, slots: tuple[Slot, ...], outcome: Outcome, why: str
) -> None:
    for slot in slots:
        emit(Judgment(target.seq, slot, outcome, detail=why, calls=0))


async def _give_back(database: Database, claim: Claim, end: SliceEnd) -> None:
    """Release, and then, seeing everybody's commits, close the job if nothing is open."""
    async with database.transaction() as tx:
        await shards.release(tx, claim, not_before=end.retry_after)
    async with database.transaction() as tx:
        await finishing.finish_jobs(tx, job=claim.job)
