"""A real Valkey on this machine, the broker that rings doorbells."""

from __future__ import annotations

import signal
import socket
from functools import partial
from pathlib import Path

from app.embedded.binaries import valkey_server
from app.embedded.files import kept_secret, write_whole
from app.embedded.ports import free_port
from app.embedded.processes import Child, Command
from app.embedded.service import RETRY_SECONDS, Service

# noeviction: a full broker must refuse, not forget. The append-only file brings the queue back after a kill.
CONFIGURATION = """\
bind 127.0.0.1
port {port}
requirepass {password}
appendonly yes
appendfsync everysec
save ""
maxmemory-policy noeviction
daemonize no
"""


def start(directory: Path, *, log: Path | None = None, port: int | None = None) -> Service:
    """Start the Valkey of the directory and wait until it answers; `.url` is redis://:password@127.0.0.1:port/0.
    Raises StartFailed.
    """
    service = prepare(directory, log=log, port=port)
    service.start()
    return service


def prepare(directory: Path, *, log: Path | None = None, port: int | None = None) -> Service:
    """The same, not started yet."""
    directory, port = directory.resolve(), port or free_port()
    password = kept_secret(directory / "password")
    configuration = directory / "valkey.conf"  # not arguments: every user of the machine may read those
    write_whole(configuration, CONFIGURATION.format(port=port, password=password))
    command = Command(
        name="valkey",
        arguments=(str(valkey_server()), str(configuration)),
        directory=directory,  # where it writes
        log=log or directory / "valkey.log",
        environment={"PATH": "/usr/bin:/bin", "LC_ALL": "C"},
        death_signal=signal.SIGTERM,  # it writes its queue down and goes
    )
    return Service(
        command,
        url=f"redis://:{password}@127.0.0.1:{port}/0",
        ready=partial(answers, port, password),
        retry_seconds=RETRY_SECONDS,
    )


def answers(port: int, password: str, _child: Child) -> bool:
    """Whether it is there, knows our password and has read its file."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1.0) as connection:
            connection.sendall(f"AUTH {password}\r\nPING\r\n".encode())
            reply = connection.makefile("rb")
            return (reply.readline(), reply.readline()) == (b"+OK\r\n", b"+PONG\r\n")
    except OSError:
        return False
