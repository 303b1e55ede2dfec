"""What a worker process does all day, on one event loop: slices, heartbeats, doorbells, canaries, sweeping."""

from __future__ import annotations

import asyncio
import os
import random
import socket
from collections.abc import Awaitable, Callable, Coroutine, Sequence

import structlog

from app.domain.errors import Unavailable
from app.judging.pool import JudgePool
from app.services import canary
from app.services.judge_shard import Bench, Slice, work_on
from app.services.sweep import Sweeper
from app.store import lanes, shards, workers
from app.store.shards import Key

log = structlog.get_logger()
BELLS_IN_THE_AIR = 16
CLEAR_AWAY_SECONDS = 60.0
STOPPING = ("paused", "cancelled")


def new_owner() -> str:
    """A name no other worker life has: a restarted worker must not inherit the leases of the one that died."""
    return f"{socket.gethostname()}:{os.getpid()}:{random.getrandbits(32):08x}"


def lanes_of(pool: JudgePool) -> list[lanes.Lane]:
    """How every replica of every judge in use fares in this process."""
    return [
        lanes.Lane(
            judge,
            replica.url,
            *lane.breaker(replica),
            slots=replica.limiter.limit,
            in_flight=replica.in_flight,
            answered=replica.answered,
            latency_ms=None if replica.latency is None else replica.latency * 1_000,
        )
        for judge, lane in pool.serving.items()
        for replica in lane.replicas
    ]


class Worker:
    """Takes slices when a bell rings, and by polling, so that a dead broker costs latency only.

    `bell`: publishes one doorbell per shard id; blocking, called in a thread.
    """

    def __init__(self, bench: Bench, sweeper: Sweeper, bell: Callable[[Sequence[int]], None]) -> None:
        self._bench, self._sweeper, self._bell = bench, sweeper, bell
        self._running: dict[Key, Slice] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._claiming = asyncio.Lock()
        self._freed = asyncio.Event()
        self._alone = False
        self._draining = False
        self._salt = random.Random()  # noqa: S311 - whose turn it is, not a secret

    async def run(self) -> None:
        """All duties, until cancelled; then what they began is cancelled, too (drain first to let it end)."""
        pace = self._bench.pace
        try:
            async with asyncio.TaskGroup() as duties:
                duties.create_task(self._every(pace.heartbeat, self._beat))
                duties.create_task(self._every(pace.heartbeat, self._tell_lanes))
                duties.create_task(self._every(pace.poll, self._poll))
                duties.create_task(self._every(pace.poll, self._ring, wake=self._freed))
                duties.create_task(self._every(pace.poll, self._check_judges))
                duties.create_task(self._every(pace.sweep, self._sweeper.sweep))
                duties.create_task(self._every(pace.poll, self._sweeper.prepare_pictures))
                duties.create_task(self._every(CLEAR_AWAY_SECONDS, self._sweeper.clear_away))
        finally:
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)

    async def take_slice(self) -> bool:
        """Claim one shard and work on it; False when there was none or no room."""
        running = await self._claim()
        if running is None:
            return False
        await self._work(running)
        return True

    async def drain(self) -> None:
        """Start nothing new; let what is in flight be stored and given back, for at most `pace.drain` seconds."""
        self._draining = True
        give_up = asyncio.get_running_loop().time() + self._bench.pace.drain
        while self._running and asyncio.get_running_loop().time() < give_up:
            for running in self._running.values():
                running.stop.set()
            await asyncio.sleep(0.05)

    async def _work(self, running: Slice) -> None:
        try:
            await work_on(self._bench, running)
        except Unavailable as problem:
            log.warning("slice.left", shard=running.claim.shard, reason=problem.detail)  # its lease brings it back
        except Exception:  # the edge of a slice: the others go on, the lease brings this one back
            log.exception("slice.failed", shard=running.claim.shard)
        finally:
            del self._running[running.claim.key]
            self._alone = self._alone and not running.claim.suspect
            self._freed.set()

    async def _claim(self) -> Slice | None:
        async with self._claiming:  # one at a time, so that "runs nothing else" stays true for a suspect shard
            if self._draining or self._alone or len(self._running) >= self._bench.pace.slices:
                return None
            async with self._bench.database.transaction() as tx:
                claim = await shards.claim(
                    tx,
                    self._bench.owner,
                    lease=self._bench.pace.lease,
                    alone=not self._running,
                    salt=self._salt.getrandbits(62),
                )
            if claim is None:
                return None
            running = self._running[claim.key] = Slice(claim)
            self._alone = claim.suspect
            return running

    async def _beat(self) -> None:
        """Prolong the leases; stop slices that were lost, paused or cancelled."""
        at_work = list(self._running.values())
        async with self._bench.database.transaction() as tx:
            held = await shards.heartbeat(tx, [slice_.claim for slice_ in at_work], lease=self._bench.pace.lease)
            await workers.seen(tx, self._bench.owner, slices=len(at_work))
        alive = {one.key: one for one in held}
        for running in at_work:
            mine = alive.get(running.claim.key)
            if mine is None:
                running.lose()
            elif mine.job_status in STOPPING or mine.judge_status != "ready":
                running.stop.set()

    async def _tell_lanes(self) -> None:
        """Say how the judges fare. Apart from the heartbeat, whose leases must not hang on it."""
        if fares := lanes_of(self._bench.pool):
            async with self._bench.database.transaction() as tx:
                await lanes.tell(tx, self._bench.owner, fares)

    async def _poll(self) -> None:
        """Fill every free place; the usual way in is a bell, this is the one that cannot fail."""
        while (running := await self._claim()) is not None:
            self._spawn(self._work(running))

    async def _ring(self) -> None:
        """Ring for shards that wait: commit first, then publish."""
        async with self._bench.database.transaction() as tx:
            waiting = await shards.to_ring(tx, limit=BELLS_IN_THE_AIR, again_after=self._bench.pace.ring_again)
        if waiting:
            try:
                await asyncio.to_thread(self._bell, waiting)
            except OSError as problem:  # the broker is away; polling goes on and the bells are rung again later
                log.warning("bell.failed", reason=type(problem).__name__)

    async def _check_judges(self) -> None:
        """Canaries run beside each other: an endpoint that hangs must not keep another judge from starting."""
        while not self._draining and (due := await canary.take_due(self._bench)) is not None:
            self._spawn(self._guarded(canary.check(self._bench, due), judge=due.judge.name))

    async def _guarded(self, work: Coroutine[None, None, None], **what: str) -> None:
        try:
            await work
        except Unavailable as problem:
            log.warning("canary.postponed", reason=problem.detail, **what)
        except Exception:  # the edge of a task: nobody awaits it
            log.exception("canary.failed", **what)

    def _spawn(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)  # the loop itself keeps only weak references
        task.add_done_callback(self._tasks.discard)

    async def _every(
        self, seconds: float, duty: Callable[[], Awaitable[None]], wake: asyncio.Event | None = None
    ) -> None:
        """Do a duty again and again; an outage or a fault of one round never ends it."""
        wake = wake or asyncio.Event()
        while True:
            try:
                await duty()
            except Unavailable as problem:
                log.warning("duty.postponed", duty=duty.__name__, reason=problem.detail)
            except Exception:  # the edge of a duty: the next round must come whatever this one met
                log.exception("duty.failed", duty=duty.__name__)
            try:
                async with asyncio.timeout(seconds):
                    await wake.wait()
            except TimeoutError:
                pass  # the usual case: the time has come
            wake.clear()
