"""What was made last is told at once, while one newer is made: once at a time, not too often, never too many."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime
from types import SimpleNamespace

import pytest

from app.domain.errors import Invalid, NotFound, Unavailable
from app.reports.sheet import Parameters
from app.services import recent
from app.services.publish import FRAGMENT, Snapshot
from app.services.recent import RecentPublisher

NOW = datetime(2026, 1, 31, 9, tzinfo=UTC)
PLAIN = Parameters()


class Scripted(RecentPublisher):
    """Computes nothing. `state` is what the job is like; `gate` lets reports be made; `made` lists them."""

    def __init__(self, **choices) -> None:
        super().__init__(None, **choices)
        self.state = Snapshot("job", "modality", "running", 0, (1,))
        self.made: list[tuple[str, int]] = []
        self.at_once = self.most_at_once = self.begun = 0
        self.gate = asyncio.Event()
        self.error: Exception | None = None

    async def _snapshot(self, _project, job_id, _parameters):
        if job_id == "gone":
            raise NotFound("there is no such job")
        return None, replace(self.state, public_id=job_id)

    async def _make(self, key, project):
        self.begun += 1
        await super()._make(key, project)

    async def _report(self, _source, snapshot, parameters):
        return await self._reports.get((snapshot, parameters), lambda: self._computed(snapshot, parameters))

    async def _computed(self, snapshot, parameters):
        self.made.append((snapshot.public_id, snapshot.counters[0]))
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        await self.gate.wait()
        self.at_once -= 1
        if self.error is not None:
            raise self.error
        return SimpleNamespace(
            envelope={"as_of": NOW.isoformat()}, counter=snapshot.counters[0], level=parameters.level
        )

    def _renderer(self, name):
        return lambda report: f"{name} of state {report.counter}"

    def judged(self, **changes) -> None:
        self.state = replace(self.state, **{"counters": (self.state.counters[0] + 1,), **changes})

    async def ask(self, job: str = "job", parameters: Parameters = PLAIN, patience: float = 0.0):
        return await self.recent(1, job, parameters, FRAGMENT, patience=patience)

    async def settle(self) -> None:
        """Let everything under way end."""
        while self._under_way:
            await asyncio.gather(*self._under_way.values())
            await asyncio.sleep(0)


@pytest.fixture
def clock(monkeypatch) -> SimpleNamespace:
    """Stands still unless it is moved."""
    told = SimpleNamespace(now=0.0)
    monkeypatch.setattr(recent.time, "monotonic", lambda: told.now)
    return told


async def test_the_first_who_asks_gets_nothing_at_once_and_one_is_made_for_all():
    publisher = Scripted()
    asked = await asyncio.gather(*(publisher.ask() for _ in range(20)))
    assert {(one.content, one.as_of, one.fresh) for one in asked} == {(None, None, False)}
    assert len(publisher._under_way) == 1
    publisher.gate.set()
    await publisher.settle()
    found = await publisher.ask()
    assert (found.content, found.as_of, found.fresh) == ("fragment of state 1", NOW, True)
    assert publisher.made == [("job", 1)]
    assert publisher.begun == 1  # not a task for everybody who asked


async def test_what_is_made_quickly_is_waited_for():
    publisher = Scripted()
    publisher.gate.set()
    assert (await publisher.ask(patience=5.0)).content == "fragment of state 1"


async def test_the_last_one_is_served_while_a_newer_one_is_made(clock):
    publisher = Scripted(seconds=0.0)
    publisher.gate.set()
    await publisher.ask(patience=5.0)
    publisher.gate.clear()
    publisher.judged()
    for _ in range(5):
        found = await publisher.ask(patience=5.0)  # patience is for the first one only
        await asyncio.sleep(0)
        assert (found.content, found.fresh) == ("fragment of state 1", False)
    assert publisher.made == [("job", 1), ("job", 2)]
    assert publisher.begun == 2
    publisher.gate.set()
    await publisher.settle()
    found = await publisher.ask()
    assert (found.content, found.fresh) == ("fragment of state 2", True)


async def test_who_has_the_last_one_may_wait_for_a_newer_one(clock):
    publisher = Scripted(seconds=0.0)
    publisher.gate.set()
    await publisher.ask(patience=5.0)
    publisher.judged()
    found = await publisher.recent(1, "job", PLAIN, FRAGMENT, patience=5.0, newer=True)
    assert (found.content, found.fresh) == ("fragment of state 2", True)


async def test_it_is_not_made_anew_all_the_time_unless_something_ends_or_begins():
    publisher = Scripted(seconds=60.0)
    publisher.gate.set()
    await publisher.ask(patience=5.0)
    publisher.judged()
    found = await publisher.ask()
    assert (found.content, found.fresh, publisher.made) == ("fragment of state 1", False, [("job", 1)])
    publisher.judged(status="completed")
    await publisher.ask()
    await publisher.settle()
    assert (await publisher.ask()).content == "fragment of state 3"
    publisher.judged(generation=1)
    await publisher.ask()
    await publisher.settle()
    assert (await publisher.ask()).content == "fragment of state 4"


async def test_what_is_dear_is_made_more_rarely(clock):
    publisher = Scripted(seconds=1.0)
    await publisher.ask()
    await asyncio.sleep(0)
    clock.now = 4.0  # it took so long
    publisher.gate.set()
    await publisher.settle()
    publisher.judged()
    for clock.now, made in ((4.0 + 4.0 / recent.BUSY - 0.1, 1), (4.0 + 4.0 / recent.BUSY, 2)):
        await publisher.ask()
        await publisher.settle()
        assert len(publisher.made) == made


async def test_never_more_than_a_few_at_once_and_never_a_long_queue():
    publisher = Scripted()
    many = [Parameters(seed=seed) for seed in range(3 * recent.MOST_UNDER_WAY)]
    for parameters in many:
        await publisher.ask(parameters=parameters)
    assert len(publisher._under_way) == recent.MOST_UNDER_WAY
    publisher.gate.set()
    await publisher.settle()
    assert publisher.most_at_once == recent.AT_ONCE
    assert len(publisher.made) == recent.MOST_UNDER_WAY
    assert (await publisher.ask(parameters=many[-1], patience=5.0)).content is not None


async def test_a_parameter_that_does_not_fit_is_told_once_it_is_known_and_not_tried_again(clock):
    publisher = Scripted(seconds=1.0)
    publisher.error = Invalid("no such anchor")
    publisher.gate.set()
    with pytest.raises(Invalid):
        await publisher.ask(patience=5.0)
    with pytest.raises(Invalid):
        await publisher.ask()
    assert len(publisher.made) == 1
    publisher.judged()
    publisher.error = None
    clock.now = 1.0
    assert (await publisher.ask(patience=5.0)).content == "fragment of state 2"


async def test_a_defect_is_told_and_tried_again_later(clock):
    publisher = Scripted(seconds=1.0)
    publisher.error = ZeroDivisionError()
    publisher.gate.set()
    with pytest.raises(Unavailable, match="has been logged"):
        await publisher.ask(patience=5.0)
    with pytest.raises(Unavailable):
        await publisher.ask()
    assert len(publisher.made) == 1
    publisher.error = None
    clock.now = 1.0
    assert (await publisher.ask(patience=5.0)).content == "fragment of state 1"


async def test_a_job_that_is_not_there_is_not_made():
    publisher = Scripted()
    with pytest.raises(NotFound):
        await publisher.ask("gone")
    assert not publisher._under_way


async def test_what_was_forgotten_for_want_of_room_is_made_again():
    publisher = Scripted()
    publisher._documents._budget = len("fragment of state 1")
    publisher.gate.set()
    await publisher.ask("one", patience=5.0)
    await publisher.ask("two", patience=5.0)
    assert (await publisher.ask("one")).content is None
    await publisher.settle()
    assert (await publisher.ask("one")).content == "fragment of state 1"


async def test_closing_gives_up_what_is_under_way():
    publisher = Scripted()
    await publisher.ask()
    await publisher.close()
    await asyncio.sleep(0)
    assert not publisher._under_way
