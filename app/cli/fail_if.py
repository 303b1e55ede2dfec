"""`--fail-if`: a condition on the numbers of a report, so that a build can fail by them.

    EXPR = ALL ("or" ALL)*      ALL = TEST ("and" TEST)*      TEST = PATH OP NUMBER

PATH is looked up in the report's headline, then in its results: names joined by dots; `[0]` or `[name]` picks from a
list, by place or by any of the entry's words. NUMBER may end in %.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

import orjson
import typer

from app.cli.terminal import say

FAILED = 1
OPERATORS: Mapping[str, Callable[[float, float], bool]] = {
    "<=": operator.le, ">=": operator.ge, "==": operator.eq, "!=": operator.ne, "<": operator.lt, ">": operator.gt,
}  # fmt: skip
FORM = "PATH OP NUMBER, joined by and / or, e.g. 'win_rate.low < 50%'"
NAME = r"[A-Za-z_][A-Za-z0-9_]*"
TEST = re.compile(
    rf"\s*(?P<path>{NAME}(?:\.{NAME}|\[[^\]]+\])*)\s*(?P<op><=|>=|==|!=|<|>)\s*"
    r"(?P<number>[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)\s*(?P<percent>%?)\s*"
)
JOINT = re.compile(r"(?P<word>and|or)\b")
STEP = re.compile(rf"\.?(?P<name>{NAME})|\[(?P<pick>[^\]]+)\]")
SHOWN = 6


def conditions(texts: Sequence[str]) -> list[Condition]:
    """The conditions of a command line; wrong usage where one cannot be read."""
    try:
        return [read(text) for text in texts]
    except Unreadable as error:
        raise typer.BadParameter(str(error), param_hint="--fail-if") from None


def enforce(asked: Sequence[Condition], report: bytes) -> None:
    """End the command with status 1, saying why on standard error, where a report (JSON) meets a condition; with
    status 2 where it has not what a condition names.
    """
    results = orjson.loads(report)["results"]
    pending = results["losses"]["missing_pairs"].get("pending", 0)
    if pending:
        say(f"Note: {pending:,} pairs are still pending, so --fail-if decides by a preliminary report.")
    try:
        found = [why for condition in asked if (why := condition.fails(results)) is not None]
    except Unreadable as error:
        raise typer.BadParameter(str(error), param_hint="--fail-if") from None
    for why in found:
        say(f"Failed: {why}", style="bold red")
    if found:
        raise typer.Exit(FAILED)


class Unreadable(Exception):
    """The condition is not of the form, or names what the report does not have; its text says what to do."""


@dataclass(frozen=True, slots=True)
class Test:
    """One comparison."""

    path: str
    sign: str
    number: float
    text: str

    def fails(self, results: Mapping[str, Any]) -> str | None:
        """What was found, in words, when the comparison holds or has no number to compare. Raises Unreadable."""
        value = look_up(results, self.path)
        if value is None:
            return f"{self.path} has no value in this report (which fails, too)"
        if not isinstance(value, bool | int | float):
            raise Unreadable(f"{self.path} is no number{_offered('; there is', _names(value), self.path)}")
        return f"{self.path} is {value:.6g}" if OPERATORS[self.sign](float(value), self.number) else None


@dataclass(frozen=True, slots=True)
class Condition:
    """A whole expression: `alternatives` joined by `or`, the tests of each by `and`."""

    text: str
    alternatives: tuple[tuple[Test, ...], ...]

    def fails(self, results: Mapping[str, Any]) -> str | None:
        """Why the build is to fail by this report, or None. Every path is looked up, whatever it would decide."""
        told = [[test.fails(results) for test in tests] for tests in self.alternatives]
        for words in told:
            found = [word for word in words if word is not None]
            if len(found) == len(words):
                return f"{', '.join(found)}: --fail-if '{self.text}'"
        return None


def read(text: str) -> Condition:
    """The condition that a text spells. Raises Unreadable."""
    alternatives: list[list[Test]] = [[]]
    at = 0
    while True:
        found = TEST.match(text, at)
        if found is None:
            raise Unreadable(f"cannot read {text[at:].strip() or 'the end'!r}: the form is {FORM}")
        number = float(found["number"]) / (100 if found["percent"] else 1)
        alternatives[-1].append(Test(found["path"], found["op"], number, found[0].strip()))
        at = found.end()
        if at == len(text):
            return Condition(text.strip(), tuple(map(tuple, alternatives)))
        joint = JOINT.match(text, at)
        if joint is None:
            raise Unreadable(f"cannot read {text[at:].strip()!r}: the form is {FORM}")
        if joint["word"] == "or":
            alternatives.append([])
        at = joint.end()


def look_up(results: Mapping[str, Any], path: str) -> Any:
    """The value at a path of a report's results, None where it or something above it is null. Raises Unreadable."""
    headline = results.get("headline")
    first = path.replace("[", ".").partition(".")[0]
    if first not in results and headline is None and "headline" in results:
        return None  # no pair was judged yet, so there is no headline to look into
    value: Any = headline if headline and first in headline else results
    known = [*(headline or {}), *results]
    below = ""
    for step in STEP.finditer(path):
        value = _named(value, step["name"], below, known) if step["name"] else _picked(value, step["pick"], below)
        below += step[0]
        if value is None:
            return None
        known = _names(value)
    return value[0] if isinstance(value, _Some) and len(value) == 1 else value


