"""One unit from its first call to its judgment: which answer ends it, which is worth another try."""

from __future__ import annotations

import random
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace

from app.domain.errors import ImageMissing
from app.domain.judgment import Judgment, Outcome, Usage
from app.domain.order import Presentation, Slot
from app.domain.prompt import Prompt, fence_name, render
from app.domain.reply import Unusable
from app.domain.trace import Image
from app.judging import openai_chat
from app.judging.classify import Class, Kind, classify
from app.judging.methods import METHODS
from app.judging.openai_chat import Completion, Picture
from app.judging.pool import Replica
from app.judging.transport import Response, TransportFault
from app.judging.work import Circumstances, Target

LONGEST_RAW = 64 << 10
NAP_SECONDS = 0.25  # how soon a waiting unit sees that the gate has closed
# Another sampling of the same prompt may come out otherwise.
WORTH_REASKING = frozenset({Outcome.UNPARSEABLE, Outcome.NO_CONTENT, Outcome.REFUSAL, Outcome.TRUNCATED})


@dataclass(frozen=True, slots=True)
class Wait:
    """Ask again after so many seconds; `told`: the server said how many."""

    seconds: float = 0.0
    told: bool = False


Step = Judgment | Wait | None  # None: left pending


class Inquiry:
    """The calls of one unit."""

    def __init__(self, around: Circumstances, target: Target, slot: Slot) -> None:
        work = around.assignment
        self._around = around
        self._target = target
        self._slot = slot
        self._key = (work.fence_secret, target.seq, slot)
        self._axes = work.plan.groups[slot.group]
        self._asking = METHODS[work.judge.method]
        self._fence = fence_name(work.fence_secret, target.pair.item.id)
        self._prompt = self._rendered()
        self._calls = 0
        self._reasks = 0
        self._stretch = 1
        self._usage = Usage()
        self._raw = b""
        self._sent_at = 0.0
        self._latency = 0.0
        self._served_model: str | None = None

    async def run(self) -> Judgment | None:
        """Ask until there is a judgment; None when the unit stays pending because no new call may start."""
        while not self._around.closed():
            step = await self._ask()
            if not isinstance(step, Wait):
                return step
            if step.seconds and await self._closed_while(step):
                return None
        return None

    def judgment(self, outcome: Outcome, detail: str = "") -> Judgment:
        """The unit as it ends now, without picks."""
        return Judgment(
            target=self._target.seq,
            slot=self._slot,
            outcome=outcome,
            detail=detail,
            raw=self._raw,
            prompt_hash=self._prompt.hash(self._fence),
            usage=self._usage,
            latency_ms=self._latency * 1_000.0,
            served_model=self._served_model,
            logprob_kind=self._asking.logprob_kind,
            images_sent=len(self._prompt.images) if self._calls else 0,
            calls=self._calls,
        )

    def _rendered(self) -> Prompt:
        work = self._around.assignment
        axes = [work.rubric.axis(name) for name in self._axes]
        shown = Presentation(self._target.pair, self._slot.order)
        prompt = render(work.rubric, axes, shown, self._fence, work.judge.method)
        return prompt if work.judge.sees_images else replace(prompt, images=())

    async def _closed_while(self, wait: Wait) -> bool:
        """Wait without holding a place; True when no new call may start any more, which ends the wait early."""
        around, ends = self._around, time.monotonic() + wait.seconds
        async with around.lane.places.outside():
            while not around.closed() and (left := ends - time.monotonic()) > 0:
                await around.stop.sleep(min(left, NAP_SECONDS))
        if around.closed() and wait.told:
            left = max(ends - time.monotonic(), 0.0)
            around.retry_after = max(left, around.retry_after or 0.0)
        return around.closed()

    async def _ask(self) -> Step:
        lane = self._around.lane
        replica = lane.route(self._target.pair.item.id)
        replica.in_flight += 1
        try:
            response = await self._send(replica)
        except TransportFault as fault:
            if fault.timed_out:
                replica.limiter.overloaded(self._sent_at, time.monotonic())
            return self._broken(replica, fault.detail)
        finally:
            replica.in_flight -= 1
        self._raw = response.body[:LONGEST_RAW]
        answer = classify(response, time.time()).without(self._around.assignment.api_key)
        if answer.kind is Kind.OK:
            lane.succeeded(replica, self._latency)
            return self._answered(response)
        return self._refused(answer, replica)

    async def _send(self, replica: Replica) -> Response:
        """One call; pictures and body exist only from here to the answer."""
        pool, work = self._around.pool, self._around.assignment
        async with AsyncExitStack() as held:
            pictures = await self._loaded(held)
            body = openai_chat.request_body(
                work.judge,
                openai_chat.messages(self._prompt, pictures),
                self._asking.fields(self._axes),
                repeat=self._slot.repeat,
                stretch=self._stretch,
            )
            self._calls += 1
            self._sent_at = time.monotonic()
            try:
                return await pool.transport.post(
                    openai_chat.completions_url(replica.url),
                    openai_chat.request_headers(work.api_key),
                    body,
                    work.judge.timeout,
                    pool.patience.max_reply_bytes,
                )
            finally:
                self._latency = time.monotonic() - self._sent_at

    async def _loaded(self, held: AsyncExitStack) -> list[Picture]:
        """The pictures, with room for them and the call taken until `held` closes."""
        pool = self._around.pool
        async with AsyncExitStack() as loading:
            if self._prompt.images:
                await loading.enter_async_context(pool.loading())
            pictures = [await self._picture(image) for image in self._prompt.images]
            await held.enter_async_context(pool.room(_weight(self._prompt, pictures)))
        return pictures

    async def _picture(self, image: Image) -> Picture:
        if image.sha256 is None:
            raise ImageMissing("an image was never fetched from its URL")
        return await self._around.images.load(image.sha256)

    def _refused(self, answer: Class, replica: Replica) -> Step:
        match answer.kind:
            case Kind.CAPACITY:
                replica.limiter.overloaded(self._sent_at, time.monotonic())
                wait = answer.retry_after or self._around.pool.patience.unsaid_wait
                return Wait(wait * random.uniform(1.0, 1.5), told=True)  # noqa: S311  # jitter is no secret
            case Kind.TRANSPORT:
                return self._broken(replica, answer.reason)
            case Kind.CONFIG:
                self._around.lane.close_gate("config", answer.reason)
                return None
            case Kind.UNSUPPORTED:
                return self._unsupported(answer.reason)
            case Kind.CONTENT:
                return self._ended(Outcome.CONTEXT_LENGTH, answer.reason)
            case _:
                return self._rejected(answer.reason)

    def _answered(self, response: Response) -> Step:
        completion = openai_chat.read_completion(response.body)
        if isinstance(completion, Unusable):
            return self._unusable(completion)
        self._usage = _sum(self._usage, completion.usage)
        self._served_model = completion.model.strip() if completion.model else None
        if self._asking.logprob_kind and completion.top is None and not completion.refused:
            return self._unsupported("the endpoint gives no log-probabilities (method logprobs needs them)")
        picks = self._asking.read(completion, self._axes, self._fence)
        if isinstance(picks, Unusable):
            return self._unusable(picks, completion)
        return replace(self._ended(Outcome.JUDGED), picks=picks)

    def _unusable(self, found: Unusable, completion: Completion | None = None) -> Step:
        """A reply without a verdict: a longer one once if it was cut off, else another one, else abstain."""
        if found.outcome is Outcome.TRUNCATED and completion and completion.finish_reason == "length":
            if self._stretch == 1:
                self._stretch = 2
                return Wait()
        elif found.outcome in WORTH_REASKING and self._reasks < self._around.pool.patience.reasks:
            self._reasks += 1
            return Wait()
        return self._ended(found.outcome, found.detail)

    def _broken(self, replica: Replica, reason: str) -> Step:
        """No answer: try again later, until this unit has had its tries or the judge as a whole looks dead."""
        lane, patience = self._around.lane, self._around.pool.patience
        lane.faulted(replica)
        lane.owed[self._key] += 1
        if lane.faults_in_a_row >= patience.faults_to_close:
            lane.close_gate("transport", reason)
            return None
        tries = lane.owed[self._key]
        if tries >= patience.transport_tries:
            return self._ended(Outcome.ENDPOINT_ERROR, reason)
        most = min(patience.longest_backoff, patience.backoff * 2**tries)
        return Wait(random.uniform(0.0, most))  # noqa: S311  # jitter is no secret

    def _unsupported(self, reason: str) -> Step:
        """The judge cannot do what we ask, or only this request makes it say so: then it does so twice."""
        lane = self._around.lane
        if self._key in lane.suspects:
            return self._ended(Outcome.REJECTED, reason)
        lane.suspects.add(self._key)
        lane.close_gate("config", reason)
        return None

    def _rejected(self, reason: str) -> Step:
        lane = self._around.lane
        lane.rejected.add((self._key[0], self._target.seq))
        if len(lane.rejected) >= self._around.pool.patience.faults_to_close:
            lane.close_gate("config", reason)
            return None
        return self._ended(Outcome.REJECTED, reason)

    def _ended(self, outcome: Outcome, detail: str = "") -> Judgment:
        self._around.lane.owed.pop(self._key, None)
        self._around.lane.suspects.discard(self._key)
        return self.judgment(outcome, detail)


def _weight(prompt: Prompt, pictures: Sequence[Picture]) -> int:
    """Bytes a call holds, about: text as characters and as body; pictures as bytes, as base64 and as body."""
    text = len(prompt.system) + len(prompt.before) + len(prompt.after)
    return 2 * text + 4 * sum(len(data) for _, data in pictures)


def _sum(a: Usage, b: Usage) -> Usage:
    return Usage(
        _plus(a.prompt_tokens, b.prompt_tokens),
        _plus(a.completion_tokens, b.completion_tokens),
        _plus(a.cached_tokens, b.cached_tokens),
    )


def _plus(a: int | None, b: int | None) -> int | None:
    return b if a is None else a if b is None else a + b
