"""A real PostgreSQL on this machine: made when missing, started, stopped, killed, restarted."""

from __future__ import annotations

import shutil
import signal
import subprocess
from functools import partial
from pathlib import Path

import psutil

from app.embedded.binaries import postgres_major
from app.embedded.files import kept_secret
from app.embedded.ports import free_port
from app.embedded.processes import Child, Command, StartFailed, on_leash
from app.embedded.service import RETRY_SECONDS, Service
from app.embedded.unprivileged import Footing, footing

USER = "tracejudge"
DATABASE = "postgres"
# Nothing of the user's environment: PGDATA and its relatives would change what the server does.
ENVIRONMENT = {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"}
# For a small machine; durability stays on. No unix socket: its path may have 107 bytes only.
SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "max_connections": "100",
    "shared_buffers": "128MB",
    "fsync": "on",
    "synchronous_commit": "on",
    "jit": "off",
    "password_encryption": "scram-sha-256",
    "timezone": "UTC",
    "log_timezone": "UTC",
}
STATUS_LINE = 7  # of postmaster.pid, counted from 0


def start(directory: Path, *, log: Path | None = None, port: int | None = None) -> Service:
    """Start the PostgreSQL of the directory (made when new) and wait until it takes connections.
    `.url` is postgresql://user:password@127.0.0.1:port/name. Raises StartFailed.
    """
    service = prepare(directory, log=log, port=port)
    service.start()
    return service


def prepare(directory: Path, *, log: Path | None = None, port: int | None = None) -> Service:
    """The same, not started yet."""
    place = footing(directory.resolve())
    password = kept_secret(place.directory / "password")
    place.own(place.directory / "password")
    data, log, port = place.directory / "data", log or directory / "postgres.log", port or free_port()
    make_cluster(place, data)
    settings = [part for name, value in SETTINGS.items() for part in ("-c", f"{name}={value}")]
    command = Command(
        name="postgres",
        arguments=(str(place.programs / "postgres"), "-D", str(data), "-p", str(port), *settings),
        log=log,
        environment=ENVIRONMENT,
        directory=place.directory,
        stop_signal=signal.SIGINT,  # a fast shutdown: ends sessions, writes everything down
        death_signal=signal.SIGINT,
        identity=place.identity,
    )
    return Service(
        command,
        url=f"postgresql://{USER}:{password}@127.0.0.1:{port}/{DATABASE}",
        ready=partial(takes_connections, data),
        retry_seconds=RETRY_SECONDS,
        before=partial(forget_stale_pid, data),
        notice=place.notice,
    )


def make_cluster(place: Footing, data: Path) -> None:
    """Make the data directory when there is none; raises StartFailed when another version made it."""
    if data.exists():
        return check_version(data)
    unfinished = data.with_name("data.new")
    shutil.rmtree(unfinished, ignore_errors=True)
    arguments = (
        *(str(place.programs / "initdb"), "-D", str(unfinished), "-U", USER, "-A", "scram-sha-256"),
        *("--pwfile", str(data.with_name("password")), "-E", "UTF8", "--locale=C"),
        *("--locale-provider=builtin", "--builtin-locale=C.UTF-8"),  # the same order on every platform
    )
    command = Command("initdb", arguments, data.with_name("initdb.log"), identity=place.identity)
    made = subprocess.run(
        on_leash(command), env=ENVIRONMENT, cwd=place.directory, check=False, capture_output=True, text=True
    )
    if made.returncode != 0:
        raise StartFailed(f"PostgreSQL could not make {data}:\n{made.stdout}{made.stderr}")
    unfinished.rename(data)
    return None


def check_version(data: Path) -> None:
    """Raises StartFailed with the way out when another major version of PostgreSQL wrote the directory."""
    written, ours = (data / "PG_VERSION").read_text(encoding="ascii").strip(), postgres_major()
    if written == ours:
        return
    raise StartFailed(
        f"{data} was written by PostgreSQL {written}; this TraceJudge brings PostgreSQL {ours}.\n"
        "Nothing was changed. To move your data, in the TraceJudge that wrote it:\n"
        "  ./run down && .venv/bin/python -m app.embedded.transfer export tracejudge.dump\n"
        "then here:\n"
        f"  mv {data.parent} {data.parent}-{written}\n"
        "  .venv/bin/python -m app.embedded.transfer import tracejudge.dump && ./run up"
    )


def takes_connections(data: Path, child: Child) -> bool:
    """Whether this child (and not a dead predecessor that left its file) says it is ready."""
    try:
        lines = (data / "postmaster.pid").read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return False
    return len(lines) > STATUS_LINE and lines[STATUS_LINE].strip() == "ready" and int(lines[0]) in child.pids()


def forget_stale_pid(data: Path) -> None:
    """PostgreSQL refuses to start while the process named in postmaster.pid lives. After a kill and a reboot
    (or in a fresh container) that number may be anybody's; then the file goes. It also goes when empty.
    """
    file = data / "postmaster.pid"
    try:
        first = file.read_text(encoding="utf-8").partition("\n")[0]
        if not first or psutil.Process(int(first)).cwd() != str(data.resolve()):
            file.unlink()
    except (FileNotFoundError, psutil.Error):
        return  # no file, or one that PostgreSQL itself sees through
