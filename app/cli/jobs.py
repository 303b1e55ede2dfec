"""The API's verbs for one job: watch, report, start, pause, resume, cancel, retry, delete; and the list of jobs."""

from __future__ import annotations

import sys
from collections.abc import Callable
from itertools import islice
from typing import Annotated, Any, Literal

import httpx
import typer

from app.cli import options
from app.cli.connection import connected
from app.cli.fail_if import conditions, enforce
from app.cli.out_files import File, named, write
from app.cli.progress import conclude, finished, follow, lost
from app.cli.terminal import err, in_one_line, print_json, print_table, say
from app.client import Client, ProblemError
from app.wire.jobs import JobOut


def watch(job: options.JobId, as_json: options.Json = False) -> None:
    """Watch a job until it ends. Ctrl-C leaves the job running."""
    with connected() as client:
        last = follow(client, job)
    if as_json:
        print_json(last.model_dump(mode="json"))
    else:
        say(line_of(last))
    conclude(last)


def report(
    job: options.JobId,
    *,
    format_: Annotated[
        options.FormatName | None,
        typer.Option("--format", "-f", help="How it is written; by the file's name, else md, when not given."),
    ] = None,
    out: File = None,
    policy: Annotated[options.PolicyName | None, typer.Option(help="Instead of the one fixed at submit.")] = None,
    ties: Annotated[Literal["half_win", "davidson"] | None, typer.Option(help="Ties in Bradley-Terry.")] = None,
    order_effect: Annotated[
        bool, typer.Option("--order-effect", help="A position parameter in Bradley-Terry.")
    ] = False,
    anchor: Annotated[str | None, typer.Option(help="The model whose strength is 0.")] = None,
    level: options.Level = None,
    interval: Annotated[
        Literal["robust", "model", "bootstrap"] | None, typer.Option(help="How intervals are made.")
    ] = None,
    slice_by: Annotated[str | None, typer.Option(help="The tag to slice by.")] = None,
    judges: Annotated[
        list[str] | None,
        typer.Option(help="Only these judges, comma separated; repeatable. Quotes hold a comma: '\"a, b\",c'."),
    ] = None,
    control: Annotated[
        Literal["length", "format"] | None,
        typer.Option(help="Also the rate at equal length; format: and equal headings, list items and bold passages."),
    ] = None,
    margin: options.Margin = None,
    correction: Annotated[
        Literal["holm", "bh"] | None, typer.Option(help="Of the p-values of axes and slices.")
    ] = None,
    seed: options.Drawn = None,
    fail_if: Annotated[
        list[str] | None,
        typer.Option(
            metavar="EXPR",
            help="Exit with 1 where a number of the report says so, e.g. 'win_rate.low < 50%'; a number that does not "
            "exist fails, too. Paths of the JSON (axes[rationale].win_rate.low), < <= > >= == !=, and, or; repeatable.",
        ),
    ] = None,
    as_json: options.Json = False,
) -> None:
    """Print the report of a job, or write it to a file. It can be asked for while the job runs, too."""
    forbidden = conditions(fail_if or ())
    written = "json" if as_json else format_ or named(out, options.FORMATS, "md")
    if out is None and written in options.BINARY and sys.stdout.isatty():
        raise typer.BadParameter(f"{written} is not text: give --out FILE, or redirect", param_hint="--format")
    asked: dict[str, Any] = {
        "policy": policy,
        "ties": ties,
        "order_effect": order_effect or None,
        "anchor": anchor,
        "level": level,
        "interval": interval,
        "slice_by": slice_by,
        "judges": options.listed(judges),
        "control": control,
        "margin": margin,
        "correction": correction,
        "seed": seed,
    }
    given = {name: value for name, value in asked.items() if value is not None}
    with connected() as client:
        content = client.report(job, written, **given)
        as_data = content if written == "json" or not forbidden else client.report(job, "json", **given)
    if out is None:
        sys.stdout.buffer.write(content)
        sys.stdout.flush()
    else:
        write(out, content)
        err.print(f"Written: {out}", markup=False)
    if forbidden:
        enforce(forbidden, as_data)


