"""Who may be called now: places in flight per judge, replicas, memory, and the gate that a sick judge closes."""

from __future__ import annotations

import time
import zlib
from collections import Counter
from collections.abc import Hashable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass

from app.domain.judge import Breaker, Judge
from app.judging.limiter import FIRST_LIMIT, Limiter
from app.judging.transport import Transport
from app.judging.turnstile import Turnstile

# A replica that fails so often in a row is left alone for a while, unless there is no other.
FAULTS_TO_REST = 3
REST_SECONDS = 10.0
# What one more call weighs in a replica's recent latency: half of it is from the last eleven.
LATENCY_WEIGHT = 1 / 16
# Pictures are weighed after they were read: so many calls may be that far.
LOADS_AT_ONCE = 4


@dataclass(frozen=True, slots=True)
class Patience:
    """How long and how often the engine tries. Times in seconds."""

    transport_tries: int = 5
    reasks: int = 2
    backoff: float = 1.0  # full jitter: up to backoff x 2^tries
    longest_backoff: float = 60.0
    unsaid_wait: float = 1.0  # after 429 or 503 without Retry-After; 0 to 50 % jitter on top of any wait
    faults_to_close: int = 5
    max_reply_bytes: int = 1 << 20


@dataclass(frozen=True, slots=True)
class GateFault:
    """Why a judge may not be called: `kind` is `config` or `transport`; a canary decides when it may again."""

    kind: str
    reason: str


@dataclass(slots=True)
class Replica:
    """One base URL of a judge. `answered`: calls with a proper answer; `latency`: seconds, of recent ones."""

    url: str
    limiter: Limiter
    in_flight: int = 0
    faults: int = 0
    rests_until: float = 0.0
    answered: int = 0
    latency: float | None = None

    def note(self, latency: float) -> None:
        """One more proper answer."""
        self.limiter.answered(latency)
        self.faults = 0
        self.answered += 1
        before = latency if self.latency is None else self.latency
        self.latency = before + LATENCY_WEIGHT * (latency - before)


class Lane:
    """The way to one judge, shared by all slices of the process; `places` bounds its calls in flight.

    `owed`: transport tries of units that were left pending, so that slices cannot make tries endless.
    `suspects`: units whose request the endpoint called unsupported. `rejected`: targets refused in a row.
    """

    def __init__(self, judge: Judge) -> None:
        self.replicas = tuple(Replica(url, Limiter(judge.max_in_flight)) for url in judge.urls)
        self.places = Turnstile(lambda _: self.places.inside < self._limit())
        self.fault: GateFault | None = None
        self.faults_in_a_row = 0
        self.owed: Counter[Hashable] = Counter()
        self.suspects: set[Hashable] = set()
        self.rejected: set[Hashable] = set()
        self._most = judge.max_in_flight
        self._slices = 0
        self._proven = self._was_shut = False

    def resize(self, most: int) -> None:
        """Take another bound on calls in flight: the judge's own, as it stands in the newest slice."""
        self._most = most
        for replica in self.replicas:
            replica.limiter.resize(most)

    def open_slice(self) -> bool:
        """Begin a slice. A closed gate opens again once no slice of before is left: the caller has looked."""
        if self.fault is not None and self._slices == 0:
            self._start_over()
        if self.fault is None:
            self._slices += 1
        return self.fault is None

    def close_slice(self) -> None:
        self._slices -= 1

    def close_gate(self, kind: str, reason: str) -> None:
        """Let nobody call any more; the first reason stands."""
        self.fault = self.fault or GateFault(kind, reason)

    def route(self, item_id: str) -> Replica:
        """The replica for an item: its own one, where its prefix is cached, unless that is fuller or resting."""
        now = time.monotonic()
        awake = [replica for replica in self.replicas if replica.rests_until <= now] or list(self.replicas)
        home = awake[zlib.crc32(item_id.encode("utf-8", "surrogatepass")) % len(awake)]
        if home.in_flight < int(home.limiter.limit):
            return home
        return min(awake, key=lambda replica: replica.in_flight / replica.limiter.limit)

    def succeeded(self, replica: Replica, latency: float) -> None:
        """The endpoint answered properly: health is progress."""
        replica.note(latency)
        self.faults_in_a_row = 0
        self._proven, self._was_shut = True, False
        self.rejected.clear()
        self.places.wake()

    def faulted(self, replica: Replica) -> None:
        """The endpoint gave no answer."""
        self.faults_in_a_row += 1
        replica.faults += 1
        if replica.faults >= FAULTS_TO_REST:
            replica.rests_until = time.monotonic() + REST_SECONDS

    def breaker(self, replica: Replica) -> tuple[Breaker, str | None]:
        """Whether calls are let through to a replica, and why not."""
        if self.fault is not None:
            return Breaker.OPEN, self.fault.reason
        if replica.rests_until > time.monotonic():
            return Breaker.OPEN, f"left alone for {REST_SECONDS:.0f} s: {replica.faults} calls in a row had no answer"
        if replica.faults >= FAULTS_TO_REST:
            return Breaker.HALF_OPEN, f"tried again after {replica.faults} calls in a row without an answer"
        if self._was_shut:
            return Breaker.HALF_OPEN, "tried again after a fault; no answer yet"
        return Breaker.CLOSED, None

    def _limit(self) -> int:
        learnt = sum(int(replica.limiter.limit) for replica in self.replicas)
        return min(self._most, learnt if self._proven else FIRST_LIMIT)

    def _start_over(self) -> None:
        self.fault = None
        self.faults_in_a_row = 0
        self._proven, self._was_shut = False, True
        self.rejected.clear()
        for replica in self.replicas:
            replica.limiter.start_over()
            replica.faults = 0
            replica.rests_until = 0.0


class JudgePool:
    """All judges of a process: one lane each, one transport, and bounds over everything in flight."""

    def __init__(
        self,
        transport: Transport,
        *,
        max_in_flight: int = 256,
        max_in_flight_bytes: int = 256 << 20,
        patience: Patience | None = None,
    ) -> None:
        self.transport = transport
        self.max_in_flight = max_in_flight
        self.patience = patience or Patience()
        self._max_bytes = max_in_flight_bytes
        self._room = Turnstile(self._fits)
        self._loading = Turnstile(lambda _: self._loading.inside < LOADS_AT_ONCE)
        self._lanes: dict[Hashable, Lane] = {}
        # The lane used last for each judge, by whatever id its owner knows it.
        self.serving: dict[int, Lane] = {}

    def lane(self, judge: Judge, api_key: str | None) -> Lane:
        """The lane of a judge. Another key is another lane: a wrong one must not close the gate of a right one."""
        key = (judge.name, judge.urls, judge.served_model, api_key)
        if key not in self._lanes:
            self._lanes[key] = Lane(judge)
        self._lanes[key].resize(judge.max_in_flight)
        return self._lanes[key]

    def room(self, size: int) -> AbstractAsyncContextManager[None]:
        """Hold one call and `size` bytes of what the process may have in flight."""
        return self._room.held(size)

    def loading(self) -> AbstractAsyncContextManager[None]:
        """To be held from before images are read until there is room for them."""
        return self._loading.held()

    async def aclose(self) -> None:
        await self.transport.aclose()

    def _fits(self, size: int) -> bool:
        room = self._room
        if room.inside == 0:  # a giant goes alone
            return True
        return room.inside < self.max_in_flight and room.load + size <= self._max_bytes