class _Some(list[Any]):
    """Entries of a list that a [name] has left; one of them is the entry itself."""


def _named(value: Any, name: str, below: str, known: Sequence[str]) -> Any:
    if isinstance(value, _Some):
        value = _lone(value, below)
        known = _names(value)
    if isinstance(value, Mapping) and name in value:
        return value[name]
    if isinstance(value, list):
        offered = f"; pick one: {_listed(_names(value))}" if value else " (there is none)"
        raise Unreadable(f"{below} is a list of {len(value)}{offered}")
    where = f"in {below} " if below else ""
    raise Unreadable(f"there is no {name!r} {where}".rstrip() + _offered("; there is", known, name))


def _picked(value: Any, pick: str, below: str) -> Any:
    if isinstance(value, Mapping):
        if pick in value:
            return value[pick]
        raise Unreadable(f"there is no {pick!r} in {below}" + _offered("; there is", list(value), pick))
    if not isinstance(value, list):
        raise Unreadable(f"{below} is no list")
    if pick.isdecimal() and not isinstance(value, _Some):
        if int(pick) < len(value):
            return value[int(pick)]
        raise Unreadable(f"{below} has {len(value)} entries; the first is [0]")
    left = _Some(entry for entry in value if pick in _words(entry))
    if not left:
        raise Unreadable(f"there is no {pick!r} in {below}" + _offered("; there is", _names(value), pick))
    return left


def _lone(value: _Some, below: str) -> Any:
    if len(value) == 1:
        return value[0]
    words = [set(_words(entry)) for entry in value]
    common = words[0].intersection(*words)
    differing = dict.fromkeys(word for mine in words for word in sorted(mine - common))
    raise Unreadable(f"{below} is {len(value)} entries; add one of [{'], ['.join(list(differing)[:SHOWN])}]")


def _words(entry: Any) -> Iterator[str]:
    """The words by which an entry of a list may be picked: its texts, and those one level below."""
    if isinstance(entry, str):
        yield entry
    elif isinstance(entry, Mapping):
        for key, value in entry.items():
            if isinstance(value, str) and key != "text":
                yield value
            elif isinstance(value, Mapping):
                yield from (text for text in value.values() if isinstance(text, str))


def _names(value: Any) -> list[str]:
    """What may be written behind a path that leads to this value."""
    if isinstance(value, Mapping):
        return list(value)
    if isinstance(value, list):
        return list(dict.fromkeys(word for entry in value for word in _words(entry)))
    return []


def _offered(before: str, known: Sequence[str], wanted: str) -> str:
    """The nearest known names, or the first few."""
    last = wanted.rpartition(".")[2]
    near = get_close_matches(last, known, n=SHOWN, cutoff=0.5) or list(dict.fromkeys(known))[:SHOWN]
    return f"{before} {_listed(near)}" if near else ""


def _listed(names: Sequence[str]) -> str:
    return ", ".join(list(names)[:SHOWN]) + (", ..." if len(names) > SHOWN else "")
