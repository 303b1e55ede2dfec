"""Carrying finished units to the database: in batches, in order, until they are stored or the fence is lost."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

import structlog

from app.domain.errors import Unavailable
from app.domain.judgment import Judgment
from app.domain.order import Plan
from app.services.pace import Pace
from app.store import judgments
from app.store.database import Database
from app.store.shards import Claim

log = structlog.get_logger()
OUTAGE_PAUSE = 0.5


class Flusher:
    """Collects the judgments of one claim and flushes them by number, by age and at the end.

    `on_lost` is called when a batch was refused, or could not be stored for two leases: nothing more will be.
    """

    def __init__(self, database: Database, claim: Claim, plan: Plan, pace: Pace, on_lost: Callable[[], None]) -> None:
        self._database, self._claim, self._plan, self._pace = database, claim, plan, pace
        self._on_lost = on_lost
        self._batch: list[Judgment] = []
        self._full = asyncio.Event()
        self._ended = False

    def add(self, judgment: Judgment) -> None:
        """Take one finished unit; never blocks."""
        self._batch.append(judgment)
        if len(self._batch) >= self._pace.flush_rows:
            self._full.set()

    async def run(self) -> None:
        """Flush until `end` was called and nothing is left."""
        while not (self._ended and not self._batch):
            try:
                async with asyncio.timeout(self._pace.flush):
                    await self._full.wait()
            except TimeoutError:
                pass  # the age limit: flush what is there
            if not self._ended:
                self._full.clear()
            await self.flush()

    def end(self) -> None:
        """No more units will come; `run` returns after the last flush."""
        self._ended = True
        self._full.set()

    async def flush(self) -> None:
        """Store what has been collected so far."""
        batch, self._batch = self._batch, []
        if not batch:
            return
        stored = await self._store(batch)
        if stored is None or stored.fenced:
            log.warning("judgments.refused", shard=self._claim.shard, fence=self._claim.fence, rows=len(batch))
            self._on_lost()

    async def _store(self, batch: list[Judgment]) -> judgments.Flushed | None:
        """One batch, again and again through an outage of the database; None after two leases."""
        give_up = time.monotonic() + 2 * self._pace.lease
        while True:
            try:
                return await judgments.flush(self._database, self._claim, self._plan, batch)
            except Unavailable:
                if time.monotonic() > give_up:
                    return None
                await asyncio.sleep(OUTAGE_PAUSE)
