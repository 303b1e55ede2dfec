"""A server process that can be started, stopped, killed and started again at the same address."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from app.embedded.processes import Child, Command, StartFailed, wait_until

RETRY_SECONDS = 5.0


def nothing_to_do() -> None:
    """What most services need before a start."""


@dataclass
class Service:
    """`ready` tells whether the child answers; `before` runs ahead of every start; `notice` is for the user.
    `retry_seconds` is for servers that a killed predecessor's remains can keep from starting for a moment.
    """

    command: Command
    url: str
    ready: Callable[[Child], bool]
    start_seconds: float = 30.0
    stop_seconds: float = 10.0
    retry_seconds: float = 0.0
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
                return self._start_once()
            except StartFailed:
                if time.monotonic() > deadline:
                    raise
            time.sleep(0.2)

    def _start_once(self) -> None:
        child = self.launch()
        try:
            wait_until(lambda: self.ready(child), child=child, seconds=self.start_seconds)
        except BaseException:
            child.kill()
            raise

    def launch(self) -> Child:
        """Start it without waiting."""
        self.before()
        self.child = Child(self.command)
        return self.child

    def ask_to_stop(self) -> None:
        """Tell it to stop and return at once."""
        if self.child is not None:
            self.child.ask_to_stop()

    def wait_for_end(self) -> None:
        """Wait until it has stopped; kill it when that takes longer than `stop_seconds`."""
        if self.child is not None:
            self.child.wait_or_kill(self.stop_seconds)

    def stop(self) -> None:
        """Stop it in good order."""
        self.ask_to_stop()
        self.wait_for_end()

    def kill(self) -> None:
        """End it without warning, as a crash would."""
        if self.child is not None:
            self.child.kill()

    def restart(self) -> None:
        """Stop it and start it again at the same address."""
        self.stop()
        self.start()
