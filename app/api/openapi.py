"""The OpenAPI description: an example for every operation, every problem declared."""

from __future__ import annotations

from collections.abc import Iterator
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic import BaseModel

from app.api.errors import STATUS
from app.wire.problems import MEDIA_TYPE, TYPE_PREFIX, ProblemDocument
from app.wire.shape import Input, Output

JsonObject = dict[str, Any]
VERSION = "1"
ABOUT = """\
Judges pairs of reasoning traces with LLM judges, in both orders, and reports win rates with intervals.

Every error is a problem document (RFC 9457) with a stable `type`. Unknown fields are refused by name.
Every answer carries an `X-Request-Id`.
"""
WITH_BODY = (HTTPStatus.BAD_REQUEST, HTTPStatus.REQUEST_ENTITY_TOO_LARGE, HTTPStatus.UNSUPPORTED_MEDIA_TYPE)
WITH_KEY = (
    HTTPStatus.UNAUTHORIZED,
    HTTPStatus.FORBIDDEN,
    HTTPStatus.UNPROCESSABLE_ENTITY,
    HTTPStatus.SERVICE_UNAVAILABLE,
)


def install(api: FastAPI) -> None:
    """Describe this application; made once, when it is first asked for."""
    api.openapi = lambda: _described(api)  # type: ignore[method-assign]  # as FastAPI's documentation shows


def _described(api: FastAPI) -> JsonObject:
    if api.openapi_schema is None:
        document = get_openapi(title="TraceJudge", version=VERSION, description=ABOUT, routes=api.routes)
        schemas = document["components"]["schemas"]
        for unused in ("HTTPValidationError", "ValidationError"):
            schemas.pop(unused, None)
        problem = ProblemDocument.model_json_schema(ref_template="#/components/schemas/{model}")
        schemas |= problem.pop("$defs") | {"ProblemDocument": problem}
        for shape in (*_kinds_of(Input), *_kinds_of(Output)):
            # Put back whole: the framework drops every null of an example.
            if shape.__name__ in schemas and (extra := shape.model_config.get("json_schema_extra")):
                schemas[shape.__name__] |= extra
        document["components"]["responses"] = {str(int(status)): _problem(status) for status in sorted(STATUS.values())}
        for path, method, operation in _operations(document):
            operation["responses"] |= {
                str(int(status)): _refer(status) for status in _possible(path, method, operation)
            }
            _add_example(operation, schemas)
        api.openapi_schema = document
    return api.openapi_schema


def _kinds_of(root: type[BaseModel]) -> Iterator[type[BaseModel]]:
    for kind in root.__subclasses__():
        yield kind
        yield from _kinds_of(kind)


def _operations(document: JsonObject) -> Iterator[tuple[str, str, JsonObject]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            operation["responses"].pop("422", None)  # the framework's own; ours is declared below
            yield path, method, operation


def _possible(path: str, method: str, operation: JsonObject) -> Iterator[HTTPStatus]:
    """The statuses of the problems an operation may answer with."""
    if not path.startswith("/v1/"):
        return
    yield from WITH_KEY
    if "{" in path:
        yield HTTPStatus.NOT_FOUND
    if method in ("post", "delete"):
        yield HTTPStatus.CONFLICT
    if "requestBody" in operation:
        yield from WITH_BODY


def _refer(status: HTTPStatus) -> JsonObject:
    return {"$ref": f"#/components/responses/{int(status)}"}


def _problem(status: HTTPStatus) -> JsonObject:
    kind = next(kind for kind, its in STATUS.items() if its is status)
    example = {
        "type": TYPE_PREFIX + kind.slug,
        "title": kind.title,
        "status": int(status),
        "detail": "what exactly, and what to do",
        "request_id": "0f8fad5bd9cb469fa16570867728950e",
        "problems": [],
        "problem_count": 0,
    }
    content = {"schema": {"$ref": "#/components/schemas/ProblemDocument"}, "example": example}
    return {"description": kind.title, "content": {MEDIA_TYPE: content}}


def _add_example(operation: JsonObject, schemas: JsonObject) -> None:
    """Show an example of the good answer, taken from the wire shape's own."""
    for status, response in operation["responses"].items():
        content = response.get("content", {}).get("application/json")
        if status.startswith("2") and content is not None and "example" not in content:
            content["example"] = _example(content["schema"], schemas)


def _example(schema: JsonObject, schemas: JsonObject) -> Any:
    """The example a schema carries; that of a page is a page of one."""
    named = schemas[schema["$ref"].rpartition("/")[2]] if "$ref" in schema else schema
    if "example" in named:
        return named["example"]
    return {"items": [_example(named["properties"]["items"]["items"], schemas)], "next": None}
