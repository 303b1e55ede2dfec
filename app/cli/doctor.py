"""`doctor`: looks at this machine and the service part by part, and says what to do about what is wrong."""

from __future__ import annotations

import asyncio
import os
import platform
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from typing import Any

import redis
import typer

from app.cli import options
from app.cli.connection import client_of, find_server
from app.cli.schema import database_url
from app.cli.stack import revealed
from app.cli.terminal import out, print_json, print_table, say
from app.domain.errors import TraceJudgeError
from app.domain.judge import JudgeStatus
from app.embedded.health import answers
from app.embedded.home import Home
from app.settings import Settings
from app.store import migrate, workers
from app.store.database import Database

FAILED = 1
OLDEST_PYTHON = (3, 11)
LITTLE_DISK = 1 << 30
GIBIBYTE = 1 << 30
WORKER_SECONDS = 30.0
BROKER_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at. `ok` is None where there is nothing to look at."""

    what: str
    ok: bool | None
    found: str
    remedy: str = ""


def doctor(as_json: options.Json = False) -> None:
    """Check Python, the home directory, disk, database, broker, API, workers and judges, and say what to do."""
    settings = Settings()
    findings = [finding for look in LOOKS for finding in look(settings)]
    well = all(finding.ok is not False for finding in findings)
    if as_json:
        print_json({"ok": well, "findings": [asdict(finding) for finding in findings]})
    else:
        marks = {True: "ok", False: "WRONG", None: "-"}
        rows = [(each.what, marks[each.ok], each.found, each.remedy) for each in findings]
        print_table(("What", "", "Found", "What to do"), rows, names=4)
        say("\nAll is well." if well else "\nSomething is wrong.", style="green" if well else "red", to=out)
    if not well:
        raise typer.Exit(FAILED)


def look_at_python(_settings: Settings) -> Iterator[Finding]:
    known = sys.version_info[:2] >= OLDEST_PYTHON
    yield Finding("python", known, platform.python_version(), "" if known else "use Python 3.11, 3.12 or 3.13")


def look_at_home(settings: Settings) -> Iterator[Finding]:
    """Whether the directory can be written, and the space left on its disk."""
    home = Home(settings.home)
    there = next(folder for folder in (home.directory, *home.directory.parents) if folder.exists())
    state = "in use by a stack" if home.is_locked() else "nothing runs in it"
    writable = os.access(there, os.W_OK)
    yield Finding("home", writable, f"{home.directory}, {state}", "" if writable else "set TRACEJUDGE_HOME elsewhere")
    free = shutil.disk_usage(there).free
    enough = free >= LITTLE_DISK
    yield Finding("disk", enough, f"{free / GIBIBYTE:,.1f} GiB free", "" if enough else "make room on this disk")


def look_at_database(settings: Settings) -> Iterator[Finding]:
    """Whether it answers, has the newest schema, and which workers said lately that they live."""
    url = database_url(settings)
    if not url:
        yield Finding("database", None, "none is known here", "tracejudge up -d, or set TRACEJUDGE_DATABASE_URL")
        return
    try:
        revision, alive = asyncio.run(_asked(url))
    except TraceJudgeError as error:
        yield Finding("database", ok=False, found=error.detail, remedy="start it, or mend TRACEJUDGE_DATABASE_URL")
        return
    newest = revision == migrate.newest()
    yield Finding("database", newest, f"answers, schema {revision}", "" if newest else "tracejudge db upgrade")
    found = f"{alive} alive" if alive else f"none seen in the last {WORKER_SECONDS:.0f} s"
    yield Finding("workers", bool(alive), found, "" if alive else "start one: tracejudge up, or your supervisor")


def look_at_broker(settings: Settings) -> Iterator[Finding]:
    """Whether it answers and keeps what it is given."""
    home = Home(settings.home)
    run = home.read_run() if home.is_locked() else None
    url = revealed(settings.broker_url) or (run.broker_url if run else "")
    if not url:
        yield Finding("broker", None, "none is known here", "tracejudge up -d, or set TRACEJUDGE_BROKER_URL")
        return
    try:
        with redis.Redis.from_url(url, socket_timeout=BROKER_SECONDS, socket_connect_timeout=BROKER_SECONDS) as broker:
            memory: dict[str, Any] = broker.info("memory")
    except (redis.RedisError, OSError) as error:
        yield Finding(
            "broker",
            ok=False,
            found=f"does not answer ({type(error).__name__})",
            remedy="start it; until then everything is slower",
        )
        return
    policy = str(memory.get("maxmemory_policy"))
    keeps = policy == "noeviction"
    yield Finding("broker", keeps, f"answers, {policy}", "" if keeps else "set maxmemory-policy to noeviction")


def look_at_api(settings: Settings) -> Iterator[Finding]:
    """Whether it is ready, our key is good, and its judges may be called."""
    try:
        server = find_server(settings)
        if server is None:
            yield Finding("api", None, "none is known here", "tracejudge up -d, or set TRACEJUDGE_URL")
            return
        ready = answers(f"{server.url}/readyz")
        yield Finding(
            "api", ready, f"{server.url} is {'ready' if ready else 'not ready'}", "" if ready else "see its log"
        )
        with client_of(server) as client:
            me = client.me()
            yield Finding("key", ok=True, found=f"{me.key_name}, project {me.project}")
            for judge in client.judges():
                yield Finding(f"judge {judge.name}", *_judged(judge.name, judge.status, judge.status_reason))
    except TraceJudgeError as error:
        yield Finding(
            "api", ok=False, found=error.detail, remedy="start it, or mend TRACEJUDGE_URL and TRACEJUDGE_API_KEY"
        )


LOOKS: tuple[Callable[[Settings], Iterator[Finding]], ...] = (
    look_at_python,
    look_at_home,
    look_at_database,
    look_at_broker,
    look_at_api,
)


def register(commands: typer.Typer) -> None:
    """Add the command to a command line."""
    commands.command(epilog="Example:  tracejudge doctor --json")(doctor)


async def _asked(url: str) -> tuple[str | None, int]:
    """The schema's revision and how many workers live."""
    database = Database(url, connections=1)
    try:
        async with database.transaction() as tx:
            revision = await migrate.revision(tx)
            alive = await workers.alive(tx, within=WORKER_SECONDS) if revision == migrate.newest() else []
    finally:
        await database.close()
    return revision, len(alive)


def _judged(name: str, status: JudgeStatus, reason: str | None) -> tuple[bool, str, str]:
    """What a judge's status means; one that waits heals itself."""
    ok = status is not JudgeStatus.PAUSED
    found = f"{status}: {reason}" if reason else status.value
    return ok, found, "" if ok else f"mend it, then tracejudge judges resume {name}"
