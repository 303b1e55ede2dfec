"""Lets coroutines in first come, first served, as long as a rule says that one more fits."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager


class Turnstile:
    """`inside`: how many are in; `load`: the sum of their sizes. `fits(size)` says whether one more may enter."""

    def __init__(self, fits: Callable[[int], bool]) -> None:
        self.inside = 0
        self.load = 0
        self._fits = fits
        self._waiting: deque[tuple[asyncio.Future[None], int]] = deque()

    async def enter(self, size: int = 0) -> None:
        if not self._waiting and self._fits(size):
            self._admit(size)
            return
        turn = asyncio.get_running_loop().create_future()
        self._waiting.append((turn, size))
        try:
            await turn
        except asyncio.CancelledError:
            if not turn.cancelled():  # let in and cancelled in the same moment
                self.leave(size)
            raise

    def leave(self, size: int = 0) -> None:
        self.inside -= 1
        self.load -= size
        self.wake()

    def wake(self) -> None:
        """Let in whoever fits now; to be called when the rule may have become looser."""
        while self._waiting:
            turn, size = self._waiting[0]
            if not turn.done() and not self._fits(size):
                return
            self._waiting.popleft()
            if not turn.done():
                self._admit(size)
                turn.set_result(None)

    @asynccontextmanager
    async def held(self, size: int = 0) -> AsyncIterator[None]:
        """Be inside."""
        await self.enter(size)
        try:
            yield
        finally:
            self.leave(size)

    @asynccontextmanager
    async def outside(self) -> AsyncIterator[None]:
        """Give the place to others meanwhile; afterwards the caller is inside again, whatever happened."""
        self.leave()
        try:
            yield
            await self.enter()
        except BaseException:
            self._admit(0)  # on the way out nobody waits for a place
            raise

    def _admit(self, size: int) -> None:
        self.inside += 1
        self.load += size
