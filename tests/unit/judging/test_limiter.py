"""The limiter against simulated endpoints: it finds their slots, whether they refuse or queue."""

from __future__ import annotations

import heapq
import random
from collections import deque
from dataclasses import dataclass

import pytest

from app.judging.limiter import FIRST_LIMIT, Limiter

WORK = 0.2  # seconds


@dataclass
class Run:
    goodput: float  # share of the slots kept busy
    most_in_flight: int
    limit: float


def run(slots: int, most: int, *, refuses: bool, spread: float = 0.0, answers: int = 20_000) -> Run:
    """Simulate an endpoint with so many slots that refuses, or queues, whatever is beyond them."""
    limiter, rng, clock = Limiter(most), random.Random(1), 0.0
    ends: list[tuple[float, float, bool]] = []
    queued: deque[float] = deque()
    busy = in_flight = most_in_flight = done = 0
    while done < answers:
        while in_flight < int(limiter.limit):
            in_flight += 1
            if busy < slots:
                busy += 1
                heapq.heappush(ends, (clock + WORK * rng.uniform(1 - spread, 1 + spread), clock, True))
            elif refuses:
                heapq.heappush(ends, (clock + 0.001, clock, False))
            else:
                queued.append(clock)
        most_in_flight = max(most_in_flight, in_flight)
        clock, sent, answered = heapq.heappop(ends)
        in_flight -= 1
        if not answered:
            limiter.overloaded(sent, clock)
            continue
        done += 1
        busy -= 1
        limiter.answered(clock - sent)
        if queued:
            busy += 1
            heapq.heappush(ends, (clock + WORK * rng.uniform(1 - spread, 1 + spread), queued.popleft(), True))
    return Run(done / clock / (slots / WORK), most_in_flight, limiter.limit)


@pytest.mark.parametrize("spread", [0.0, 0.8])
@pytest.mark.parametrize("slots", [8, 64])
def test_an_endpoint_that_refuses_is_kept_busy(slots, spread):
    found = run(slots, 1_024, refuses=True, spread=spread)
    assert found.goodput > 0.93
    assert found.most_in_flight < slots * 1.5


@pytest.mark.parametrize("spread", [0.0, 0.8])
@pytest.mark.parametrize("slots", [8, 64])
def test_an_endpoint_that_queues_is_kept_busy_and_its_queue_short(slots, spread):
    found = run(slots, 1_024, refuses=False, spread=spread)
    assert found.goodput > 0.95
    assert found.most_in_flight < slots * 3
    assert found.limit < slots * 2.5


def test_an_endpoint_that_takes_all_gets_all():
    assert run(10_000, 256, refuses=False).limit == 256


def test_it_starts_small_and_never_leaves_its_bounds():
    limiter = Limiter(6)
    assert limiter.limit == FIRST_LIMIT
    for _ in range(1_000):
        limiter.answered(0.1)
    assert limiter.limit == 6
    for second in range(1_000):
        limiter.overloaded(second, second + 0.5)
    assert limiter.limit == 1
    assert Limiter(2).limit == 2


def test_a_burst_of_refusals_is_one_cut():
    limiter = Limiter(100)
    limiter.limit = 50.0
    for _ in range(20):
        limiter.overloaded(started=1.0, now=2.0)
    assert limiter.limit == pytest.approx(45.0)
    limiter.overloaded(started=3.0, now=4.0)
    assert limiter.limit == pytest.approx(40.5)
