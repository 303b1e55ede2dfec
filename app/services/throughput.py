"""How fast units are finished: from samples of the shards' counters, taken whenever somebody looks."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Mapping

Sample = tuple[float, int]
WINDOW_SECONDS = 120.0
# Counters move in batches of a flush: a rate over less time would be mostly chance.
SHORTEST_SECONDS = 2.0


class Throughput:
    """Units finished a minute over the last two minutes, for each job and project.

    In memory of this process and without a clock of its own: it knows what its readers were shown. It says None until
    it has seen a job twice, `SHORTEST_SECONDS` apart; what a job finished while nobody looked counts from the sample
    before. A retry, which takes finished units back, begins anew.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._seen: dict[tuple[int, str], deque[Sample]] = {}

    def note(self, project: int, finished: Mapping[str, int]) -> None:
        """Units finished so far, by job."""
        now = self._clock()
        for job, count in finished.items():
            seen = self._seen.setdefault((project, job), deque())
            if seen and count < seen[-1][1]:
                seen.clear()
            if len(seen) > 1 and now - seen[-2][0] < 1.0:
                seen.pop()  # readers in a hurry must not fill the memory
            seen.append((now, count))
            while len(seen) > 1 and seen[0][0] < now - WINDOW_SECONDS:
                seen.popleft()
        self._forget(now)

    def per_minute(self, project: int, job: str) -> float | None:
        """Of one job."""
        seen = self._seen.get((project, job))
        if seen is None:
            return None
        (begun, before), (_, after) = seen[0], seen[-1]
        seconds = self._clock() - begun
        if len(seen) == 1 or seconds < SHORTEST_SECONDS:
            return None
        return 60.0 * (after - before) / seconds

    def of_project(self, project: int) -> float | None:
        """Of all its jobs together; None while none is known."""
        rates = [self.per_minute(*key) for key in self._seen if key[0] == project]
        known = [rate for rate in rates if rate is not None]
        return sum(known) if known else None

    def _forget(self, now: float) -> None:
        for key in [key for key, seen in self._seen.items() if seen[-1][0] < now - WINDOW_SECONDS]:
            del self._seen[key]
