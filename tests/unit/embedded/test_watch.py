"""How patiently a service that ends is started again."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.embedded.processes import Command
from app.embedded.service import Service
from app.embedded.watch import LONGEST_DELAY, STEADY_SECONDS, Guard


class Mortal(Service):
    """A service whose life the test decides."""

    def __init__(self) -> None:
        super().__init__(Command("mortal", (), Path()), "", lambda _child: True)
        self.launches = 0
        self.lives = False

    @property
    def alive(self) -> bool:
        return self.lives

    def launch(self):
        self.launches += 1
        self.lives = True


@pytest.fixture
def mortal() -> Mortal:
    return Mortal()


def seconds_until_launch(guard: Guard, now: float) -> float:
    start = now
    while not guard.look(now):
        now += 0.1
    return now - start


def test_a_living_service_is_left_alone(mortal):
    mortal.lives = True
    assert not Guard(mortal, launched=0.0).look(1e6)
    assert mortal.launches == 0


def test_waits_double_up_to_a_limit_and_start_over_after_a_steady_time(mortal):
    guard, now, waits = Guard(mortal, launched=0.0), 1.0, []
    for _ in range(7):
        waits.append(seconds_until_launch(guard, now))
        now += waits[-1] + 1.0
        mortal.lives = False
    assert waits == pytest.approx([0.5, 1, 2, 4, 8, LONGEST_DELAY, LONGEST_DELAY], abs=0.11)
    assert seconds_until_launch(guard, now + STEADY_SECONDS) == pytest.approx(0.5, abs=0.11)


def test_a_launch_the_system_refuses_is_tried_again(mortal, monkeypatch, caplog):
    guard = Guard(mortal, launched=0.0)
    with monkeypatch.context() as patch:
        patch.setattr(mortal, "launch", refuse)
        assert not any(guard.look(now / 10) for now in range(10))
    assert "mortal cannot be started now" in caplog.text
    assert seconds_until_launch(guard, 10.0) < 3.0
    assert mortal.launches == 1


def refuse() -> None:
    raise OSError("no more processes")
