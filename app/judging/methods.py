"""How a verdict is asked for and read, per judge method. A new method is one function of each kind here."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from app.domain.judge import Method
from app.domain.judgment import AxisPick, Outcome
from app.domain.reply import Unusable, parse_reply, pick_from_log_probabilities, reply_schema
from app.judging.openai_chat import Completion

Picks = Mapping[str, AxisPick]
JSON_TOKENS = 2_048
# As many as the most common servers give; what is not listed is censored.
LISTED_TOKENS = 20


@dataclass(frozen=True, slots=True)
class Asking:
    """`fields`: what the request gets besides model and messages. `read`: picks from a completion, given the
    axes and the fence name. `logprob_kind`: stored with judgments; no grammar is asked for, so nothing is
    masked.
    """

    fields: Callable[[Sequence[str]], dict[str, Any]]
    read: Callable[[Completion, Sequence[str], str], Picks | Unusable]
    logprob_kind: str | None = None


def _json_fields(axes: Sequence[str]) -> dict[str, Any]:
    schema = {"name": "verdicts", "strict": True, "schema": reply_schema(axes)}
    return {"max_tokens": JSON_TOKENS, "response_format": {"type": "json_schema", "json_schema": schema}}


def _read_json(completion: Completion, axes: Sequence[str], fence: str) -> Picks | Unusable:
    if completion.refused:
        return Unusable(Outcome.REFUSAL, "the judge refused")
    if completion.finish_reason == "length":
        return Unusable(Outcome.TRUNCATED, "the reply reached max_tokens")
    return parse_reply(completion.content, axes, fence)


def _logprob_fields(_: Sequence[str]) -> dict[str, Any]:
    return {"max_tokens": 1, "logprobs": True, "top_logprobs": LISTED_TOKENS}


def _read_logprobs(completion: Completion, axes: Sequence[str], _: str) -> Picks | Unusable:
    if completion.refused:
        return Unusable(Outcome.REFUSAL, "the judge refused")
    (axis,) = axes
    found = pick_from_log_probabilities(completion.top or ())
    return found if isinstance(found, Unusable) else {axis: found}


METHODS: dict[Method, Asking] = {
    Method.JSON: Asking(_json_fields, _read_json),
    Method.LOGPROBS: Asking(_logprob_fields, _read_logprobs, logprob_kind="unmasked"),
}
