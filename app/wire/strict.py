"""Strict JSON: refuses what a lenient parser would silently repair (NaN, duplicate keys, NUL, lone surrogates)."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator
from typing import Any, NoReturn

from app.domain.errors import Invalid, Malformed, Problem
from app.wire.shape import compact

# Escapes that spell a character PostgreSQL or UTF-8 cannot hold; rare, so the walk below is rarely taken.
SUSPICIOUS = re.compile(rb"\\u(?:0000|[dD][89a-fA-F])")
Path = tuple[str | int, ...]


def parse(body: bytes) -> Any:
    """The value of a JSON text. Raises Malformed when it is not strict JSON, Invalid for text nobody can store."""
    try:
        value = json.loads(
            body.decode("utf-8-sig"),
            object_pairs_hook=_object,
            parse_constant=_no_constant,
            parse_float=_finite,
        )
    except UnicodeDecodeError as problem:
        raise Malformed(f"the body is not UTF-8 (byte {problem.start})") from None
    except json.JSONDecodeError as problem:
        raise Malformed(
            f"the body is not JSON: {problem.msg} (line {problem.lineno}, column {problem.colno})"
        ) from None
    except RecursionError:
        raise Malformed("the body is nested too deeply") from None
    except ValueError:  # an integer of thousands of digits
        raise Malformed("the body holds a number that is too large") from None
    if SUSPICIOUS.search(body):
        refuse_unstorable(value)
    return value


def refuse_unstorable(value: Any) -> None:
    """Raise Invalid, naming the fields, when a text in a parsed value holds NUL or a lone surrogate."""
    problems = tuple(
        Problem("holds a NUL character or a lone surrogate, which cannot be stored", compact(path))
        for path, text in _texts(value, ())
        if not storable(text)
    )
    if problems:
        raise Invalid("some text cannot be stored", problems[:100], len(problems))


def storable(text: str) -> bool:
    """Whether PostgreSQL and UTF-8 can hold this text."""
    return "\x00" not in text and not any("\ud800" <= character <= "\udfff" for character in text)


def _texts(value: Any, path: Path) -> Iterator[tuple[Path, str]]:
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield (*path, "(key)"), key
            yield from _texts(inner, (*path, key))
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            yield from _texts(inner, (*path, number))


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise Malformed("the body holds an object with the same key twice")
    return found


def _no_constant(_name: str) -> NoReturn:
    raise Malformed("the body holds NaN or Infinity, which JSON does not know")


def _finite(digits: str) -> float:
    number = float(digits)
    if not math.isfinite(number):
        raise Malformed("the body holds a number that is too large")
    return number
