"""The sweeper: part of correctness, not of tidiness. Every worker runs it; a lock lets one at a time through."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

from app.services.pace import Pace
from app.store import finishing, workers
from app.store.database import Database

# Any number of ours; it names the sweeper's lock within the database.
LOCK = 7_426_332
DEAD_WORKER_SECONDS = 3_600.0


class Sweeper:
    """Closes finished jobs, pauses stuck or spent ones, forgets dead workers, and runs the errands it was given.

    Expired leases need no sweep: a claim takes them by itself. `errands`: slower duties (image fetching, clearing
    abandoned uploads), each with transactions of its own.
    """

    def __init__(self, database: Database, pace: Pace, errands: Sequence[Callable[[], Awaitable[object]]] = ()) -> None:
        self._database, self._pace, self._errands = database, pace, errands

    async def sweep(self) -> None:
        """One round."""
        async with self._database.transaction() as tx:
            if not await finishing.take_turn(tx, LOCK):
                return
            await finishing.finish_jobs(tx)
            await finishing.pause_stuck_jobs(tx)
            await finishing.pause_spent_jobs(tx)
            await workers.forget_dead(tx, after=DEAD_WORKER_SECONDS)
        for errand in self._errands:
            await errand()
