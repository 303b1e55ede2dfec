"""Tries a judge out: a tiny real call that says whether it may be used, and a fuller look at what it can do."""

from __future__ import annotations

import io
import time
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from PIL import Image

from app.domain.judge import Judge, Method
from app.domain.reply import Unusable, parse_reply
from app.judging import openai_chat
from app.judging.classify import Class, Kind, classify
from app.judging.methods import METHODS
from app.judging.openai_chat import Completion
from app.judging.transport import Response, Transport, TransportFault

AXES = ("overall",)
MOST_BYTES = 1 << 20
LONGEST_SECONDS = 30.0
FEW_TOKENS = 16
ENOUGH_TOKENS = 256
COLOURS = {"red": (220, 30, 30), "blue": (30, 30, 220)}
# Says nothing of JSON: only a server that keeps the schema will answer in it.
_QUESTION = "Which number is greater, 1 (the first) or 2 (the second)? Answer with one character."
_ASK_COLOUR = "What colour is this picture? Answer with one word."


class Health(StrEnum):
    """What a canary found: usable, refused for good until a person changes something, or away for now."""

    OK = "ok"
    CONFIG = "config"
    UNREACHABLE = "unreachable"


@dataclass(frozen=True, slots=True)
class CanaryResult:
    """Whether a judge may be called, and if not, why."""

    health: Health
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Capability:
    """What an endpoint can do; None = could not be found out. `latency_ms`: of the first small call.

    `logprob_kind`: whether log-probabilities are reported before or after a grammar mask; None while unknown.
    """

    reachable: bool
    reason: str = ""
    listed: bool | None = None
    served_model: str | None = None
    json_schema: bool | None = None
    log_probabilities: bool | None = None
    logprob_kind: str | None = None
    sees_images: bool | None = None
    latency_ms: float | None = None


async def canary(judge: Judge, api_key: str | None, transport: Transport) -> CanaryResult:
    """One tiny real completion, asked as the judge's method asks; of the first replica that answers."""
    result = CanaryResult(Health.UNREACHABLE, "the judge has no URL")
    for url in judge.urls:
        found = await _Endpoint(url, judge, api_key, transport).ask(_QUESTION, METHODS[judge.method].fields(AXES))
        result = _health(found, judge.method)
        if result.health is not Health.UNREACHABLE:
            return result
    return result


def _health(found: Completion | Class, method: Method) -> CanaryResult:
    if isinstance(found, Class):
        away = found.kind in (Kind.TRANSPORT, Kind.CAPACITY)
        return CanaryResult(Health.UNREACHABLE if away else Health.CONFIG, found.reason)
    if method is Method.LOGPROBS and not found.top:
        return CanaryResult(Health.CONFIG, "the endpoint gives no log-probabilities (method logprobs needs them)")
    return CanaryResult(Health.OK)


async def probe(judge: Judge, api_key: str | None, transport: Transport) -> Capability:
    """Find out what the first replica of a judge can do, in at most six small calls."""
    endpoint = _Endpoint(judge.urls[0], judge, api_key, transport)
    started = time.monotonic()
    hello = await endpoint.ask("Answer with OK.", {})
    latency = (time.monotonic() - started) * 1_000.0
    if isinstance(hello, Class):
        return Capability(reachable=False, reason=hello.reason)
    return Capability(
        reachable=True,
        listed=await endpoint.lists_model(),
        served_model=hello.model,
        json_schema=await _keeps_schema(endpoint),
        log_probabilities=await _gives_log_probabilities(endpoint),
        sees_images=await _sees_images(endpoint),
        latency_ms=latency,
    )


async def _keeps_schema(endpoint: _Endpoint) -> bool | None:
    found = await endpoint.ask(_QUESTION, METHODS[Method.JSON].fields(AXES), tokens=ENOUGH_TOKENS)
    if isinstance(found, Class):
        return _no_or_unknown(found)
    return not isinstance(parse_reply(found.content, AXES, fence="none"), Unusable)


async def _gives_log_probabilities(endpoint: _Endpoint) -> bool | None:
    found = await endpoint.ask(_QUESTION, METHODS[Method.LOGPROBS].fields(AXES), tokens=1)
    return _no_or_unknown(found) if isinstance(found, Class) else bool(found.top)


async def _sees_images(endpoint: _Endpoint) -> bool | None:
    """Whether it tells two plain pictures apart: one right answer may be luck."""
    for colour in COLOURS:
        found = await endpoint.ask(_ASK_COLOUR, {}, picture=_plain_picture(colour))
        if isinstance(found, Class):
            return _no_or_unknown(found)
        said = (found.content or "").lower()
        if [name for name in COLOURS if name in said] != [colour]:
            return False
    return True


def _no_or_unknown(refused: Class) -> bool | None:
    """A call that was refused says no; one that got lost says nothing."""
    return None if refused.kind in (Kind.TRANSPORT, Kind.CAPACITY) else False


def _plain_picture(colour: str) -> bytes:
    made = io.BytesIO()
    Image.new("RGB", (64, 64), COLOURS[colour]).save(made, "PNG")
    return made.getvalue()


@dataclass(frozen=True, slots=True)
class _Endpoint:
    """One replica, asked small questions."""

    url: str
    judge: Judge
    api_key: str | None
    transport: Transport

    async def ask(
        self, text: str, fields: dict[str, Any], *, tokens: int = FEW_TOKENS, picture: bytes | None = None
    ) -> Completion | Class:
        """A completion, or the class of what came instead; an unreadable answer counts as broken transport."""
        pictures = [] if picture is None else [("image/png", picture)]
        talk = [openai_chat.user_message(text, pictures)]
        body = openai_chat.request_body(_brief(self.judge, tokens), talk, {**fields, "max_tokens": tokens})
        response = await self._exchange(body)
        if isinstance(response, Class):
            return response
        found = openai_chat.read_completion(response.body)
        return Class(Kind.TRANSPORT, found.detail) if isinstance(found, Unusable) else found

    async def lists_model(self) -> bool | None:
        """Whether /models names the model; None when the endpoint has no such list."""
        response = await self._exchange(None)
        return None if isinstance(response, Class) else openai_chat.lists_model(response.body, self.judge.served_model)

    async def _exchange(self, body: bytes | None) -> Response | Class:
        """POST a completion, or GET the models when there is no body."""
        headers = openai_chat.request_headers(self.api_key)
        seconds = min(self.judge.timeout, LONGEST_SECONDS)
        try:
            if body is None:
                response = await self.transport.get(openai_chat.models_url(self.url), headers, seconds, MOST_BYTES)
            else:
                url = openai_chat.completions_url(self.url)
                response = await self.transport.post(url, headers, body, seconds, MOST_BYTES)
        except TransportFault as fault:
            return Class(Kind.TRANSPORT, fault.detail)
        answer = classify(response, time.time())
        return response if answer.kind is Kind.OK else answer.without(self.api_key)


def _brief(judge: Judge, tokens: int) -> Judge:
    """The judge with its own token caps lowered: these calls are paid for as well."""
    caps = {cap: tokens for cap in openai_chat.TOKEN_CAPS if isinstance(judge.sampling.get(cap), int)}
    return replace(judge, sampling={**judge.sampling, **caps})
