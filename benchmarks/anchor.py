"""The anchor: a bare aiohttp + uvloop + orjson call of the same prompt to the same stub, nothing stored."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from itertools import islice

import aiohttp
import orjson
import uvloop

from app.domain.order import Order, Presentation
from app.domain.prompt import fence_name, render
from app.domain.reply import reply_schema
from app.rubrics import load
from app.wire.pairs import PairIn
from tests.world.pairs import pairs


@dataclass(frozen=True, slots=True)
class Bare:
    """CPU-ms of the client per call and calls per second."""

    cpu_ms: float
    per_second: float


def bare_calls(url: str, calls: int, in_flight: int, words: int) -> Bare:
    """Make `calls` calls with `in_flight` of them at once."""
    bodies = [_body(document) for document in islice(pairs(64, words=words), 64)]
    return uvloop.run(_run(f"{url}/chat/completions", bodies, calls, in_flight))


def _body(document: dict) -> dict:
    rubric = load("reasoning-trace")
    pair = PairIn.model_validate(document).to_domain()
    prompt = render(rubric, rubric.axes, Presentation(pair, Order.AB), fence_name(b"anchor", pair.item.id))
    return {
        "model": "stub-judge",
        "messages": [
            {"role": "system", "content": prompt.system},
            {"role": "user", "content": f"{prompt.before}\n\n{prompt.after}"},
        ],
        "temperature": 0,
        "max_tokens": 1024,
        "response_format": {
            "type": "json_schema",
            "json_schema": {"name": "verdict", "schema": reply_schema(rubric.axis_names), "strict": True},
        },
    }


async def _run(url: str, bodies: list[dict], calls: int, in_flight: int) -> Bare:
    numbers = iter(range(calls))

    async def consume(session: aiohttp.ClientSession) -> None:
        for number in numbers:
            body = orjson.dumps(bodies[number % len(bodies)])
            async with session.post(url, data=body, headers={"Content-Type": "application/json"}) as reply:
                found = orjson.loads(await reply.read())
                assert found["choices"][0]["message"]["content"]

    connector = aiohttp.TCPConnector(limit=in_flight)
    async with aiohttp.ClientSession(connector=connector) as session:
        cpu, wall = time.process_time(), time.perf_counter()
        await asyncio.gather(*(consume(session) for _ in range(in_flight)))
        return Bare(1e3 * (time.process_time() - cpu) / calls, calls / (time.perf_counter() - wall))
