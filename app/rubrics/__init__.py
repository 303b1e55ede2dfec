"""The rubrics that come with the service: load(name) reads the YAML file of that name beside this module."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from app.domain.errors import Invalid, NotFound, Problem
from app.domain.rubric import OVERALL, Axis, Rubric

_HERE = Path(__file__).parent
_RUBRIC_FIELDS = {"name": str, "version": int, "title": str, "guidance": str, "axes": list}
_AXIS_FIELDS = {"name": str, "title": str, "instruction": str}
_AXIS_OPTIONS = {"needs_image": bool}
_WORDS = {str: "text", int: "a whole number", list: "a list", bool: "true or false"}


def list_names() -> tuple[str, ...]:
    """The names of all rubrics, sorted."""
    return tuple(sorted(path.stem for path in _HERE.glob("*.yaml")))


@cache
def load(name: str) -> Rubric:
    """The rubric of that name. Raises NotFound, which names those that exist."""
    if name not in list_names():
        raise NotFound(f"there is no rubric {name!r}; there are {', '.join(list_names())}")
    return parse((_HERE / f"{name}.yaml").read_text(encoding="utf-8"), name)


def parse(text: str, name: str) -> Rubric:
    """Read a rubric from YAML. Raises Invalid with every problem found; `name` is what the file is called."""
    try:
        found = yaml.safe_load(text)
    except yaml.YAMLError as problem:
        raise Invalid(f"rubric {name!r} is not YAML: {problem}") from None
    problems = _problems(found, name)
    if problems:
        listed = "; ".join(f"{problem.field}: {problem.reason}" for problem in problems)
        raise Invalid(f"rubric {name!r} is not valid: {listed}", tuple(problems))
    axes = tuple(Axis(**axis) for axis in found["axes"])
    return Rubric(**{**found, "axes": axes})


def _problems(found: object, name: str) -> list[Problem]:
    if not isinstance(found, dict):
        return [Problem("must be a mapping of fields", "rubric")]
    problems = _wrong_fields(found, "", _RUBRIC_FIELDS, {})
    if problems:
        return problems
    if found["name"] != name:
        problems.append(Problem(f"must be {name!r}, as the file is called", "name"))
    for number, axis in enumerate(found["axes"]):
        where = f"axes[{number}]"
        if isinstance(axis, dict):
            problems += _wrong_fields(axis, f"{where}.", _AXIS_FIELDS, _AXIS_OPTIONS)
        else:
            problems.append(Problem("must be a mapping of fields", where))
    return problems or _wrong_names([axis["name"] for axis in found["axes"]])


def _wrong_fields(
    found: dict[Any, Any], where: str, needed: Mapping[str, type], optional: Mapping[str, type]
) -> list[Problem]:
    problems = [Problem("is missing", where + key) for key in needed if key not in found]
    for key, value in found.items():
        kind = needed.get(key) or optional.get(key)
        if kind is None:
            problems.append(Problem("is not a field of a rubric", f"{where}{key}"))
        elif type(value) is not kind:
            problems.append(Problem(f"must be {_WORDS[kind]}", f"{where}{key}"))
    return problems


def _wrong_names(names: list[str]) -> list[Problem]:
    problems = [
        Problem("an axis name is lower-case letters, digits and _", f"axes[{number}].name")
        for number, name in enumerate(names)
        if not (name.isidentifier() and name.isascii() and name == name.lower())
    ]
    if len(set(names)) != len(names):
        problems.append(Problem("two axes have the same name", "axes"))
    if OVERALL not in names:
        problems.append(Problem(f"the axis {OVERALL} is missing", "axes"))
    return problems
