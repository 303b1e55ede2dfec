"""A server process that can be started, stopped, killed and started again at the same address."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from app.embedded.processes import Child, Command, StartFailed, wait_until


def nothing_to_do() -> None:
    """What most services need before a start."""


@dataclass
class Service:
    """`ready` tells whether the child answers; `before` runs ahead of every start; `notice` is for the user.
    After a kill the old process's remains can stand in the way for a moment, so a start is tried for
    `retry_seconds`.
    """

    command: Command
    url: str
    ready: Callable[[Child], bool]
    start_seconds: float = 30.0
    stop_seconds: float = 10.0
    retry_seconds: float = 5.0
    before: Callable[[], None] = nothing_to_do
    notice: str = ""
    child: Child | None = field(default=None, init=False)

    @property
    def name(self) -> str:
        return self.command.name

    @property
    def alive(self) -> bool:
        return self.child is not None and self.child.alive

    def start(self) -> None:
        """Start it and wait until it is ready; raises StartFailed."""
        deadline = time.monotonic() + self.retry_seconds
        while True:
            try:
                return self._try_start()
            except StartFailed:
                if time.monotonic() > deadline:
                    raise
            time.sleep(0.2)

    def _try_start(self) -> None:
        self.before()
        child = self.child = Child(self.command)
        try:
            wait_until(lambda: self.ready(child), child=child, seconds=self.start_seconds)
        except BaseException:
            child.kill()
            raise

    def ask_to_stop(self) -> None:
        """Tell it to stop and return at once."""
        if self.child is not None:
            self.child.ask_to_stop()

    def stop(self) -> None:
        """Stop it in good order; kill it when that takes longer than `stop_seconds`."""
        if self.child is not None:
            self.child.stop(self.stop_seconds)

    def kill(self) -> None:
        """End it without warning, as a crash would."""
        if self.child is not None:
            self.child.kill()

    def restart(self) -> None:
        """Stop it and start it again at the same address."""
        self.stop()
        self.start()

    @contextlib.contextmanager
    def running(self) -> Iterator[Service]:
        """Started for the length of a `with` block."""
        self.start()
        try:
            yield self
        finally:
            self.stop()
