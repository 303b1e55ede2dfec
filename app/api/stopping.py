"""Being told to stop: answers that would go on for ever have to end before the server waits for them."""

from __future__ import annotations

import asyncio
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

SIGNALS = (signal.SIGINT, signal.SIGTERM)


@contextmanager
def when_told_to_stop(act: Callable[[], None]) -> Iterator[None]:
    """Call `act` on the running loop as soon as a signal tells this process to stop, before the server acts on it.

    The server stops accepting at the signal and waits for open answers; the lifespan's own end comes only after that.
    It has set its handlers before the lifespan begins: they are called after ours. Outside the main thread there are
    no signals, and whoever stops the server must close its answers.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    loop = asyncio.get_running_loop()
    found = {number: signal.getsignal(number) for number in SIGNALS}
    theirs = {number: handler for number, handler in found.items() if callable(handler)}

    def told(number: int, frame: FrameType | None) -> None:
        loop.call_soon_threadsafe(act)
        theirs[signal.Signals(number)](number, frame)

    for number in theirs:
        signal.signal(number, told)
    try:
        yield
    finally:
        for number, handler in theirs.items():
            if signal.getsignal(number) is told:
                signal.signal(number, handler)
