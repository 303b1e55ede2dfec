"""The closed set of ways a judge endpoint can answer; HTTP status codes of judges are known here only."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from email.utils import parsedate_to_datetime
from enum import StrEnum

import orjson

from app.judging.transport import Response

SHORTEST_WAIT = 1.0
LONGEST_WAIT = 120.0
# An error text may quote the request; its beginning is the server's own.
READ_OF_MESSAGE = 300

_CONTEXT = re.compile(
    r"context[ _](?:length|window|size)|maximum model length|max_model_len|prompt is too long|too many tokens",
    re.IGNORECASE,
)
_UNSUPPORTED = re.compile(
    r"response_format|json_schema|guided|grammar|logprobs|model\b.{0,80}(?:does not exist|not found)",
    re.IGNORECASE,
)
_QUOTA = "insufficient_quota"


class Kind(StrEnum):
    """What the engine does next follows from this and nothing else."""

    OK = "ok"
    CAPACITY = "capacity"  # too busy: wait, it uses up no try
    TRANSPORT = "transport"  # broken for the moment: back off and try again
    CONFIG = "config"  # every call would be answered so: pause the judge
    UNSUPPORTED = "unsupported"  # as CONFIG, unless it is this unit that provokes it
    CONTENT = "content"  # this prompt is too long for it: abstain
    REJECTED = "rejected"  # this request is refused: the unit fails


@dataclass(frozen=True, slots=True)
class Class:
    """The class of an answer. `reason`: the server's words. `retry_after`: seconds, clamped, if it said."""

    kind: Kind
    reason: str = ""
    retry_after: float | None = None

    def without(self, secret: str | None) -> Class:
        """The same with an API key taken out of the words: some servers repeat it."""
        return replace(self, reason=self.reason.replace(secret, "[key]")) if secret else self


_BUSY = {429, 503}
_OURS = {401, 402, 403, 404, 405, 407}
_BROKEN = {408, 425}


def classify(response: Response, now: float) -> Class:
    """The class of an answer; `now` (Unix seconds) is needed for a Retry-After that is a date."""
    status = response.status
    if status // 100 == 2:  # noqa: PLR2004  # the success family
        return Class(Kind.OK)
    reason = f"HTTP {status}: {_message(response.body)}".rstrip(": ")
    if status in _BUSY:
        if _QUOTA in reason:
            return Class(Kind.CONFIG, reason)
        return Class(Kind.CAPACITY, reason, retry_after=retry_after(response.headers, now))
    if status in _BROKEN or status >= 500:  # noqa: PLR2004  # the server-error family
        return Class(Kind.TRANSPORT, reason)
    if status in _OURS or status < 400:  # noqa: PLR2004  # redirects are never followed
        return Class(Kind.CONFIG, reason)
    return _of_the_request(reason)


def _of_the_request(reason: str) -> Class:
    """400, 413, 422 and their like: the text says whose fault it is."""
    if _CONTEXT.search(reason):
        return Class(Kind.CONTENT, reason)
    if _UNSUPPORTED.search(reason):
        return Class(Kind.UNSUPPORTED, reason)
    return Class(Kind.REJECTED, reason)


def retry_after(headers: Mapping[str, str], now: float) -> float | None:
    """Seconds to wait, from a number or an HTTP date, clamped to [1, 120]; None when absent or unreadable."""
    said = headers.get("retry-after", "").strip()
    try:
        seconds = float(said)
    except ValueError:
        try:
            seconds = parsedate_to_datetime(said).timestamp() - now
        except (ValueError, OverflowError):
            return None
    return None if math.isnan(seconds) else min(max(seconds, SHORTEST_WAIT), LONGEST_WAIT)


def _message(body: bytes) -> str:
    """The beginning of the error text, in whichever of the usual places it stands."""
    try:
        found = orjson.loads(body)
    except orjson.JSONDecodeError:
        return _printable(body.decode("utf-8", "replace"))
    if isinstance(found, dict) and isinstance(found.get("error"), dict):
        found = found["error"]
    if not isinstance(found, dict):
        return _printable(str(found))
    words = [str(found[key]) for key in ("code", "message", "error", "detail") if found.get(key)]
    return _printable(" ".join(words))


def _printable(text: str) -> str:
    return " ".join("".join(c if c.isprintable() else " " for c in text[:READ_OF_MESSAGE]).split())
