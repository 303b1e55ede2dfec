"""What a prompt is like apart from the pair in it: one hash that says whether two jobs asked in the same words."""

from __future__ import annotations

from collections.abc import Sequence

from app.domain.judge import Method
from app.domain.order import Order, Presentation
from app.domain.prompt import FENCE_PLACEHOLDER, render
from app.domain.rubric import Rubric
from app.domain.trace import Item, Pair, Trace

_ITEM = Item("item", "question", {"A": "option"}, "reference")
_PAIR = Pair(_ITEM, Trace("a", "first trace", "A"), Trace("b", "second trace", "B"))


def template_hash(rubric: Rubric, group: Sequence[str], method: Method) -> str:
    """SHA-256 (hex) of the prompt of one axis group for a pair that is always the same.

    It covers the rubric's words, the axes asked together, the method and our own words as this version renders them;
    not what the pairs of a job hold.
    """
    axes = [rubric.axis(name) for name in group]
    return render(rubric, axes, Presentation(_PAIR, Order.AB), FENCE_PLACEHOLDER, method).hash(FENCE_PLACEHOLDER).hex()
