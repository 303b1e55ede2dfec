"""Watches a job until it ends: a progress bar in a terminal, a line now and then elsewhere."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn

from app.cli.terminal import err, say
from app.client import Client, Unreachable
from app.domain.job import JobStatus
from app.wire.jobs import JobOut

POLL_SECONDS = 0.4
# An API that is started anew is back within this time.
PATIENCE_SECONDS = 60.0
QUIET_SECONDS = 10.0
FAILED, INTERRUPTED = 1, 130
MINUTE, HOUR = 60, 3_600
GOES_ON = "The job goes on without you; come back with\n  tracejudge watch {job}"
STOPS_WITH_US = (
    "The service stops now; the job is kept and goes on at its next start:\n"
    "  tracejudge up -d && tracejudge watch {job}"
)


def follow(client: Client, job_id: str, *, farewell: str = "") -> JobOut:
    """Show how far the job is until it is over or paused; returns its last state.

    Ctrl-C leaves the job as it is and ends with status 130; `farewell` says how to come back.
    """
    view = _Bar() if err.is_terminal else _Lines()
    seen: set[str] = set()
    try:
        with view.shown():
            for job in _states(client, job_id):
                for warning in job.warnings:
                    if warning not in seen:
                        say(f"Warning: {warning}", style="yellow")
                        seen.add(warning)
                view.update(job)
                if job.status.final or job.status is JobStatus.PAUSED:
                    return job
    except KeyboardInterrupt:
        say(f"\nInterrupted. {farewell or GOES_ON.format(job=job_id)}")
        raise typer.Exit(INTERRUPTED) from None
    raise AssertionError("unreachable")


def _states(client: Client, job_id: str) -> Iterator[JobOut]:
    """The job, again and again; a server that is away for a moment is waited for."""
    answered = time.monotonic()
    while True:
        try:
            job = client.get_job(job_id)
        except Unreachable:
            if time.monotonic() - answered > PATIENCE_SECONDS:
                raise
        else:
            answered = time.monotonic()
            yield job
        time.sleep(POLL_SECONDS)


class _Bar:
    """done / units, rate, what is left, and what was lost."""

    def __init__(self) -> None:
        self._progress = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[note]}"),
            TimeElapsedColumn(),
            console=err,
        )
        self._task: TaskID = self._progress.add_task("waiting", total=None, note="")

    def shown(self) -> AbstractContextManager[Progress]:
        return self._progress

    def update(self, job: JobOut) -> None:
        units = job.progress.units or None
        self._progress.update(
            self._task, description=job.status.value, total=units, completed=finished(job), note=self._note(job)
        )

    def _note(self, job: JobOut) -> str:
        speed = self._progress.tasks[0].speed
        rate = [] if speed is None or job.status.final else [f"{speed:,.1f}/s"]
        return " · ".join([*rate, *left(job), *lost(job)])


class _Lines:
    """A line at every change of status and every ten seconds, for logs."""

    def __init__(self) -> None:
        self._status: JobStatus | None = None
        self._told = 0.0

    def shown(self) -> AbstractContextManager[None]:
        return nullcontext()

    def update(self, job: JobOut) -> None:
        now = time.monotonic()
        if job.status is self._status and now - self._told < QUIET_SECONDS:
            return
        self._status, self._told = job.status, now
        counts = f"{finished(job):,} of {job.progress.units:,} units"
        say(" · ".join([f"{job.status}: {counts}", *left(job), *lost(job)]))


def finished(job: JobOut) -> int:
    """Units that need nothing more."""
    return job.progress.units - job.progress.pending


def left(job: JobOut) -> list[str]:
    """How long it will still take, where the server can say."""
    return [] if job.eta_seconds is None or job.status.final else [f"{duration(job.eta_seconds)} left"]


def lost(job: JobOut) -> list[str]:
    """Units without a verdict."""
    progress = job.progress
    counts = (("abstained", progress.abstained), ("failed", progress.failed), ("cancelled", progress.cancelled))
    return [f"{count:,} {word}" for word, count in counts if count]


def duration(seconds: float) -> str:
    """95.2 -> "1 min 35 s"."""
    whole = round(seconds)
    if whole < MINUTE:
        return f"{whole} s"
    if whole < HOUR:
        return f"{whole // MINUTE} min {whole % MINUTE} s"
    return f"{whole // HOUR} h {whole % HOUR // MINUTE} min"


def stop_if_paused(job: JobOut) -> None:
    """End with status 1 for a job that waits for a person, and say for what."""
    if job.status is JobStatus.PAUSED:
        say(f"The job is paused ({job.status_reason or 'by a user'}). {_remedy(job)}", style="yellow")
        raise typer.Exit(FAILED)


def conclude(job: JobOut) -> None:
    """Say what was lost, and end with status 1 when nothing came of the job."""
    stop_if_paused(job)
    if job.progress.failed or job.progress.abstained:
        say(f"{' and '.join(lost(job))} of {job.progress.units:,} units; again: tracejudge retry {job.id} --abstained")
    if job.status is JobStatus.CANCELLED or not job.progress.done:
        say(
            f"The job is {job.status}; {job.progress.done:,} of {job.progress.units:,} units have a verdict.",
            style="red",
        )
        raise typer.Exit(FAILED)


def _remedy(job: JobOut) -> str:
    first = ""
    if (job.status_reason or "").startswith("judge_config"):
        first = f"`tracejudge judges test {job.judges[0]}` looks at the judge; once it is mended, "
    return f"{first}`tracejudge resume {job.id}` goes on; `tracejudge report {job.id}` shows what is done."
