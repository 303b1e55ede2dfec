"""Learns how many calls an endpoint takes at once: grow while it helps, back off when it does not.

Servers either refuse beyond their limit (429, 503) or queue without one (vLLM, llama.cpp). The first is seen
by the refusals. The second by latency: past its slots a server answers no more calls a second, each only
waits longer, so growth stops where the mean latency of a round passes twice the least seen.
"""

from __future__ import annotations

FIRST_LIMIT = 4  # so few calls are spent before a wrong key or model shows
CUT = 0.9
SLOWED = 2.0
# While rounds are this near to the least latency the limit grows by half in each; only calls that are as near
# count for it, because what is answered now was sent one round ago.
STILL_FAST = 1.35
STRIDE = 0.5
# Single latencies vary with the length of replies: means are taken over at least so many.
SHORTEST_ROUND = 32


class Limiter:
    """The present `limit` of calls in flight to one endpoint, between 1 and `most`. Times in seconds."""

    def __init__(self, most: int) -> None:
        self.most = most
        self.limit = float(FIRST_LIMIT)
        self.start_over()

    def resize(self, most: int) -> None:
        self.most = most
        self.limit = min(self.limit, float(most))

    def start_over(self) -> None:
        """Forget everything: the endpoint may be another one now."""
        self.limit = float(min(FIRST_LIMIT, self.most))
        self._striding = True
        self._refused = False
        self._last_cut = float("-inf")
        self._least = float("inf")
        self._latencies: list[float] = []

    def answered(self, latency: float) -> None:
        """A call was answered after `latency`."""
        self._latencies.append(latency)
        if not self._striding:
            self.limit += 1.0 / self.limit
        elif latency <= STILL_FAST * self._least:
            self.limit += STRIDE
        self.limit = min(self.limit, float(self.most))
        if len(self._latencies) >= max(self.limit, SHORTEST_ROUND):
            self._end_round()

    def overloaded(self, started: float, now: float) -> None:
        """The endpoint refused or timed out a call that started at `started`; one cut for each burst."""
        self._striding, self._refused = False, True
        if started > self._last_cut:
            self._last_cut = now
            self.limit = max(1.0, self.limit * CUT)

    def _end_round(self) -> None:
        mean = sum(self._latencies) / len(self._latencies)
        self._latencies.clear()
        self._least = min(self._least, mean)
        self._striding = mean <= STILL_FAST * self._least and not self._refused
        if mean > SLOWED * self._least:
            self.limit = max(1.0, self.limit * CUT)
