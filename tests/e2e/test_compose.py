"""The commands of docker-compose.yml, run by hand, with the environment it gives them."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
import yaml

from app.embedded.health import answers
from app.embedded.home import fernet_key
from app.embedded.ports import free_port
from app.embedded.processes import Child, Command
from app.embedded.stack import STORAGE, Stack
from tests.integration.embedded.support import eventually

PROJECT = Path(__file__).resolve().parents[2]
SERVICES = yaml.safe_load((PROJECT / "docker-compose.yml").read_text())["services"]


@pytest.fixture(scope="module")
def storage(tmp_path_factory) -> Iterator[Stack]:
    with Stack(tmp_path_factory.mktemp("compose"), services=STORAGE) as stack:
        yield stack


def as_in_compose(storage: Stack, name: str, **more: str) -> Command:
    """The service's command. Only what Docker would give otherwise is ours: host names, ports, values of .env."""
    values = {"TRACEJUDGE_SECRET_KEY": fernet_key(), "TRACEJUDGE_JUDGE_HOSTS": "judge.example"}
    given = {
        variable: re.sub(r"\$\{(\w+):\?\}", lambda found: values.get(found[1], ""), value)
        for variable, value in SERVICES[name]["environment"].items()
    }
    given |= {"TRACEJUDGE_DATABASE_URL": storage.database_url, "TRACEJUDGE_BROKER_URL": storage.broker_url, **more}
    python, *arguments = SERVICES[name]["command"]
    assert python == "python"
    return Command(
        name,
        (sys.executable, *arguments),
        storage.home.log(f"compose-{name}"),
        {"PATH": os.environ["PATH"], "PYTHONDONTWRITEBYTECODE": "1", **given},
        PROJECT,
    )


@contextmanager
def running(command: Command) -> Iterator[Child]:
    child = Child(command)
    try:
        yield child
        assert child.alive, command.log.read_text()
    finally:
        child.ask_to_stop()
        child.wait_or_kill(30)


def first_key(api: Command) -> str:
    """What the first lines of docker-compose.yml say to do for a key."""
    command = [sys.executable, "-m", "app.cli", "db", "key"]
    return subprocess.check_output(command, cwd=PROJECT, env=dict(api.environment), text=True).strip()


def test_migrate_then_api_then_workers(storage):
    migrate = Child(as_in_compose(storage, "migrate"))
    assert migrate.wait() == 0, migrate.command.log.read_text()
    port = str(free_port())
    url = f"http://127.0.0.1:{port}"
    api = as_in_compose(storage, "api", UVICORN_HOST="127.0.0.1", UVICORN_PORT=port)
    worker = as_in_compose(storage, "worker")
    with running(api), running(worker):
        assert eventually(lambda: answers(f"{url}/readyz"), 120), api.log.read_text()
        assert httpx.get(f"{url}/v1/jobs").status_code == 401
        assert httpx.get(f"{url}/v1/jobs", headers={"Authorization": f"Bearer {first_key(api)}"}).status_code == 200
        assert eventually(lambda: "ready" in worker.log.read_text(), 120), worker.log.read_text()
        check = SERVICES["api"]["healthcheck"]["test"][2:]
        probe = [sys.executable, *(part.replace("http://127.0.0.1:8080", url) for part in check)]
        assert subprocess.run(probe, cwd=PROJECT, check=False).returncode == 0
    assert subprocess.run(probe, cwd=PROJECT, check=False).returncode == 1
