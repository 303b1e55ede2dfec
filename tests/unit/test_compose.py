"""docker-compose.yml: its shape, the promises it makes, and that it runs what the embedded stack runs."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml
from jsonschema import Draft202012Validator

from app import __version__
from app.embedded.children import API, WORKER

PROJECT = Path(__file__).resolve().parents[2]
COMPOSE = yaml.safe_load((PROJECT / "docker-compose.yml").read_text())
SERVICES = COMPOSE["services"]
OURS = ("migrate", "api", "worker")

TEXT = {"type": "string"}
FLAG = {"type": "boolean"}
STRINGS = {"type": "array", "items": TEXT, "minItems": 1}
DURATION = {"type": "string", "pattern": r"^\d+(ms|s|m)$"}
# The part of the Compose Specification that we use: a key beyond it is a spelling mistake.
SERVICE = {
    "type": "object",
    "properties": {
        **dict.fromkeys(("image", "build", "shm_size"), TEXT),
        **dict.fromkeys(("command", "volumes", "ports", "tmpfs", "cap_drop", "security_opt"), STRINGS),
        **dict.fromkeys(("init", "read_only"), FLAG),
        "stop_grace_period": DURATION,
        "restart": {"enum": ["no", "always", "on-failure", "unless-stopped"]},
        "environment": {"type": "object", "additionalProperties": TEXT},
        "healthcheck": {
            "type": "object",
            "properties": {
                "test": {**STRINGS, "prefixItems": [{"enum": ["CMD", "CMD-SHELL"]}]},
                **dict.fromkeys(("interval", "timeout", "start_period"), DURATION),
                "retries": {"type": "integer"},
            },
            "additionalProperties": False,
            "required": ["test"],
        },
        "depends_on": {
            "type": "object",
            "additionalProperties": {
                "properties": {"condition": {"enum": ["service_healthy", "service_completed_successfully"]}},
                "additionalProperties": False,
                "required": ["condition"],
            },
        },
    },
    "additionalProperties": False,
    "required": ["image", "restart"],
}
SCHEMA = {
    "type": "object",
    "properties": {
        "services": {"type": "object", "additionalProperties": SERVICE},
        "volumes": {"type": "object", "additionalProperties": {"type": "null"}},
    },
    "patternProperties": {"^x-": {}},
    "additionalProperties": False,
    "required": ["services"],
}


def test_the_file_has_the_shape_compose_reads():
    Draft202012Validator.check_schema(SCHEMA)
    errors = [error.message for error in Draft202012Validator(SCHEMA).iter_errors(COMPOSE)]
    assert errors == []


def test_it_has_the_promised_services_and_the_volumes_they_name():
    assert set(SERVICES) == {"postgres", "valkey", *OURS}
    named = {volume.split(":")[0] for service in SERVICES.values() for volume in service.get("volumes", ())}
    assert named == set(COMPOSE["volumes"])


def test_it_runs_the_same_processes_as_the_embedded_stack():
    assert SERVICES["api"]["command"] == ["python", "-m", *API]
    assert SERVICES["worker"]["command"] == ["python", "-m", *WORKER]
    assert SERVICES["migrate"]["command"] == ["python", "-m", "app.cli", "db", "upgrade"]


def test_workers_can_be_scaled():
    assert not {"ports", "container_name"} & set(SERVICES["worker"])


def test_storage_keeps_its_promises_and_is_reachable_from_inside_only():
    valkey = SERVICES["valkey"]["command"]
    options = dict(zip(valkey[1::2], valkey[2::2], strict=True))
    assert options == {
        "--requirepass": "${VALKEY_PASSWORD:?}",
        "--appendonly": "yes",
        "--maxmemory-policy": "noeviction",
    }
    assert [name for name, service in SERVICES.items() if "ports" in service] == ["api"]
    assert SERVICES["api"]["ports"][0].startswith("${TRACEJUDGE_PUBLISH:-127.0.0.1:")


def test_everything_waits_for_what_it_needs():
    for name in ("api", "worker"):
        assert SERVICES[name]["depends_on"] == {
            "postgres": {"condition": "service_healthy"},
            "valkey": {"condition": "service_healthy"},
            "migrate": {"condition": "service_completed_successfully"},
        }
    assert SERVICES["migrate"]["depends_on"] == {"postgres": {"condition": "service_healthy"}}
    for service in SERVICES.values():
        for needed, wanted in service.get("depends_on", {}).items():
            assert wanted["condition"] != "service_healthy" or "healthcheck" in SERVICES[needed]


@pytest.mark.parametrize("name", OURS)
def test_our_containers_have_no_rights_they_do_not_need(name):
    service = SERVICES[name]
    assert (service["read_only"], service["cap_drop"]) == (True, ["ALL"])
    assert "no-new-privileges:true" in service["security_opt"]
    assert service["environment"].keys() >= {
        "TRACEJUDGE_DATABASE_URL", "TRACEJUDGE_BROKER_URL", "TRACEJUDGE_SECRET_KEY", "TRACEJUDGE_JUDGE_HOSTS"
    }  # fmt: skip


def test_no_secret_is_written_down_and_none_has_a_default():
    text = (PROJECT / "docker-compose.yml").read_text()
    for variable in re.findall(r"\$\{(\w+(?:PASSWORD|KEY|HOSTS)[^}]*)\}", text):
        assert variable.endswith(":?"), variable
    assert re.findall(r"^\s+\w*PASSWORD: (?!\$\{)", text, re.MULTILINE) == []


def test_the_image_is_built_from_the_lock_and_runs_as_an_ordinary_user():
    lines = (PROJECT / "Dockerfile").read_text().splitlines()
    assert sum("--require-hashes" in line for line in lines) == 2
    assert any(re.fullmatch(r"USER [1-9]\d*:[1-9]\d*", line) for line in lines)
    admitted = (PROJECT / ".dockerignore").read_text().splitlines()
    sources = [
        word for line in lines if line.startswith("COPY ") and "--from" not in line for word in line.split()[1:-1]
    ]
    assert sources
    for source in sources:
        assert f"!{source}" in admitted
        assert (PROJECT / source).exists()


def test_the_version_is_the_projects():
    assert f'version = "{__version__}"' in (PROJECT / "pyproject.toml").read_text()
