"""The sweeper: part of correctness, not of tidiness. Every worker runs it; a lock lets one at a time through."""

from __future__ import annotations

from app.services.pace import Pace
from app.services.pictures import FetchGuard, ImageLimits, prepare_some
from app.store import asked, finishing, idempotency, images, sessions, uploads, workers
from app.store.database import Database

# Any numbers of ours; they name the sweeper's locks within the database.
JOBS, RUBBISH, ASKED = 7_426_332, 7_426_333, 7_426_334
DEAD_WORKER_SECONDS = 3_600.0
KEY_SECONDS = 86_400.0


class Sweeper:
    """Moves jobs on and clears away what nobody needs. Expired leases need no sweep: a claim takes them by itself."""

    def __init__(
        self, database: Database, pace: Pace, limits: ImageLimits | None = None, guard: FetchGuard | None = None
    ) -> None:
        self._database, self._pace = database, pace
        self._limits, self._guard = limits or ImageLimits(), guard or FetchGuard()

    async def sweep(self) -> None:
        """Close finished jobs, pause stuck or spent ones."""
        async with self._database.transaction() as tx:
            if await finishing.take_turn(tx, JOBS):
                await finishing.finish_jobs(tx)
                await finishing.pause_stuck_jobs(tx)
                await finishing.pause_spent_jobs(tx)
        await self._keep_what_was_asked()

    async def _keep_what_was_asked(self) -> None:
        """A report of a finished job need not walk over its replies; a failure here costs it that walk only."""
        async with self._database.transaction() as tx:
            if await finishing.take_turn(tx, ASKED):
                await asked.keep_one(tx)

    async def clear_away(self) -> None:
        """Forget abandoned uploads, pictures nobody refers to, old keys of requests, dead workers and sessions."""
        async with self._database.transaction() as tx:
            if await finishing.take_turn(tx, RUBBISH):
                await uploads.sweep_uploads(tx, self._pace.upload_ttl)
                await images.sweep_images(tx)
                await idempotency.sweep_keys(tx, KEY_SECONDS)
                await workers.forget_dead(tx, after=DEAD_WORKER_SECONDS)
                await sessions.forget_expired(tx)

    async def prepare_pictures(self) -> None:
        """Fetch the pictures that preparing jobs wait for."""
        while await prepare_some(self._database, self._limits, self._guard):
            pass
