"""What is dear to make: once at a time, nobody waits for another key, old ones go beyond the budget."""

from __future__ import annotations

import asyncio

import pytest

from app.services.kept import Kept


class Maker:
    """Counts what it made; `gate` lets it finish."""

    def __init__(self) -> None:
        self.made: list[str] = []
        self.gate = asyncio.Event()

    def of(self, key: str):
        async def make() -> str:
            self.made.append(key)
            await self.gate.wait()
            return key * 3

        return make


async def test_two_who_ask_at_once_get_one_value():
    kept, maker = Kept(100, len), Maker()
    asking = [asyncio.create_task(kept.get("a", maker.of("a"))) for _ in range(5)]
    await asyncio.sleep(0)
    maker.gate.set()
    assert await asyncio.gather(*asking) == ["aaa"] * 5
    assert maker.made == ["a"]
    assert await kept.get("a", maker.of("a")) == "aaa"
    assert maker.made == ["a"]


async def test_a_slow_one_holds_nobody_up():
    kept, slow, quick = Kept(100, len), Maker(), Maker()
    quick.gate.set()
    waiting = asyncio.create_task(kept.get("slow", slow.of("slow")))
    await asyncio.sleep(0)
    assert await asyncio.wait_for(kept.get("quick", quick.of("quick")), 1) == "quick" * 3
    assert not waiting.done()
    slow.gate.set()
    await waiting


async def test_who_gives_up_does_not_take_it_from_the_others():
    kept, maker = Kept(100, len), Maker()
    first, second = (asyncio.create_task(kept.get("a", maker.of("a"))) for _ in range(2))
    await asyncio.sleep(0)
    first.cancel()
    await asyncio.sleep(0)
    maker.gate.set()
    assert await second == "aaa"
    assert maker.made == ["a"]


async def test_an_error_reaches_everyone_and_is_not_kept():
    kept, maker = Kept(100, len), Maker()
    maker.gate.set()

    async def fail() -> str:
        await asyncio.sleep(0)
        raise ZeroDivisionError

    asking = [asyncio.create_task(kept.get("a", fail)) for _ in range(2)]
    for one in asking:
        with pytest.raises(ZeroDivisionError):
            await one
    assert await kept.get("a", maker.of("a")) == "aaa"


async def test_those_asked_for_longest_ago_go_beyond_the_budget():
    kept, maker = Kept(6, len), Maker()
    maker.gate.set()
    for key in ("a", "b", "a", "c"):  # three bytes each; a was asked for after b
        await kept.get(key, maker.of(key))
    assert [key in kept for key in "abc"] == [True, False, True]
    await kept.get("large", maker.of("large"))
    assert [key in kept for key in ("a", "c", "large")] == [False, False, True]
    await kept.get("a", maker.of("a"))
    assert ["a" in kept, "large" in kept] == [True, False]
