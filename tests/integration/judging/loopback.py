"""Loopback servers for the judging tests: the stub judge, and one that answers with bytes as given."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from app import rubrics
from app.domain.judge import Judge, Method
from app.domain.judgment import Judgment
from app.domain.order import Order, Plan, axis_groups
from app.domain.trace import Item, Pair, Trace
from app.judging.engine import Assignment, SliceEnd, StopSignal, Target, judge_slice
from app.judging.pool import JudgePool
from tests.stub_judge.handle import StubJudge

RUBRIC = rubrics.load("reasoning-trace-general")
Behaviour = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


class NoImages:
    async def load(self, _):
        raise AssertionError("these pairs have no images")


@dataclass
class Work:
    """Judges pairs with a stub judge over real HTTP."""

    stub: StubJudge
    pool: JudgePool
    emitted: list[Judgment] = field(default_factory=list)

    async def judge(self, pairs: int, *, stop: StopSignal | None = None, first: int = 0, **fields: Any) -> SliceEnd:
        """Judge so many pairs, numbered from `first`; `fields` are those of the judge, and `key`."""
        key = fields.pop("key", None)
        judge = Judge("stub", (self.stub.url,), "stub-judge", **{"max_in_flight": 16, "timeout": 10, **fields})
        groups = axis_groups(RUBRIC.axis_names, one_axis_a_call=judge.method is Method.LOGPROBS)
        plan = Plan((Order.AB, Order.BA), 1, groups)
        slots = tuple(plan.slots())
        return await judge_slice(
            Assignment(judge, key, RUBRIC, plan, b"secret"),
            [Target(seq, pair(seq), slots) for seq in range(first, first + pairs)],
            pool=self.pool,
            images=NoImages(),
            emit=self.emitted.append,
            stop=stop or StopSignal(),
        )


def pair(seq: int) -> Pair:
    texts = (f"trace {side} of {seq}: " + "because " * 40 for side in "ab")
    a, b = (Trace(model, text) for model, text in zip(("base", "tuned"), texts, strict=True))
    return Pair(Item(f"q{seq}", f"Question {seq}?"), a, b)


@asynccontextmanager
async def raw_server(behave: Behaviour) -> AsyncIterator[str]:
    """A server on a free port of 127.0.0.1 that does what it is told with each connection; gives its URL."""

    async def one(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await behave(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(one, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()


async def read_request(reader: asyncio.StreamReader) -> bytes:
    """The head of a request; its body is read and dropped."""
    head = await reader.readuntil(b"\r\n\r\n")
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            await reader.readexactly(int(line.partition(b":")[2]))
    return head


def answers(text: bytes) -> Behaviour:
    """Write these bytes to every request."""

    async def behave(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        writer.write(text)
        await writer.drain()

    return behave
