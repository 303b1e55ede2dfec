"""Tells a slice to start no new call: because its time is over, or because somebody said so."""

from __future__ import annotations

import asyncio
import time


class StopSignal:
    """Set by `set()`, or by itself `after` so many seconds from its making. Calls in flight go on."""

    def __init__(self, after: float | None = None) -> None:
        self._event = asyncio.Event()
        self._ends = float("inf") if after is None else time.monotonic() + after

    def set(self) -> None:
        self._event.set()

    def now(self) -> bool:
        """Whether no new call may start."""
        return self._event.is_set() or time.monotonic() >= self._ends

    async def sleep(self, seconds: float) -> bool:
        """Sleep, but no longer than until the stop; True when stopped."""
        try:
            async with asyncio.timeout(min(seconds, max(self._ends - time.monotonic(), 0.0))):
                await self._event.wait()
        except TimeoutError:
            pass
        return self.now()
