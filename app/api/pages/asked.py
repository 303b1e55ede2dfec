"""What a page is asked for by its address, and how its own links go on from there."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Mapping, Sequence
from typing import TypeVar
from urllib.parse import urlencode

from fastapi import Request
from pydantic import BaseModel, ValidationError

from app.domain.errors import Invalid, Problem
from app.wire.problems import problems_of

T = TypeVar("T")
S = TypeVar("S", bound=BaseModel)
Words = Mapping[str, str | Sequence[str]]
PATIENCE = 2.0  # seconds after which a page says that its numbers are being computed
AGAIN = "3"  # seconds until it looks again


def words_of(request: Request, several: Sequence[str] = ()) -> dict[str, str | list[str]]:
    """What the address says, without fields that a form left empty; of `several` every value, of others the last."""
    given = request.query_params
    filled: dict[str, str | list[str]] = {name: value for name, value in given.items() if value.strip()}
    return filled | {name: [one for one in given.getlist(name) if one.strip()] for name in several}


def read(shape: type[S], words: Words) -> S:
    """The words as what a /v1 resource takes. Raises Invalid, which names the fields."""
    try:
        return shape.model_validate(dict(words))
    except ValidationError as error:
        raise Invalid("this cannot be shown so", problems_of(error.errors())) from None


def told(problems: Sequence[Problem]) -> dict[str, str]:
    """What is wrong, by the field it is said beside."""
    found: dict[str, str] = {}
    for problem in problems:
        found.setdefault(problem.field.partition(".")[0], problem.reason)
    return found


def address(path: str, words: Words, **changes: str | None) -> str:
    """The same page asked otherwise: fields changed, or gone where None."""
    changed = {name: value for name, value in {**words, **changes}.items() if value}
    return path + ("?" + urlencode(changed, doseq=True) if changed else "")


async def soon(made: Awaitable[T]) -> T | None:
    """The value, or None when it is not there in time; what is dear to make is kept and goes on being made."""
    try:
        return await asyncio.wait_for(made, PATIENCE)
    except TimeoutError:
        return None
