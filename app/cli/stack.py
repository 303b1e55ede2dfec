"""The commands that start, stop and show the embedded stack: up, down, status."""

from __future__ import annotations

import json
import logging
import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress
from dataclasses import asdict
from typing import Annotated, Any, NoReturn

import typer
from pydantic import SecretStr
from rich.console import Console
from rich.table import Table

from app.embedded.health import answers
from app.embedded.home import Home, Run
from app.embedded.processes import StartFailed
from app.embedded.stack import EVERYTHING, Stack
from app.settings import Settings

DOWN_SECONDS = 60.0
FAILED = 1

Json = Annotated[bool, typer.Option("--json", help="Print JSON for machines.")]


def known_services(names: str) -> str:
    """Complain about a service that does not exist."""
    unknown = set(names.split(",")) - set(EVERYTHING)
    if unknown:
        raise typer.BadParameter(f"no service {', '.join(sorted(unknown))}; there are {', '.join(EVERYTHING)}")
    return names


def up(
    detach: Annotated[bool, typer.Option("-d", "--detach", help="Return when it is ready.")] = False,
    port: Annotated[
        int | None, typer.Option(min=0, max=65535, help="Port of the API; a busy one gives way to a free one.")
    ] = None,
    workers: Annotated[int, typer.Option(min=1, max=64, help="Worker processes.")] = 1,
    services: Annotated[
        str, typer.Option(callback=known_services, help="What to start, e.g. postgres,valkey to run the rest yourself.")
    ] = ",".join(EVERYTHING),
    as_json: Json = False,
) -> None:
    """Start PostgreSQL, Valkey, the API and workers on this machine, from one directory (TRACEJUDGE_HOME).

    Without -d it stays in the foreground; Ctrl-C stops everything.

    Example: tracejudge up -d --port 8080 --workers 2
    """
    settings = Settings()
    chosen, home = settings.port if port is None else port, Home(settings.home)
    if detach:
        options = ["--port", str(chosen), "--workers", str(workers), "--services", services]
        run = start_detached(home, options)
        show(describe(home, run), as_json=as_json, key=run.api_key)
        return
    stack = Stack(
        settings.home,
        services=services.split(","),
        host=settings.host,
        port=chosen,
        workers=workers,
        database_url=revealed(settings.database_url),
        broker_url=revealed(settings.broker_url),
    )
    stay(stack, as_json=as_json)


def down(as_json: Json = False) -> None:
    """Stop the stack of this directory and wait until everything has ended. Nothing running is fine, too.

    Example: tracejudge down
    """
    home = Home(Settings().home)
    stopped = stop_supervisor(home)
    text = f"Stopped the stack in {home.directory}." if stopped else f"Nothing runs in {home.directory}."
    typer.echo(json.dumps({"stopped": stopped}) if as_json else text)


def status(as_json: Json = False) -> None:
    """Show processes, ports, health and version. Exit status 0: all is well, 1: it is not, or nothing runs.

    Example: tracejudge status --json
    """
    home = Home(Settings().home)
    run = home.read_run() if home.is_locked() else None
    state = describe(home, run)
    show(state, as_json=as_json, key=run.api_key if run else "")
    if not state["healthy"]:
        raise typer.Exit(FAILED)


def register(commands: typer.Typer) -> None:
    """Add the commands to a command line."""
    for command in (up, down, status):
        commands.command()(command)


def stay(stack: Stack, *, as_json: bool) -> None:
    """Run the stack until a signal ends it."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is not signal.SIG_IGN:  # under nohup a hang-up stays ignored
            signal.signal(number, interrupt)
    logging.basicConfig(format="%(message)s")
    with stack, suppress(KeyboardInterrupt):
        show(describe(stack.home, stack.home.read_run()), as_json=as_json, key=stack.api_key)
        threading.Event().wait()


def revealed(secret: SecretStr | None) -> str:
    """The text of a secret; empty when there is none."""
    return secret.get_secret_value() if secret else ""


def interrupt(_number: int, _frame: object) -> NoReturn:
    """Every way to ask for the end is a Ctrl-C."""
    raise KeyboardInterrupt


def start_detached(home: Home, options: list[str]) -> Run:
    """Start `up` in a session of its own and wait until it is ready; a stack that runs already is left alone."""
    run = home.read_run()
    if home.is_locked() and run and run.ready:
        typer.echo("It runs already.", err=True)
        return run
    home.make()
    log = home.log("up")
    command = [sys.executable, "-m", "app.cli", "up", *options]
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=output, start_new_session=True
        )
    try:
        while process.poll() is None:
            run = home.read_run()
            if run and run.ready and run.supervisor.pid == process.pid:
                typer.echo(log.read_text(encoding="utf-8"), err=True, nl=False)  # such as another port
                return run
            time.sleep(0.05)
    except KeyboardInterrupt:
        process.terminate()
        process.wait()
        raise
    typer.echo(log.read_text(encoding="utf-8"), err=True, nl=False)
    raise typer.Exit(FAILED)


def stop_supervisor(home: Home) -> bool:
    """Tell the supervisor to stop and wait for its end; says whether there was one. Raises StartFailed."""
    if not home.is_locked():
        return False
    run = home.read_run()
    if run is None or not run.supervisor.alive:
        raise StartFailed(f"{home.directory} is in use, but its run.json does not say by whom.")
    os.kill(run.supervisor.pid, signal.SIGTERM)
    deadline = time.monotonic() + DOWN_SECONDS
    while home.is_locked() or run.supervisor.alive:  # unlocked first, it still has to end
        if time.monotonic() > deadline:
            raise StartFailed(f"Process {run.supervisor.pid} has not stopped after {DOWN_SECONDS:.0f} s.")
        time.sleep(0.05)
    return True


def describe(home: Home, run: Run | None) -> dict[str, Any]:
    """The state in plain values, without secrets; `run` is None when nothing runs."""
    if run is None:
        return {"home": str(home.directory), "running": False, "healthy": False}
    processes = [asdict(process) | {"alive": process.alive} for process in (run.supervisor, *run.processes)]
    api_ready = not run.api_url or answers(f"{run.api_url}/readyz")
    return {
        "home": str(home.directory),
        "running": True,
        "healthy": run.ready and api_ready and all(process["alive"] for process in processes),
        "version": run.version,
        "api_url": run.api_url,
        "dashboard_url": f"{run.api_url}/dashboard" if run.api_url else "",
        "processes": processes,
    }


def show(state: dict[str, Any], *, as_json: bool, key: str = "") -> None:
    """Print the state for a person or a machine; for a person at a terminal with the link that signs in."""
    if as_json:
        typer.echo(json.dumps(state))
    elif not state["running"]:
        typer.echo(f"Nothing runs in {state['home']}; `tracejudge up` starts it.")
    else:
        print_table(state, key if sys.stdout.isatty() else "")  # a key must not end up in a log


def print_table(state: dict[str, Any], key: str) -> None:
    """What runs where."""
    table = Table("process", "pid", "address", "log", box=None, header_style="bold", pad_edge=False)
    for process in state["processes"]:
        pid = str(process["pid"]) if process["alive"] else "down"
        table.add_row(process["name"], pid, process["address"], process["log"])
    console = Console(soft_wrap=True)
    console.print(table)
    health = "well" if state["healthy"] else "not well"
    console.print(f"\nTraceJudge {state['version']} is {health}: {state['api_url'] or 'no API'}", highlight=False)
    if state["dashboard_url"]:
        sign_in = f"/sign-in#{key}" if key else ""
        console.print(f"Dashboard: {state['dashboard_url']}{sign_in}", highlight=False)
