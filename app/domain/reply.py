"""What a judge must answer, and how the answer is read: one strict reader for each form, else abstention."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from app.domain.judgment import AxisPick, Outcome, Pick

PICKS = {"FIRST": Pick.FIRST, "SECOND": Pick.SECOND, "TIE": Pick.TIE}
# A server that masks tokens reports the masked ones so (vLLM); it means minus infinity.
MASKED = -9999.0
LOWEST_MASS = 0.10
LONGEST_REASON = 4_000


@dataclass(frozen=True, slots=True)
class Unusable:
    """A reply that gives no verdict: the unit abstains with this outcome once re-asks are spent."""

    outcome: Outcome
    detail: str


class _Refused(ValueError):
    """Raised inside the readers; never leaves this module."""


def reply_schema(axes: Sequence[str]) -> dict[str, Any]:
    """JSON schema of a reply: constant for a rubric and axis group; the reason stands before the verdict."""
    axis = {
        "type": "object",
        "properties": {"reason": {"type": "string"}, "verdict": {"type": "string", "enum": list(PICKS)}},
        "required": ["reason", "verdict"],
        "additionalProperties": False,
    }
    return {
        "type": "object",
        "properties": dict.fromkeys(axes, axis),
        "required": list(axes),
        "additionalProperties": False,
    }


def parse_reply(text: str | None, axes: Sequence[str], fence: str) -> Mapping[str, AxisPick] | Unusable:
    """Read picks from the content of a reply: one JSON object, or a last line that carries the fence name.

    Nothing is ever searched for inside prose: a verdict quoted from a trace is not a verdict. Linear in the
    length of the text.
    """
    if text is None or not text.strip():
        return Unusable(Outcome.NO_CONTENT, "the reply has no content")
    body = _without_thinking(text.lstrip("\ufeff").strip())
    if body is None:
        return Unusable(Outcome.TRUNCATED, "the reply opens <think> and never closes it")
    if not body:
        return Unusable(Outcome.NO_CONTENT, "the reply holds only thinking")
    try:
        return _from_json(_unfenced(body), axes)
    except (_Refused, RecursionError) as problem:
        found = _from_verdict_line(body, axes, fence)
        return found if found is not None else Unusable(Outcome.UNPARSEABLE, str(problem))


def _without_thinking(text: str) -> str | None:
    """Remove one closed leading <think> block; None when it is not closed."""
    if not text.startswith("<think>"):
        return text
    _, closed, rest = text.partition("</think>")
    return rest.strip() if closed else None


def _unfenced(text: str) -> str:
    """Take off one Markdown code fence around the whole text; models add it out of habit."""
    if text.startswith("```") and text.endswith("```") and "\n" in text:
        return text[text.index("\n") + 1 : -3].strip()
    return text


def _from_json(text: str, axes: Sequence[str]) -> Mapping[str, AxisPick]:
    if not text.startswith("{"):
        raise _Refused("the reply is not one JSON object")
    try:
        found = json.loads(text, object_pairs_hook=_once, parse_constant=_no_constant)
    except ValueError as problem:
        raise _Refused(f"the reply is not one JSON object: {problem}") from None
    missing = [axis for axis in axes if axis not in found]
    if missing:
        raise _Refused(f"no verdict on {', '.join(missing)}")
    return {axis: _axis_pick(axis, found[axis]) for axis in axes}


def _axis_pick(axis: str, value: object) -> AxisPick:
    if not isinstance(value, dict) or not isinstance(value.get("verdict"), str):
        raise _Refused(f"the verdict on {axis} is not an object with a verdict")
    pick = PICKS.get(value["verdict"].strip().upper())
    if pick is None:
        raise _Refused(f"the verdict on {axis} is none of {', '.join(PICKS)}")
    reason = value.get("reason")
    return AxisPick(pick, reason=reason[:LONGEST_REASON] if isinstance(reason, str) else "")


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise _Refused("a key appears twice")
    return found


def _no_constant(name: str) -> float:
    raise _Refused(f"{name} is not JSON")


def _from_verdict_line(text: str, axes: Sequence[str], fence: str) -> Mapping[str, AxisPick] | None:
    """Read `VERDICT <fence> axis=FIRST ...` from the last line; the fence name proves the judge wrote it.

    None if there is a second verdict of either form: which one is meant is not ours to guess.
    """
    last = text.rsplit("\n", 1)[-1].split()
    if last[:2] != ["VERDICT", fence] or text.count(fence) != 1 or '"verdict"' in text:
        return None
    found = dict(word.split("=", 1) for word in last[2:] if word.count("=") == 1)
    if len(found) != len(last) - 2 or set(found) != set(axes) or not set(found.values()) <= set(PICKS):
        return None
    return {axis: AxisPick(PICKS[found[axis]]) for axis in axes}


def pick_from_log_probabilities(
    top: Sequence[tuple[str, float]], first: str = "1", second: str = "2"
) -> AxisPick | Unusable:
    """A pick from the log-probabilities (nats) of the first token of a reply.

    `top`: (token, log-probability) as the server listed them. Variants that differ in surrounding space count
    together. A token not listed, or masked, stands at the smallest probability reported and is flagged.
    """
    listed = [(token.strip(), value) for token, value in top if value > MASKED and not math.isnan(value)]
    if not listed:
        return Unusable(Outcome.UNPARSEABLE, "the reply has no log-probabilities")
    floor = min(value for _, value in listed)
    mass_first, mass_second = _log_mass(listed, first), _log_mass(listed, second)
    mass = math.exp(mass_first) + math.exp(mass_second)
    if mass < LOWEST_MASS:
        return Unusable(Outcome.LOW_MASS, f"P({first}) + P({second}) = {mass:.3f}")
    censored = math.isinf(mass_first) or math.isinf(mass_second)
    odds = max(mass_first, floor) - max(mass_second, floor)
    pick = Pick.FIRST if odds > 0 else Pick.SECOND if odds < 0 else Pick.TIE
    return AxisPick(pick, log_odds=odds, censored=censored)


def _log_mass(listed: Sequence[tuple[str, float]], token: str) -> float:
    """Log of the summed probability of a token's variants, minus infinity when none is listed."""
    values = [min(value, 0.0) for name, value in listed if name == token]
    if not values:
        return -math.inf
    top = max(values)
    return top + math.log(math.fsum(math.exp(value - top) for value in values))
