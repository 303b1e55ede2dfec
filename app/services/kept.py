"""What is dear to make is made once at a time and kept within a budget of bytes."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Kept(Generic[K, V]):
    """Values by key. Who asks for one that is being made waits for it; nobody waits for another key's.

    `budget`: bytes beyond which those asked for longest ago are forgotten; the last one made always stays.
    """

    def __init__(self, budget: int, weigh: Callable[[V], int]) -> None:
        self._budget, self._weigh = budget, weigh
        self._done: OrderedDict[K, tuple[V, int]] = OrderedDict()
        self._making: dict[K, asyncio.Task[V]] = {}
        self._weight = 0

    def __contains__(self, key: K) -> bool:
        return key in self._done

    def peek(self, key: K) -> V | None:
        """The value, if it is there; it counts as asked for."""
        if key not in self._done:
            return None
        self._done.move_to_end(key)
        return self._done[key][0]

    async def get(self, key: K, make: Callable[[], Awaitable[V]]) -> V:
        """The value, made by `make` when it is not there. Its error reaches everyone who waits, and is not kept."""
        if key in self._done:
            self._done.move_to_end(key)
            return self._done[key][0]
        if key not in self._making:
            self._making[key] = asyncio.create_task(self._make(key, make))
            self._making[key].add_done_callback(_look)
        return await asyncio.shield(self._making[key])  # one who gives up must not take it from the others

    async def _make(self, key: K, make: Callable[[], Awaitable[V]]) -> V:
        try:
            value = await make()
        finally:
            del self._making[key]
        weight = self._weigh(value)
        self._done[key] = value, weight
        self._weight += weight
        while self._weight > self._budget and len(self._done) > 1:
            self._weight -= self._done.popitem(last=False)[1][1]
        return value


def _look(task: asyncio.Task[V]) -> None:
    """Look at an error that nobody may be left to hear of, so that it is not logged as forgotten."""
    if not task.cancelled():
        task.exception()
