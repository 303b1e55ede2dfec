"""Child processes that die with the supervisor, also when it is killed without warning."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from app.domain.errors import Unavailable
from app.embedded import leash

LOG_LIMIT = 10 << 20  # bytes; a larger log is set aside at the next start

CLOCK_SLACK = 1.0  # seconds; start times are read from a clock that can be set

# The kernel counts the *thread* that started a child as its parent, so one thread that lives as long as the
# process starts them all.
_starter = ThreadPoolExecutor(max_workers=1, thread_name_prefix="starter")


class StartFailed(Unavailable):
    """A part of the embedded stack did not come up; the message says why and what to do."""

    title = "The stack does not run"


@dataclass(frozen=True, slots=True)
class Command:
    """What to run: arguments, the whole environment, where its output goes, and how it is told to stop.
    `death_signal` is what it gets when the supervisor is gone.
    """

    name: str
    arguments: tuple[str, ...]
    log: Path
    environment: Mapping[str, str] = field(default_factory=dict)
    directory: Path | None = None
    stop_signal: signal.Signals = signal.SIGTERM
    death_signal: signal.Signals = signal.SIGKILL
    identity: str = "same"


def on_leash(command: Command) -> list[str]:
    """The arguments that run the command under leash.py."""
    launcher = [sys.executable, "-I", "-S", leash.__file__]
    return [*launcher, str(int(command.death_signal)), str(os.getpid()), command.identity, *command.arguments]


class Child:
    """One running command."""

    def __init__(self, command: Command) -> None:
        self.command = command
        set_aside(command.log)
        self._process = _starter.submit(self._start).result()
        self.started = psutil.Process(self.pid).create_time()

    def _start(self) -> subprocess.Popen[bytes]:
        with self.command.log.open("ab") as log:
            return subprocess.Popen(
                on_leash(self.command),
                # Held open for leash.py on systems where the kernel does not tell it that we died.
                stdin=subprocess.DEVNULL if sys.platform == "linux" else subprocess.PIPE,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=dict(self.command.environment),
                cwd=self.command.directory,
                start_new_session=True,  # a Ctrl-C is ours to handle, in the right order
            )

    @property
    def pid(self) -> int:
        return self._process.pid

    def pids(self) -> set[int]:
        """Ours and, where leash.py stays in between, the program's."""
        return {self.pid, *(child.pid for child in psutil.Process(self.pid).children())}

    @property
    def alive(self) -> bool:
        return self._process.poll() is None

    @property
    def exit_status(self) -> int | None:
        return self._process.poll()

    def wait(self) -> int:
        """Wait for its own end; returns the exit status."""
        return self._process.wait()

    def ask_to_stop(self) -> None:
        """Send the stop signal and return at once."""
        self._process.send_signal(self.command.stop_signal)

    def wait_or_kill(self, patience: float) -> None:
        """Wait up to `patience` seconds for its end, then kill it."""
        try:
            self._process.wait(patience)
        except subprocess.TimeoutExpired:
            self.kill()

    def kill(self) -> None:
        """End it without warning, with its process group."""
        with contextlib.suppress(ProcessLookupError):
            if self.alive:
                os.killpg(self.pid, signal.SIGKILL)
        self._process.wait()


def wait_until(ready: Callable[[], bool], *, child: Child, seconds: float) -> None:
    """Wait until `ready()` holds; raises StartFailed with the end of the log when the child ends or `seconds`
    have passed.
    """
    deadline = time.monotonic() + seconds
    while not ready():
        if not child.alive:
            raise StartFailed(f"{child.command.name} ended with status {child.exit_status}.{excerpt(child)}")
        if time.monotonic() > deadline:
            raise StartFailed(f"{child.command.name} is not ready after {seconds:.0f} s.{excerpt(child)}")
        time.sleep(0.02)


def excerpt(child: Child, lines: int = 12) -> str:
    """The end of a child's log, for a message."""
    text = child.command.log.read_text(encoding="utf-8", errors="replace").splitlines()[-lines:]
    return "\n".join([f" The end of {child.command.log}:", *text])


def set_aside(log: Path) -> None:
    """Rename a log that has grown too long; the one set aside before is forgotten."""
    log.parent.mkdir(parents=True, exist_ok=True)
    if log.exists() and log.stat().st_size > LOG_LIMIT:
        log.replace(log.with_suffix(".log.1"))


def environment(**more: str) -> dict[str, str]:
    """The environment of a child that runs our own code: what we were given, and more."""
    return {**os.environ, **more}


def is_alive(pid: int, started: float) -> bool:
    """Whether that very process lives: the number alone may have been given to another since."""
    try:
        process = psutil.Process(pid)
        return abs(process.create_time() - started) < CLOCK_SLACK and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
