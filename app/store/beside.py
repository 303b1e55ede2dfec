"""Work on whole columns beside the loop, one after the other in one thread.

One thread: each keeps memory of its own that it has freed, and such work holds the interpreter most of the time, so
that several would be no faster.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")
_HANDS = ThreadPoolExecutor(1, thread_name_prefix="columns")


async def beside(work: Callable[P, T], *arguments: P.args, **choices: P.kwargs) -> T:
    """What `work` returns; other coroutines go on meanwhile."""
    return await asyncio.wrap_future(_HANDS.submit(work, *arguments, **choices))
