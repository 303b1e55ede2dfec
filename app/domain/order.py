"""Orders and positions: how a pair is shown, and which units a job's plan holds."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import IntEnum

from app.domain.trace import Pair, Trace


class Order(IntEnum):
    """Which side stands in the first position."""

    AB = 0
    BA = 1


@dataclass(frozen=True, slots=True)
class Presentation:
    """A pair as one judge call shows it: sides become positions here."""

    pair: Pair
    order: Order

    @property
    def first(self) -> Trace:
        return self.pair.a if self.order is Order.AB else self.pair.b

    @property
    def second(self) -> Trace:
        return self.pair.b if self.order is Order.AB else self.pair.a


@dataclass(frozen=True, slots=True)
class Slot:
    """One unit of a target's plan: the rest of the unit's key is (job, target, judge)."""

    order: Order
    repeat: int
    group: int


@dataclass(frozen=True, slots=True)
class Plan:
    """What is asked of every target: orders x repeats x axis groups."""

    orders: tuple[Order, ...]
    repeats: int
    groups: tuple[tuple[str, ...], ...]

    def slots(self) -> Iterator[Slot]:
        """All slots, the two orders of a group beside each other so that they share a prompt prefix."""
        for group in range(len(self.groups)):
            for repeat in range(self.repeats):
                for order in self.orders:
                    yield Slot(order, repeat, group)

    @property
    def size(self) -> int:
        return len(self.orders) * self.repeats * len(self.groups)


def axis_groups(axes: Sequence[str], *, one_axis_a_call: bool) -> tuple[tuple[str, ...], ...]:
    """All axes in one call, or each in its own (log-probability verdicts)."""
    return tuple((axis,) for axis in axes) if one_axis_a_call else (tuple(axes),)
