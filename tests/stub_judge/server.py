"""The stub judge itself: slots, latency, faults, scripts and a ledger around a pure opinion."""

from __future__ import annotations

import asyncio
import base64
import io
import math
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import orjson
from PIL import Image

from tests.stub_judge.ledger import CLIENT_WENT_AWAY, DROPPED, Ledger
from tests.stub_judge.question import Question, read
from tests.stub_judge.script import Rule, rules_of
from tests.stub_judge.verdicts import Opinion, first_token, json_content
from tests.stub_judge.wire import Reply, Request

CHARACTERS_A_TOKEN = 4
COLOURS = {"red": (220, 30, 30), "green": (30, 160, 30), "blue": (30, 30, 220), "yellow": (230, 220, 30)}


@dataclass(frozen=True, slots=True)
class Options:
    """How the stub behaves. `latency`: seconds, from-to. `context`: tokens it accepts. `overload`: what
    happens beyond `slots`: queue or reject.
    """

    slots: int = 64
    latency: tuple[float, float] = (0.0, 0.0)
    overload: str = "queue"
    retry_after: float = 1.0
    model: str = "stub-judge"
    echo: str | None = None
    key: str | None = None
    context: int | None = None
    log_probabilities: bool = True
    schema: bool = True
    blind: bool = False
    opinion: Opinion = field(default_factory=Opinion)