def jobs(
    limit: Annotated[int, typer.Option(min=1, help="How many, the newest first.")] = 20, as_json: options.Json = False
) -> None:
    """List jobs, the newest first."""
    with connected() as client:
        found = list(islice(client.jobs(), limit))
    if as_json:
        print_json([job.model_dump(mode="json") for job in found])
        return
    rows = [
        (
            job.id,
            job.name,
            job.status,
            f"{job.created_at:%Y-%m-%d %H:%M}",
            f"{finished(job):,} / {job.progress.units:,}",
        )
        for job in found
    ]
    print_table(("Job", "Name", "Status", "Made (UTC)", "Units"), rows, names=4)


def start(job: options.JobId, as_json: options.Json = False) -> None:
    """Start a draft that has its pairs."""
    _do(lambda client: client.start(job), as_json=as_json)


def pause(job: options.JobId, as_json: options.Json = False) -> None:
    """Pause a running job; what is in flight is kept."""
    _do(lambda client: client.pause(job), as_json=as_json)


def resume(job: options.JobId, as_json: options.Json = False) -> None:
    """Let a paused job go on."""
    _do(lambda client: client.resume(job), as_json=as_json)


def cancel(job: options.JobId, as_json: options.Json = False) -> None:
    """Cancel a job; what was judged is kept, the rest is not asked any more."""
    _do(lambda client: client.cancel(job), as_json=as_json)


def retry(
    job: options.JobId,
    abstained: Annotated[bool, typer.Option("--abstained", help="Also units the judge abstained from.")] = False,
    as_json: options.Json = False,
) -> None:
    """Ask again what failed in a job that is over."""
    what = ("failed", "abstained") if abstained else ("failed",)
    _do(lambda client: client.retry(job, what), as_json=as_json)


def delete(
    job: options.JobId,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask; without a terminal it is needed.")] = False,
    as_json: options.Json = False,
) -> None:
    """Delete a draft or a job that is over, with its pairs, judgments and raw replies; or an import."""
    if not yes:
        _ask(job)
    with connected() as client:
        try:
            client.delete_job(job)
        except ProblemError as error:
            if error.status != httpx.codes.NOT_FOUND:
                raise
            client.delete_import(job)
    if as_json:
        print_json({"id": job, "deleted": True})
    else:
        say(f"{job} is deleted.")


def line_of(job: JobOut) -> str:
    """A job in one line."""
    counts = f"{finished(job):,} of {job.progress.units:,} units finished"
    return f"Job {job.id} ({in_one_line(job.name)}) is {job.status}: " + ", ".join([counts, *lost(job)])


def register(commands: typer.Typer) -> None:
    """Add the commands to a command line."""
    for command in (watch, start, pause, resume, cancel, delete):
        commands.command(epilog=f"Example:  tracejudge {command.__name__} {EXAMPLE_ID}")(command)
    commands.command(epilog=f"Example:  tracejudge report {EXAMPLE_ID} --format html --out report.html")(report)
    commands.command(epilog=f"Example:  tracejudge retry {EXAMPLE_ID} --abstained")(retry)
    commands.command(epilog="Example:  tracejudge jobs --limit 5")(jobs)


EXAMPLE_ID = "0198c0de-7a11-7000-8000-00000000c0de"


def _ask(job: str) -> None:
    """Go on only if a person says so: an answer from a pipe may be meant for anything."""
    if not sys.stdin.isatty():
        raise typer.BadParameter("nobody can be asked without a terminal; --yes deletes without asking")
    typer.confirm(f"Delete {job} and all its judgments?", abort=True, err=True)


def _do(verb: Callable[[Client], JobOut], *, as_json: bool) -> None:
    """Run a verb and say what has become of the job."""
    with connected() as client:
        job = verb(client)
    if as_json:
        print_json(job.model_dump(mode="json"))
    else:
        say(line_of(job))
