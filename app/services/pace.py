"""How fast the job protocol beats: the times and sizes services need, in seconds and rows."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Pace:
    """Taken from Settings by bootstrap; the meaning of each is written there."""

    lease: float = 30.0
    slice: float = 5.0
    flush_rows: int = 256
    flush: float = 0.25
    sweep: float = 5.0
    poll: float = 1.0
    drain: float = 20.0
    canary: float = 60.0
    reconnect: float = 5.0
    slices: int = 4
    upload_ttl: float = 3_600.0

    @property
    def heartbeat(self) -> float:
        """Three beats a lease, and at least one in three seconds: pause and cancel travel on it."""
        return min(self.lease / 3, 3.0)

    @property
    def ring_again(self) -> float:
        """After how long a bell that nobody answered counts as lost."""
        return max(self.sweep, 3 * self.poll)
