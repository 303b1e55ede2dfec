"""The description of the API: complete, with examples that are true, and changed only on purpose."""

from __future__ import annotations

import json
from typing import Any

import jsonschema
import pytest

from app.wire.pairs import read_pair
from tests.golden.openapi import GOLDEN, described

DOCUMENT: dict[str, Any] = json.loads(described())
OPERATIONS = [
    (path, method, operation) for path, methods in DOCUMENT["paths"].items() for method, operation in methods.items()
]
NAMED = [pytest.param(*each, id=f"{each[1]} {each[0]}") for each in OPERATIONS]
CONTRACT = {
    "POST /v1/jobs", "GET /v1/jobs", "GET /v1/jobs/{job_id}", "DELETE /v1/jobs/{job_id}",
    "POST /v1/jobs/{job_id}/pairs",
    "GET /v1/jobs/{job_id}/pairs", "GET /v1/jobs/{job_id}/judgments", "GET /v1/jobs/{job_id}/report",
    "POST /v1/jobs/{job_id}/start", "POST /v1/jobs/{job_id}/pause", "POST /v1/jobs/{job_id}/resume",
    "POST /v1/jobs/{job_id}/cancel", "POST /v1/jobs/{job_id}/retry", "PUT /v1/images/{sha256}", "POST /v1/judges",
    "GET /v1/judges", "POST /v1/judges/{name}/resume", "POST /v1/judges/{name}/test", "POST /v1/rubrics",
    "GET /v1/rubrics", "GET /v1/me", "POST /v1/keys", "GET /v1/keys", "DELETE /v1/keys/{key_id}", "POST /v1/projects",
    "GET /v1/projects", "GET /healthz", "GET /readyz", "GET /metrics",
}  # fmt: skip


def resolved(schema: dict[str, Any]) -> dict[str, Any]:
    return {**schema, "components": DOCUMENT["components"]}


def test_the_description_changes_only_on_purpose():
    assert described() == GOLDEN.read_text(encoding="utf-8"), "meant? then: python -m tests.golden.openapi"


def test_everything_of_the_contract_is_there():
    assert {f"{method.upper()} {path}" for path, method, _ in OPERATIONS} >= CONTRACT


@pytest.mark.parametrize(("path", "method", "operation"), NAMED)
def test_every_operation_says_what_it_does_and_shows_it(path: str, method: str, operation: dict[str, Any]):
    assert operation["description"].endswith((".", "`"))
    for status, response in operation["responses"].items():
        for kind, content in response.get("content", {}).items():
            if status.startswith("2") and kind == "application/json":
                assert content["example"], f"no example for {status}"
                jsonschema.validate(content["example"], resolved(content["schema"]))
    body = operation.get("requestBody", {}).get("content", {}).get("application/json")
    if body and "anyOf" not in body["schema"]:
        schema = DOCUMENT["components"]["schemas"][body["schema"]["$ref"].rpartition("/")[2]]
        jsonschema.validate(schema["example"], resolved(schema))


@pytest.mark.parametrize(("path", "method", "operation"), NAMED)
def test_every_operation_declares_its_problems(path: str, method: str, operation: dict[str, Any]):
    declared = {status for status in operation["responses"] if not status.startswith(("2", "304"))}
    if path.startswith("/v1/"):
        assert {"401", "403", "422", "503"} <= declared
        assert operation["security"] == [{"key": []}]
    assert ("{" in path) <= ("404" in declared)
    assert ("requestBody" in operation) <= ({"400", "413", "415"} <= declared)
    for status in declared - {"503"} if path == "/readyz" else declared:
        name = operation["responses"][status]["$ref"].rpartition("/")[2]
        content = DOCUMENT["components"]["responses"][name]["content"]["application/problem+json"]
        assert content["example"]["status"] == int(status)
        jsonschema.validate(content["example"], resolved(content["schema"]))


def test_the_line_of_an_upload_is_a_true_example():
    content = DOCUMENT["paths"]["/v1/jobs/{job_id}/pairs"]["post"]["requestBody"]["content"]
    line = content["application/x-ndjson"]["example"].encode()
    assert read_pair(line, 1, 1_000).to_domain().item.id == "q17"


def test_names_of_operations_are_unique_and_short():
    names = [operation["operationId"] for _, _, operation in OPERATIONS]
    assert len(set(names)) == len(names)
    assert all("_v1_" not in name for name in names)
