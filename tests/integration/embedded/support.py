"""What the tests of the embedded stack share: waiting, asking, small child programs."""

from __future__ import annotations

import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

import asyncpg
import psutil

from app.embedded.processes import Command
from app.embedded.service import Service

SLEEP = "import time; time.sleep(60)"


def heed_signals() -> None:
    """Tests that are run in the background ignore these, and so would what they start."""
    for number in (signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)


def eventually(condition: Callable[[], bool], seconds: float = 10.0) -> bool:
    deadline = time.monotonic() + seconds
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.02)
    return condition()


def python(log: Path, program: str, *arguments: str, **more) -> Command:
    return Command("child", (sys.executable, "-c", program, *arguments), log, **more)


async def ask(service: Service, question: str) -> object:
    connection = await asyncpg.connect(service.url)
    try:
        return await connection.fetchval(question)
    finally:
        await connection.close()


def processes_of(home: Path) -> list[psutil.Process]:
    """Every process that works in this directory, was started with it, or was told of it."""
    return [process for process in psutil.process_iter() if belongs_to(process, home)]


def belongs_to(process: psutil.Process, home: Path) -> bool:
    try:
        told = process.environ().get("TRACEJUDGE_HOME")
        return process.cwd().startswith(str(home)) or str(home) in " ".join(process.cmdline()) or told == str(home)
    except psutil.Error:
        return False
