"""The data directory of the embedded stack: one lock, one record of what runs (run.json), logs, the secret key."""

from __future__ import annotations

import base64
import fcntl
import json
import os
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import BinaryIO

from app.domain.errors import Conflict
from app.embedded.files import kept_secret, write_whole
from app.embedded.processes import is_alive

LOOKED_AT_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class Running:
    """One process: its number, when it started (seconds since the epoch), where it answers (host:port) and logs."""

    name: str
    pid: int
    started: float
    address: str
    log: str

    @property
    def alive(self) -> bool:
        return is_alive(self.pid, self.started)


@dataclass(frozen=True, slots=True)
class Run:
    """What run.json says. `ready` turns true when everything answers; the URLs hold passwords."""

    version: str
    ready: bool
    supervisor: Running
    database_url: str = ""
    broker_url: str = ""
    api_url: str = ""
    api_key: str = ""
    processes: tuple[Running, ...] = ()


class Home:
    """A directory and the paths in it."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory.resolve()
        self.run_file = self.directory / "run.json"
        self.key_file = self.directory / "api_key"  # of the command line, made by first_steps

    def make(self) -> None:
        """Make the directory, for its owner only, when there is none. Raises Conflict when it is somebody else's."""
        self.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._check_owner()
        (self.directory / "log").mkdir(exist_ok=True)

    def log(self, name: str) -> Path:
        return self.directory / "log" / f"{name}.log"

    def secret_key(self) -> str:
        """The Fernet key that encrypts judge secrets, made once."""
        return kept_secret(self.directory / "secret_key", fernet_key)

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the directory: one supervisor at a time. The kernel lets go when we die. Raises Conflict."""
        self.make()
        with (self.directory / "lock").open("ab") as lock:
            if not acquire(lock):
                raise Conflict(f"A stack already runs in {self.directory}: see `tracejudge status`.")
            yield

    def is_locked(self) -> bool:
        """Whether a supervisor holds the directory. Raises Conflict when it is somebody else's."""
        if not self.directory.exists():
            return False
        self._check_owner()
        if not (self.directory / "lock").exists():
            return False
        with (self.directory / "lock").open("rb") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                return True
            return False

    def _check_owner(self) -> None:
        owner = self.directory.stat().st_uid
        if owner != os.geteuid():
            raise Conflict(
                f"{self.directory} belongs to user {owner} and you are user {os.geteuid()}: become that user,"
                " or set TRACEJUDGE_HOME to another directory."
            )

    def write_run(self, run: Run) -> None:
        write_whole(self.run_file, json.dumps(asdict(run), indent=1))

    def read_run(self) -> Run | None:
        """What run.json says, whether or not it is still true; None without one that we understand."""
        try:
            content = json.loads(self.run_file.read_text(encoding="utf-8"))
            supervisor = Running(**content.pop("supervisor"))
            processes = tuple(Running(**process) for process in content.pop("processes"))
            return Run(**content, supervisor=supervisor, processes=processes)
        except (FileNotFoundError, ValueError, KeyError, TypeError):  # the last three: another version wrote it
            return None

    def forget_run(self) -> None:
        self.run_file.unlink(missing_ok=True)


def acquire(lock: BinaryIO) -> bool:
    """Lock the file for ourselves; somebody who only looks (is_locked) may hold it for an instant."""
    deadline = time.monotonic() + LOOKED_AT_SECONDS
    while True:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > deadline:
                return False
            time.sleep(0.01)
        else:
            return True


def fernet_key() -> str:
    """A new key in the form Fernet reads: 32 random bytes in URL-safe base64."""
    return base64.urlsafe_b64encode(secrets.token_bytes(32)).decode("ascii")
