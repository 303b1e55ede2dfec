"""Problem documents (RFC 9457) and how validation errors become them, without an echo of submitted values."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from pydantic import Field

from app.domain.errors import Problem
from app.wire.shape import FORMS, Output, compact

MEDIA_TYPE = "application/problem+json"
TYPE_PREFIX = "urn:tracejudge:problem:"
MOST_PROBLEMS = 100  # the rest is only counted


class ProblemLine(Output):
    """One thing wrong with what was sent."""

    reason: str
    field: str = ""
    line: int | None = Field(None, description="line of the upload, or position of an inline pair, from 1")


class ProblemDocument(Output):
    """Every error looks like this."""

    type: str = Field(description="stable: compare this, not the title")
    title: str
    status: int
    detail: str
    request_id: str = Field(description="quote it when asking for help; also in the X-Request-Id header")
    problems: list[ProblemLine] = Field([], description="the first hundred")
    problem_count: int = Field(0, description="how many there were")


def problems_of(errors: Iterable[Mapping[str, Any]], line: int | None = None) -> tuple[Problem, ...]:
    """What pydantic found, in our words: where and why, never the value."""
    return tuple(Problem(_reason(error), compact(_path(error["loc"])), line) for error in errors)


def _path(location: Sequence[str | int]) -> Sequence[str | int]:
    """Without the part of the request that FastAPI puts in front of the field."""
    return location[1:] if location and location[0] in ("body", "query", "path", "header") else location


def _reason(error: Mapping[str, Any]) -> str:
    kind: str = error["type"]
    if kind == "extra_forbidden":
        return "unknown field"
    if kind == "missing":
        return "is missing"
    if kind == "string_unicode":
        return "is not valid Unicode text (a lone surrogate?)"
    if kind == "string_pattern_mismatch":
        pattern = error["ctx"]["pattern"]
        return FORMS.get(pattern, f"does not have the form {pattern}")
    message: str = error["msg"]
    return message.removeprefix("Value error, ").removeprefix("Input ")
