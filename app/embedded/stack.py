"""The supervisor: PostgreSQL, Valkey, API and workers on one machine, from one directory."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

import psutil

import app
from app.embedded import children, postgres, valkey
from app.embedded.home import Home, Run, Running
from app.embedded.ports import free_port, is_free
from app.embedded.processes import Child, Command, StartFailed, excerpt
from app.embedded.service import Service
from app.embedded.watch import Watch

EVERYTHING = ("postgres", "valkey", "api", "worker")
STORAGE = ("postgres", "valkey")
DEFAULT_PORT = 8080
LEFTOVER_SECONDS = 5.0

logger = logging.getLogger(__name__)


class Stack:
    """All services of one home directory. `with Stack(home) as stack:` starts them, in order, and stops them.

    `services` limits what is started; a database or broker URL of your own is used instead of starting one;
    a busy `port` (or 0) gives way to a free one. Entering raises Conflict when the directory is in use and
    StartFailed, with the reason, when something does not come up; then everything is stopped again.
    What ends while the block runs is started again.
    """

    def __init__(
        self,
        home: Path,
        *,
        services: Iterable[str] = EVERYTHING,
        host: str = "127.0.0.1",
        port: int = DEFAULT_PORT,
        workers: int = 1,
        database_url: str = "",
        broker_url: str = "",
    ) -> None:
        self.home = Home(home)
        self.database_url, self.broker_url = database_url, broker_url
        self.api_url = self.api_key = ""
        self._wanted, self._host, self._port, self._workers = frozenset(services), host, port, workers
        self._services: list[Service] = []
        self._held = ExitStack()

    def __enter__(self) -> Self:
        with ExitStack() as held:
            held.enter_context(self.home.locked())
            held.enter_context(logging_to(self.home.log("supervisor")))
            end_leftovers(self.home.read_run())
            held.callback(self.home.forget_run)
            held.callback(self._stop_services)
            self._start_storage()
            self._start_ours()
            held.callback(Watch(self._services, changed=self._record).stop)
            self._held = held.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._held.close()

    def service(self, name: str) -> Service:
        """The service of that name (workers are worker-1, worker-2, ...); raises KeyError."""
        return {service.name: service for service in self._services}[name]

    def _start_storage(self) -> None:
        self._record(ready=False)
        directory, log = self.home.directory, self.home.log
        if "postgres" in self._wanted and not self.database_url:
            self.database_url = self._start(postgres.prepare(directory / "postgres", log=log("postgres"))).url
        if "valkey" in self._wanted and not self.broker_url:
            self.broker_url = self._start(valkey.prepare(directory / "valkey", log=log("valkey"))).url

    def _start_ours(self) -> None:
        surroundings = children.Surroundings(self.home, self.database_url, self.broker_url)
        if self._wanted - set(STORAGE):
            run_to_end(children.first_steps(surroundings))
            self.api_key = self.home.key_file.read_text(encoding="utf-8")
        if "worker" in self._wanted:
            for number in range(1, self._workers + 1):
                self._start(children.worker(surroundings, number))
        if "api" in self._wanted:
            self.api_url = self._start(children.api(surroundings, self._host, self._choose_port())).url
        self._check_alive()
        self._record()

    def _start(self, service: Service) -> Service:
        if service.notice:
            logger.warning("%s", service.notice)
        self._services.append(service)
        service.start()
        self._record(ready=False)
        return service

    def _choose_port(self) -> int:
        if self._port and is_free(self._port, self._host):
            return self._port
        port = free_port(self._host)
        if self._port:
            logger.warning("Port %d is busy: the API is on port %d instead.", self._port, port)
        return port

    def _check_alive(self) -> None:
        for service in self._services:
            if service.child is not None and not service.alive:
                raise StartFailed(f"{service.name} ended soon after its start.{excerpt(service.child)}")

    def _record(self, *, ready: bool = True) -> None:
        self.home.write_run(
            Run(
                version=app.__version__,
                ready=ready,
                supervisor=ourselves(self.home.log("supervisor")),
                database_url=self.database_url,
                broker_url=self.broker_url,
                api_url=self.api_url,
                api_key=self.api_key,
                processes=tuple(running(service) for service in self._services),
            )
        )

    def _stop_services(self) -> None:
        """First, side by side, what uses the storage; then the storage."""
        storage = [service for service in self._services if service.name in STORAGE]
        stop_together([service for service in self._services if service not in storage])
        stop_together(storage)


def stop_together(services: Sequence[Service]) -> None:
    """Ask all of them to stop, then wait for each."""
    for service in services:
        service.ask_to_stop()
    for service in services:
        service.wait_for_end()


def run_to_end(command: Command) -> None:
    """Run a command that ends by itself; raises StartFailed with the end of its log when it fails."""
    child = Child(command)
    try:
        status = child.wait()
    finally:
        child.kill()
    if status != 0:
        raise StartFailed(f"{command.name} failed with status {status}.{excerpt(child)}")


def running(service: Service) -> Running:
    """The record of a started service."""
    child, address = service.child, urlsplit(service.url)
    where = f"{address.hostname}:{address.port}" if service.url else ""
    pid, started = (child.pid, child.started) if child else (0, 0.0)
    return Running(service.name, pid, started, where, str(service.command.log))


def ourselves(log: Path) -> Running:
    """The record of this process."""
    return Running("supervisor", os.getpid(), psutil.Process().create_time(), "", str(log))


def end_leftovers(run: Run | None) -> None:
    """Wait for the children of a supervisor that was killed: they are going down. Kill what stays."""
    deadline = time.monotonic() + LEFTOVER_SECONDS
    left = list(run.processes) if run else []
    while left := [process for process in left if process.alive]:
        if time.monotonic() > deadline:
            logger.warning("Killing what an earlier run left: %s", ", ".join(process.name for process in left))
            for process in left:
                with suppress(psutil.NoSuchProcess):
                    psutil.Process(process.pid).kill()
        time.sleep(0.05)


@contextmanager
def logging_to(log: Path) -> Iterator[None]:
    """Also write what the supervisor has to say into a file."""
    handler = logging.FileHandler(log, encoding="utf-8")
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    ours = logging.getLogger("app.embedded")
    ours.addHandler(handler)
    try:
        yield
    finally:
        ours.removeHandler(handler)
        handler.close()
