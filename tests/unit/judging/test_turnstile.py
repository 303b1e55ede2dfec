"""Nobody overtakes, nobody is forgotten, and a cancelled waiter leaves no place behind."""

from __future__ import annotations

import asyncio
import random

import pytest

from app.judging.turnstile import Turnstile


def gate(places):
    turnstile = Turnstile(lambda _: turnstile.inside < places)
    return turnstile


async def test_first_come_first_served_up_to_the_places():
    turnstile, order, most = gate(2), [], 0

    async def visit(number):
        nonlocal most
        async with turnstile.held():
            order.append(number)
            most = max(most, turnstile.inside)
            await asyncio.sleep(0)

    await asyncio.gather(*(visit(number) for number in range(20)))
    assert order == list(range(20))
    assert (most, turnstile.inside) == (2, 0)


async def test_sizes_are_summed_and_a_small_one_does_not_overtake():
    turnstile = Turnstile(lambda size: turnstile.inside == 0 or turnstile.load + size <= 10)
    order = []

    async def visit(size):
        async with turnstile.held(size):
            order.append(size)
            assert turnstile.load <= max(10, size)
            await asyncio.sleep(0)

    await asyncio.gather(*(visit(size) for size in (6, 7, 1, 50, 2)))
    assert order == [6, 7, 1, 50, 2]
    assert turnstile.load == 0


async def test_random_cancellation_leaves_every_place_free():
    turnstile, rng = gate(3), random.Random(5)

    async def visit():
        async with turnstile.held():
            await asyncio.sleep(0)
            async with turnstile.outside():
                await asyncio.sleep(0)
            await asyncio.sleep(0)

    tasks = [asyncio.create_task(visit()) for _ in range(200)]
    while not all(task.done() for task in tasks):
        rng.choice(tasks).cancel()
        await asyncio.sleep(0)
        assert turnstile.inside <= 3 + sum(not task.done() for task in tasks)
    await asyncio.gather(*tasks, return_exceptions=True)
    assert turnstile.inside == 0


async def test_somebody_outside_lends_the_place():
    turnstile, seen = gate(1), []

    async def lender():
        async with turnstile.held():
            async with turnstile.outside():
                await asyncio.sleep(0.01)
                seen.append("outside")
            seen.append("inside again")

    async def borrower():
        async with turnstile.held():
            seen.append("borrowed")

    await asyncio.gather(lender(), borrower())
    assert seen == ["borrowed", "outside", "inside again"]


async def test_an_error_outside_comes_out_and_the_place_is_given_back():
    turnstile = gate(1)
    with pytest.raises(KeyError):
        async with turnstile.held(), turnstile.outside():
            raise KeyError
    assert turnstile.inside == 0
