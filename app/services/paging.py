"""Pages of lists: a cursor is a place in an index, opaque to users."""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from app.domain.errors import Invalid, Problem

LONGEST_PAGE = 1_000


@dataclass(frozen=True, slots=True)
class Page:
    """Some of a list; `next` continues it and is None at its end."""

    items: list[Any]
    next: str | None


def check_limit(limit: int) -> None:
    """Raise Invalid for a page of no rows or of too many."""
    if not 1 <= limit <= LONGEST_PAGE:
        raise Invalid("the page cannot be so long", (Problem(f"1 to {LONGEST_PAGE}", field="limit"),))


def cursor(place: Sequence[int]) -> str:
    """A place in a list, opaque to users."""
    return base64.urlsafe_b64encode(json.dumps(list(place)).encode()).decode()


def place_of(cursor: str, length: int) -> tuple[int, ...]:
    """The place of a cursor; Invalid when it was not made by this kind of list."""
    try:
        place = json.loads(base64.b64decode(cursor, altchars=b"-_", validate=True))
    except ValueError:
        place = None
    fits = isinstance(place, list) and len(place) == length and all(type(part) is int for part in place)
    if not fits or not all(abs(part) < 1 << 31 for part in place):
        raise Invalid("the page cannot be found", (Problem("take it from `next` of the page before", field="after"),))
    return tuple(place)
