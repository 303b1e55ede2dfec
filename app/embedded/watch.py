"""Starts services again when they end, ever slower while they keep ending."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from app.embedded.service import Service

LOOK_SECONDS = 0.2
FIRST_DELAY, LONGEST_DELAY = 0.5, 15.0
STEADY_SECONDS = 30.0  # alive for so long, it has recovered

logger = logging.getLogger(__name__)


@dataclass
class Guard:
    """The patience we have with one service."""

    service: Service
    launched: float
    delay: float = 0.0
    due: float | None = None

    def look(self, now: float) -> bool:
        """Launch the service again when that is due; says whether it did."""
        if self.service.alive:
            return False
        if self.due is None:
            self._schedule(now)
        elif now >= self.due:
            self.due, self.launched = None, now
            return self._launch()
        return False

    def _launch(self) -> bool:
        try:
            self.service.launch()
        except OSError:  # no memory, no processes: this thread must outlive it
            logger.exception("%s cannot be started now", self.service.name)
            return False
        return True

    def _schedule(self, now: float) -> None:
        recovered = now - self.launched > STEADY_SECONDS
        self.delay = FIRST_DELAY if recovered else min(max(2 * self.delay, FIRST_DELAY), LONGEST_DELAY)
        self.due = now + self.delay
        status = self.service.child and self.service.child.exit_status
        logger.warning("%s ended with status %s; starting it again in %.1f s", self.service.name, status, self.delay)


class Watch:
    """A thread that looks after services until stopped; `changed` is called after every new start."""

    def __init__(self, services: Sequence[Service], changed: Callable[[], None]) -> None:
        now = time.monotonic()
        self._guards = [Guard(service, launched=now) for service in services]
        self._changed = changed
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._look_after_them, name="watch", daemon=True)
        self._thread.start()

    def _look_after_them(self) -> None:
        while not self._ending.wait(LOOK_SECONDS):
            if sum(guard.look(time.monotonic()) for guard in self._guards):
                self._changed()

    def stop(self) -> None:
        """From now on what ends stays down."""
        self._ending.set()
        self._thread.join()
