"""The JSON Schema of a report (draft 2020-12), made from the dataclasses it is written from, and its version.

The version moves when a field is renamed, dropped or changes its meaning; fields are added without notice, so a
reader passes over what it does not know.
"""

from __future__ import annotations

from dataclasses import is_dataclass
from inspect import getdoc
from types import NoneType, UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

from app.reports.report import Results

VERSION = 1
NAME = f"tracejudge-report/{VERSION}"
JsonSchema = dict[str, Any]

_SCALARS: dict[Any, JsonSchema] = {
    str: {"type": "string"},
    bool: {"type": "boolean"},
    int: {"type": "integer"},
    float: {"type": "number"},
    NoneType: {"type": "null"},
    Any: {},
}
_ENVELOPE: JsonSchema = {
    "description": "What may differ between two reports of the same judgments.",
    "type": "object",
    "properties": {
        "schema": {"const": NAME},
        "job": {"type": "object"},
        "as_of": {"type": "string"},
        "software": {"type": "object"},
        "times": {"type": "object"},
        "usage": {"type": "object"},
    },
    "required": ["schema"],
}


def report_schema() -> JsonSchema:
    """The schema of what `as_json` writes. A null is a number that does not exist."""
    definitions: dict[str, JsonSchema] = {}
    results = _of(Results, definitions)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:tracejudge:report:{VERSION}",
        "title": NAME,
        "description": "A report of TraceJudge. Shares and rates are fractions in [0, 1].",
        "type": "object",
        "properties": {"envelope": _ENVELOPE, "results": results},
        "required": ["envelope", "results"],
        "$defs": dict(sorted(definitions.items())),
    }


def _of(kind: Any, definitions: dict[str, JsonSchema]) -> JsonSchema:
    """The schema of a field's type; dataclasses are put into `definitions` and referred to."""
    if kind in _SCALARS:
        return _SCALARS[kind]
    if is_dataclass(kind) and isinstance(kind, type):
        return _record(kind, definitions)
    origin, parts = get_origin(kind), get_args(kind)
    if origin in (Union, UnionType):
        return _either([_of(part, definitions) for part in parts])
    if origin is dict:
        return {"type": "object", "additionalProperties": _of(parts[1], definitions)}
    if origin is list or parts[-1:] == (...,):
        return {"type": "array", "items": _of(parts[0], definitions)}
    if origin is tuple:
        places = [_of(part, definitions) for part in parts]
        return {"type": "array", "prefixItems": places, "minItems": len(places), "maxItems": len(places)}
    raise TypeError(f"a report holds no {kind}")


def _record(kind: type, definitions: dict[str, JsonSchema]) -> JsonSchema:
    if kind.__name__ not in definitions:
        hints = get_type_hints(kind)
        about = {"description": " ".join((getdoc(kind) or "").split())}
        definitions[kind.__name__] = about | {
            "type": "object",
            "properties": {name: _of(hint, definitions) for name, hint in hints.items()},
            "required": sorted(hints),
        }
    return {"$ref": f"#/$defs/{kind.__name__}"}


def _either(choices: list[JsonSchema]) -> JsonSchema:
    """Scalars or null in one line, as people write them."""
    if all(set(choice) == {"type"} for choice in choices):
        return {"type": [choice["type"] for choice in choices]}
    return {"anyOf": choices}
