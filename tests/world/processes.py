"""Starts the API and workers as their own processes, and kills, freezes and thaws them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

import httpx

ROOT = Path(__file__).parents[2]


class Process:
    """One process of ours, in a session of its own so that a signal reaches it and nothing else."""

    def __init__(self, name: str, arguments: list[str], environment: Mapping[str, str], log: Path) -> None:
        self.name, self.arguments, self.log = name, arguments, log
        self.environment = {**os.environ, **environment, "PYTHONPATH": str(ROOT)}
        self.popen: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with self.log.open("ab") as log:
            self.popen = subprocess.Popen(
                self.arguments, cwd=ROOT, env=self.environment, stdout=log, stderr=log, start_new_session=True
            )

    @property
    def pid(self) -> int:
        assert self.popen is not None, f"{self.name} was never started"
        return self.popen.pid

    def signal(self, number: signal.Signals) -> None:
        os.killpg(self.pid, number)

    def kill(self) -> None:
        """kill -9, and reap it."""
        self.signal(signal.SIGKILL)
        self._reap()

    def stop(self, patience: float = 30.0) -> int:
        """SIGTERM, and wait for its own end."""
        self.signal(signal.SIGTERM)
        return self._reap(patience)

    def end(self) -> None:
        """Whatever state it is in: gone afterwards."""
        if self.popen is not None and self.popen.poll() is None:
            self.signal(signal.SIGCONT)
            self.kill()

    def _reap(self, patience: float = 30.0) -> int:
        assert self.popen is not None
        return self.popen.wait(patience)


def api(port: int, environment: Mapping[str, str], log: Path) -> Process:
    arguments = [sys.executable, "-m", "uvicorn", "app.api.app:create", "--factory", "--host", "127.0.0.1"]
    return Process("api", [*arguments, "--port", str(port), "--log-level", "warning"], environment, log)


def worker(number: int, environment: Mapping[str, str], log: Path) -> Process:
    arguments = [sys.executable, "-m", "celery", "-A", "workers.celery_app", "worker", "--pool", "threads"]
    arguments += ["--concurrency", "4", "--loglevel", "warning", "--without-gossip", "--without-mingle"]
    return Process(f"worker-{number}", [*arguments, "-n", f"worker-{number}@%h"], environment, log)


def wait_until_ready(url: str, process: Process, seconds: float = 90.0) -> None:
    """Until /readyz answers 200; the end of the log when it does not."""
    give_up = time.monotonic() + seconds
    while time.monotonic() < give_up:
        try:
            if httpx.get(f"{url}/readyz", trust_env=False, timeout=2).status_code == 200:
                return
        except httpx.TransportError:
            pass
        if process.popen is not None and process.popen.poll() is not None:
            break
        time.sleep(0.1)
    raise AssertionError(f"{process.name} is not ready:\n{process.log.read_text()[-3000:]}")
