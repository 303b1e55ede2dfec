"""The one error tree: what can go wrong, in words a user can act on.

    TraceJudgeError
    ├── Invalid            the content of a request is wrong (carries every problem found)
    │   ├── NotComparable  models that never met cannot be put on one scale
    │   └── Malformed      the request could not be read at all
    ├── Unauthenticated · Forbidden · NotFound (ImageMissing) · Conflict
    ├── TooLarge · UnsupportedMediaType
    └── Unavailable        a part we depend on is down; try again

Which HTTP status each becomes is known in app/api/errors.py and nowhere else.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong with an input: where it is and what to do. Never holds the submitted value."""

    reason: str
    field: str = ""
    line: int | None = None


class TraceJudgeError(Exception):
    """Base of all expected errors; `slug` names the problem type in URLs and never changes."""

    slug: ClassVar[str] = "error"
    title: ClassVar[str] = "Something went wrong"

    def __init__(self, detail: str, problems: tuple[Problem, ...] = (), problem_count: int | None = None) -> None:
        super().__init__(detail)
        self.detail = detail
        self.problems = problems
        self.problem_count = len(problems) if problem_count is None else problem_count


class Invalid(TraceJudgeError):
    """The content is wrong: the caller must change it before sending it again."""

    slug = "invalid"
    title = "The request is not valid"


class Malformed(Invalid):
    """The request could not be read at all (not JSON, wrong encoding, bad header)."""

    slug = "malformed"
    title = "The request could not be read"


class NotComparable(Invalid):
    """The models fall into groups that never met (or jobs that may not be pooled)."""

    slug = "not-comparable"
    title = "These cannot be compared"


class Unauthenticated(TraceJudgeError):
    """No key, or one that is unknown, revoked or malformed."""

    slug = "unauthenticated"
    title = "A valid API key is needed"


class Forbidden(TraceJudgeError):
    """The key is good but lacks the scope."""

    slug = "forbidden"
    title = "This key may not do that"


class NotFound(TraceJudgeError):
    """It does not exist, or belongs to another project; the two look alike on purpose."""

    slug = "not-found"
    title = "Not found"


class ImageMissing(NotFound):
    """The bytes of an image are not there: never uploaded, or they could not be fetched."""

    slug = "image-missing"
    title = "Image not found"


class Conflict(TraceJudgeError):
    """The verb does not fit the present state."""

    slug = "conflict"
    title = "That does not fit the present state"


class TooLarge(TraceJudgeError):
    """The body, a line or an image is over its limit."""

    slug = "too-large"
    title = "Too large"


class NotAcceptable(TraceJudgeError):
    """What the caller would accept is none of what there is."""

    slug = "not-acceptable"
    title = "Not acceptable"


class UnsupportedMediaType(TraceJudgeError):
    """The Content-Type or Content-Encoding is not one this address takes."""

    slug = "unsupported-media-type"
    title = "Unsupported media type"


class Unavailable(TraceJudgeError):
    """A part we depend on is down for the moment."""

    slug = "unavailable"
    title = "Temporarily unavailable"