class StubServer:
    """Answers requests; give `answer` to a Connection."""

    def __init__(self, options: Options, faults: list[Rule], ledger: Ledger) -> None:
        self.options = options
        self.ledger = ledger
        self._faults = faults
        self._script: list[Rule] = []
        self._slots = asyncio.Semaphore(options.slots)
        self._desk: dict[tuple[str, str], Callable[[Request], Reply]] = {
            ("GET", "/models"): self._models,
            ("PUT", "/script"): self._take_script,
            ("GET", "/ledger"): self._show_ledger,
            ("DELETE", "/ledger"): self._clear_ledger,
            ("GET", "/stats"): self._show_stats,
        }

    async def answer(self, request: Request) -> Reply:
        path = request.path.removeprefix("/v1")
        if (request.method, path) == ("POST", "/chat/completions"):
            return await self._recorded(request)
        desk = self._desk.get((request.method, path))
        return desk(request) if desk else _error(404, "no such path")

    def _models(self, request: Request) -> Reply:
        if not self._key_fits(request):
            return _error(401, "Incorrect API key provided.")
        return _json({"object": "list", "data": [{"id": self.options.model, "object": "model"}]})

    def _take_script(self, request: Request) -> Reply:
        self._script = rules_of(request.body)
        return Reply(204)

    def _show_ledger(self, _: Request) -> Reply:
        return Reply(body=self.ledger.lines(), content_type="application/x-ndjson")

    def _clear_ledger(self, _: Request) -> Reply:
        self.ledger.clear()
        return Reply(204)

    def _show_stats(self, _: Request) -> Reply:
        ledger = self.ledger
        found = {"calls": ledger.calls, "in_flight": ledger.in_flight, "most_in_flight": ledger.most_in_flight}
        return _json(found)

    async def _recorded(self, request: Request) -> Reply:
        try:
            body = orjson.loads(request.body)
            question = read(body)
        except (orjson.JSONDecodeError, AttributeError, KeyError, TypeError):
            return _error(400, "the request is not a chat completion")
        entry = self.ledger.open(question)
        status = CLIENT_WENT_AWAY
        try:
            reply = await self._judged(request, body, question)
            status = DROPPED if reply.drop else reply.status
        finally:
            self.ledger.close(entry, status)
        return reply

    async def _judged(self, request: Request, body: dict[str, Any], question: Question) -> Reply:
        refusal = self._refusal(request, body, question)
        if refusal is not None:
            return refusal
        for rule in (*self._script, *self._faults):
            if rule.takes(question):
                return await self._scripted(rule.answer, body, question)
        if self._slots.locked() and self.options.overload == "reject":
            wait = math.ceil(self.options.retry_after)
            return _error(429, "all slots are taken", {"Retry-After": str(wait)})
        async with self._slots:
            await self._work(question)
            return _json(self._completion(body, question))

    async def _work(self, question: Question) -> None:
        low, high = self.options.latency
        if high:
            await asyncio.sleep(low if low == high else random.Random(question.prompt).uniform(low, high))

    async def _scripted(self, answer: dict[str, Any], body: dict[str, Any], question: Question) -> Reply:
        await asyncio.sleep(answer.get("delay", 0.0))
        if "body" in answer:
            said = answer["body"]
            content = said.encode() if isinstance(said, str) else orjson.dumps(said)
        elif answer.get("status", 200) >= 400:
            content = _error(answer["status"], "scripted").body
        else:
            completion = self._completion(body, question)
            choice = completion["choices"][0]
            choice["finish_reason"] = answer.get("finish_reason", choice["finish_reason"])
            choice["message"] |= {
                key: answer[key] for key in ("content", "refusal", "reasoning_content") if key in answer
            }
            completion["model"] = answer.get("model", completion["model"])
            content = orjson.dumps(completion)
        shape = {key: answer[key] for key in ("drop", "truncate", "drip", "headers") if key in answer}
        return Reply(answer.get("status", 200), content, **shape)

    def _refusal(self, request: Request, body: dict[str, Any], question: Question) -> Reply | None:
        options = self.options
        if not self._key_fits(request):
            return _error(401, "Incorrect API key provided.")
        if body.get("model") != options.model:
            return _error(404, f"The model `{body.get('model')}` does not exist.")
        if options.context is not None and _tokens(question.text) > options.context:
            return _error(400, f"This model's maximum context length is {options.context} tokens.")
        if not options.schema and "response_format" in body:
            return _error(400, "response_format of type json_schema is not supported")
        return None

    def _key_fits(self, request: Request) -> bool:
        return self.options.key is None or request.headers.get("authorization") == f"Bearer {self.options.key}"

    def _completion(self, body: dict[str, Any], question: Question) -> dict[str, Any]:
        choice: dict[str, Any] = {"index": 0, "finish_reason": "stop", "logprobs": None}
        if question.wants_log_probabilities:
            text, top = first_token(question, self.options.opinion)
            choice["finish_reason"] = "length"
            if self.options.log_probabilities:
                listed = top[: body.get("top_logprobs", 0)]
                choice["logprobs"] = {"content": [{**top[0], "top_logprobs": listed}]}
        elif question.first_text is None:
            text = self._small_talk(question)
        else:
            text = json_content(question, self.options.opinion)
        choice["message"] = {"role": "assistant", "content": text}
        asked, said = _tokens(question.text), _tokens(text)
        return {
            "id": f"chatcmpl-{question.prompt}",
            "object": "chat.completion",
            "model": self.options.echo or self.options.model,
            "choices": [choice],
            "usage": {"prompt_tokens": asked, "completion_tokens": said, "total_tokens": asked + said},
        }

    def _small_talk(self, question: Question) -> str:
        """Answers to questions without traces: probes ask for colours of pictures, or just for a word."""
        if question.axes:
            return json_content(question, self.options.opinion)
        if question.images and not self.options.blind:
            return _colour(question.images[0])
        return "OK"


def _tokens(text: str) -> int:
    return len(text) // CHARACTERS_A_TOKEN + 1


def _colour(data_uri: str) -> str:
    with Image.open(io.BytesIO(base64.b64decode(data_uri.partition(",")[2]))) as picture:
        seen = picture.convert("RGB").getpixel((0, 0))
    assert isinstance(seen, tuple)
    return min(COLOURS, key=lambda name: sum((a - b) ** 2 for a, b in zip(COLOURS[name], seen, strict=True)))


def _json(value: Any) -> Reply:
    return Reply(body=orjson.dumps(value))


def _error(status: int, message: str, headers: dict[str, str] | None = None) -> Reply:
    return Reply(status, orjson.dumps({"error": {"message": message, "code": status}}), headers or {})
