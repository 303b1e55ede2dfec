"""Scripted replies and faults: which requests are answered otherwise, and how."""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import orjson

from tests.stub_judge.question import Question

# What a fault of each kind changes; the fields are those of a script rule.
FAULTS: dict[str, dict[str, Any]] = {
    **{str(status): {"status": status} for status in (400, 401, 403, 404, 408, 422, 500, 502, 504, 529)},
    "429": {"status": 429, "headers": {"Retry-After": "1"}},
    "503": {"status": 503, "headers": {"Retry-After": "1"}},
    "drop": {"drop": True},
    "truncate": {"truncate": 40},
    "hang": {"delay": 3600.0},
    "drip": {"drip": 0.5},
    "slow": {"delay": 2.0},
    "html": {"body": "<html><body>gateway</body></html>"},
    "nothing": {"body": ""},
    "garbage": {"content": "I like both of them."},
    "null": {"content": None},
    "refusal": {"content": "I cannot compare these.", "finish_reason": "content_filter"},
    "length": {"content": '{"overall": {"reason": "The first', "finish_reason": "length"},
    "think": {"content": "<think>The first trace is better because"},
    "twice": {"content": '{"overall": {"verdict": "FIRST"}}{"overall": {"verdict": "SECOND"}}'},
    "context": {
        "status": 400,
        "body": {"error": {"message": "This model's maximum context length is 512 tokens.", "type": "BadRequestError"}},
    },
}


@dataclass(slots=True)
class Rule:
    """One scripted answer. `match`: contains, axis, pair, question, prompt (all must hold); `times`: how often
    it applies to one prompt (None: always), or to all prompts together with `of="all"`; `answer`: status,
    headers, body, content, finish_reason, model, delay, drop, truncate, drip.
    """

    match: dict[str, Any]
    answer: dict[str, Any]
    times: int | None = None
    of: str = "all"
    rate: float = 1.0
    used: Counter[str] = field(default_factory=Counter)

    def takes(self, question: Question) -> bool:
        """Whether this rule answers the request; counts it when it does."""
        if not self._matches(question) or not self._drawn(question.prompt):
            return False
        key = question.prompt if self.of == "prompt" else ""
        if self.times is not None and self.used[key] >= self.times:
            return False
        self.used[key] += 1
        return True

    def _matches(self, question: Question) -> bool:
        wanted = self.match
        return (
            wanted.get("contains", "") in question.text
            and ("axis" not in wanted or wanted["axis"] in question.axes)
            and all(wanted[key] == getattr(question, key) for key in ("pair", "question", "prompt") if key in wanted)
        )

    def _drawn(self, prompt: str) -> bool:
        """A fixed draw for a prompt: the same prompts are hit in every run, whatever the order of arrival."""
        if self.rate >= 1.0:
            return True
        drawn = hashlib.blake2b(f"{self.answer}{prompt}".encode(), digest_size=8).digest()
        return int.from_bytes(drawn) / 2**64 < self.rate


def rules_of(script: bytes) -> list[Rule]:
    """Rules from the body of PUT /script: a list of objects with `match`, `times`, `of` and answer fields."""
    rules = []
    for entry in orjson.loads(script):
        control = {key: entry.pop(key) for key in ("match", "times", "of", "rate") if key in entry}
        kind = entry.pop("fault", None)
        rules.append(Rule(control.pop("match", {}), {**FAULTS.get(kind, {}), **entry}, **control))
    return rules


def fault_of(text: str) -> Rule:
    """A rule from `RATE:KIND[:TIMES]`, TIMES per prompt (default 1, so the next try is answered; `always`)."""
    rate, kind, *rest = text.split(":")
    times = rest[0] if rest else "1"
    return Rule({}, dict(FAULTS[kind]), None if times == "always" else int(times), "prompt", float(rate))
