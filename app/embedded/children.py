"""The processes of the stack that run our own code: first steps, API, workers."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

import app
from app.embedded.health import answers
from app.embedded.home import Home
from app.embedded.processes import Command, environment
from app.embedded.service import Service

PROJECT = Path(app.__file__).resolve().parents[1]
# The arguments of `python -m`; docker-compose.yml has the same.
API = ("uvicorn", "app.api.app:create", "--factory", "--no-access-log", "--timeout-graceful-shutdown", "5")
WORKER = (
    *("celery", "-A", "workers.celery_app", "worker", "--pool", "threads", "--concurrency", "4"),
    *("--loglevel", "INFO", "--without-gossip", "--without-mingle", "--without-heartbeat"),
)
API_START_SECONDS, API_STOP_SECONDS = 120.0, 10.0
WORKER_STOP_SECONDS = 30.0  # it drains, see Settings.drain_seconds
ANY_ADDRESS = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}  # noqa: S104 - compared with, not listened on


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What such a process finds in its environment."""

    home: Home
    database_url: str
    broker_url: str

    def command(self, name: str, *arguments: str) -> Command:
        """`python -m` with these arguments. What the user has set of the defaults stays."""
        defaults = {
            "TRACEJUDGE_SECRET_KEY": self.home.secret_key(),
            "TRACEJUDGE_JUDGE_HOSTS": "*",
            "OPENBLAS_NUM_THREADS": "1",  # our matrices are small: more threads cost three times the CPU
        }
        return Command(
            name=name,
            arguments=(sys.executable, "-m", *arguments),
            log=self.home.log(name),
            directory=PROJECT,
            environment={
                **defaults,
                **environment(
                    TRACEJUDGE_DATABASE_URL=self.database_url,
                    TRACEJUDGE_BROKER_URL=self.broker_url,
                    TRACEJUDGE_HOME=str(self.home.directory),
                    PYTHONUNBUFFERED="1",
                ),
            },
        )


def first_steps(surroundings: Surroundings) -> Command:
    """Migrations and the command line's key."""
    return surroundings.command("first_steps", "app.embedded.first_steps", str(surroundings.home.key_file))


def api(surroundings: Surroundings, host: str, port: int) -> Service:
    """The HTTP server; ready when /readyz says so."""
    url = f"http://{ANY_ADDRESS.get(host, host)}:{port}"
    return Service(
        surroundings.command("api", *API, "--host", host, "--port", str(port)),
        url=url,
        ready=lambda _child: answers(f"{url}/readyz"),
        start_seconds=API_START_SECONDS,
        stop_seconds=API_STOP_SECONDS,
    )


def worker(surroundings: Surroundings, number: int) -> Service:
    """One Celery worker. It finds its work in the database once it is up, so nobody waits for it."""
    name = f"worker-{number}"
    return Service(
        surroundings.command(name, *WORKER, "--hostname", f"{name}@%h"),
        url="",
        ready=lambda child: child.alive,
        stop_seconds=WORKER_STOP_SECONDS,
    )
