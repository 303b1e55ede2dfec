"""A transport that answers from a script, and small slices to judge with it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from typing import Any

import orjson

from app import rubrics
from app.domain.errors import ImageMissing
from app.domain.judge import Judge
from app.domain.judgment import Judgment
from app.domain.order import Order, Plan, Slot, axis_groups
from app.domain.trace import Image, Item, Pair, Trace
from app.judging.engine import Assignment, SliceEnd, StopSignal, Target, judge_slice
from app.judging.pool import JudgePool, Patience
from app.judging.transport import Response, TransportFault

RUBRIC = rubrics.load("reasoning-trace-general")
HASTY = Patience(backoff=0.001, longest_backoff=0.002, unsaid_wait=0.001)
Answer = Response | TransportFault
JUDGE = Judge("j", ("http://judge/v1",), "m", max_in_flight=8, timeout=5)


def completion(content: str | None, **choice: Any) -> Response:
    """A 200 with this content; `message`, `model` and `usage` may be given, the rest belongs to the choice."""
    message = {"role": "assistant", "content": content, **choice.pop("message", {})}
    model, usage = choice.pop("model", "m"), choice.pop("usage", {"prompt_tokens": 10, "completion_tokens": 2})
    found = {"model": model, "usage": usage, "choices": [{"finish_reason": "stop", "message": message, **choice}]}
    return Response(200, {}, orjson.dumps(found))


def verdicts(pick: str = "FIRST") -> str:
    return orjson.dumps({axis: {"reason": "r", "verdict": pick} for axis in RUBRIC.axis_names}).decode()


def refusal(status: int, message: str = "", **headers: str) -> Response:
    return Response(status, headers, orjson.dumps({"error": {"message": message}}))


@dataclass
class ScriptedTransport:
    """Gives `answers` in turn and after them `otherwise`; keeps every body it was sent."""

    answers: Iterable[Answer] = ()
    otherwise: Callable[[dict[str, Any]], Answer] = lambda _: completion(verdicts())
    bodies: list[dict[str, Any]] = field(default_factory=list)
    urls: list[str] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._next = iter(self.answers)

    async def post(self, url, headers, body, *_):
        self.urls.append(url)
        self.headers.append(dict(headers))
        asked = orjson.loads(body)
        self.bodies.append(asked)
        await asyncio.sleep(0)
        answer = next(self._next, None) or self.otherwise(asked)
        if isinstance(answer, TransportFault):
            raise answer
        return answer

    async def get(self, *_):
        return Response(200, {}, b'{"data": [{"id": "m"}]}')

    async def aclose(self) -> None: ...


class Pictures:
    """An image source that knows one image."""

    KNOWN = "ab" * 32

    async def load(self, sha256):
        if sha256 != self.KNOWN:
            raise ImageMissing("this image was never uploaded")
        return "image/png", b"png bytes"


@dataclass
class Bench:
    """Judges slices against a script and collects what is emitted."""

    transport: ScriptedTransport
    judge: Judge = JUDGE
    patience: Patience = HASTY
    emitted: list[Judgment] = field(default_factory=list)
    images: Any = field(default_factory=Pictures)

    def __post_init__(self) -> None:
        self.pool = JudgePool(self.transport, patience=self.patience)

    def assignment(self, repeats: int = 1) -> Assignment:
        one = self.judge.one_axis_a_call
        plan = Plan((Order.AB, Order.BA), repeats, axis_groups(RUBRIC.axis_names, one_axis_a_call=one))
        return Assignment(self.judge, "sk-secret", RUBRIC, plan, b"secret")

    async def judge_pairs(
        self, pairs: int = 1, stop: StopSignal | None = None, targets: list[Target] | None = None, repeats: int = 1
    ) -> SliceEnd:
        """Judge `targets`, or all units of so many pairs."""
        assignment = self.assignment(repeats)
        return await judge_slice(
            assignment,
            targets_of(assignment, pairs) if targets is None else targets,
            pool=self.pool,
            images=self.images,
            emit=self.emitted.append,
            stop=stop or StopSignal(),
        )

    def pending(self, pairs: int) -> list[Target]:
        """What is left of so many pairs."""
        left = []
        for target in targets_of(self.assignment(), pairs):
            slots = tuple(slot for slot in target.slots if (target.seq, slot) not in self.units)
            left += [replace(target, slots=slots)] if slots else []
        return left

    @property
    def units(self) -> list[tuple[int, Any]]:
        return [(judgment.target, judgment.slot) for judgment in self.emitted]


def targets_of(assignment: Assignment, pairs: int) -> list[Target]:
    slots = tuple(assignment.plan.slots())
    return [Target(seq, pair(seq), slots) for seq in range(pairs)]


def pair(seq: int, image: str | None = None) -> Pair:
    images = (Image(sha256=image),) if image else ()
    item = Item(f"q{seq}", f"Question {seq}?", images=images)
    return Pair(item, Trace("base", f"trace a of {seq}"), Trace("tuned", f"trace b of {seq}"))


def outcomes(bench):
    return [judgment.outcome for judgment in bench.emitted]


async def one_unit(bench, **more):
    """Judge a single unit."""
    end = await bench.judge_pairs(targets=[Target(0, pair(0), (Slot(Order.AB, 0, 0),))], **more)
    return (bench.emitted[0] if bench.emitted else None), end
