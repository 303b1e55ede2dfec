"""`export`: all judgments or pairs of a job as NDJSON or Parquet, into a file or to standard output."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn, TransferSpeedColumn

from app.cli import options
from app.cli.connection import connected
from app.cli.out_files import File, refusing, written_whole
from app.cli.terminal import err, print_json, say
from app.wire.pages import HumanName
from app.wire.results import Rows, RowsFormat

EXAMPLE_ID = "0198c0de-7a11-7000-8000-00000000c0de"

Format = Annotated[
    RowsFormat | None,
    typer.Option("--format", "-f", help="How it is written; by the file's name, else ndjson, when not given."),
]


def export(
    job: options.JobId,
    *,
    what: Annotated[Rows, typer.Option(help="A row per judgment, or a row per pair with its verdicts.")] = "judgments",
    format_: Format = None,
    out: File = None,
    axis: Annotated[str | None, typer.Option(help="Only what concerns this axis.")] = None,
    verdict: Annotated[str | None, typer.Option(help="Only pairs with this verdict, e.g. TIE.")] = None,
    stance: Annotated[str | None, typer.Option(help="Only pairs of which a judge has this stance, e.g. FLIP.")] = None,
    tag: Annotated[str | None, typer.Option(metavar="NAME:VALUE", help="Only items with this tag.")] = None,
    judge: Annotated[str | None, typer.Option(help="Only this judge.")] = None,
    reason: Annotated[str | None, typer.Option(help="Only units that ended so, e.g. refusal.")] = None,
    human: Annotated[
        HumanName | None,
        typer.Option(help="Only pairs that people labelled, or where most of them agree with the verdict or not."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="With --out: print file and bytes as JSON.")] = False,
) -> None:
    """Export all judgments of a job, or all its pairs, as NDJSON or Parquet.

    A file appears when it is complete, and stays as it was if the export breaks off. --verdict, --stance and --human
    go with --what pairs.
    """
    if as_json and out is None:
        raise typer.BadParameter("needs --out FILE; without it the rows themselves are printed", param_hint="--json")
    form = format_ or _named(out)
    if out is None and form == "parquet" and sys.stdout.isatty():
        raise typer.BadParameter("parquet is not text: give --out FILE, or redirect", param_hint="--format")
    asked = {
        "axis": axis, "verdict": verdict, "stance": stance, "tag": tag, "judge": judge, "reason": reason,
        "human": human,
    }  # fmt: skip
    given = {name: value for name, value in asked.items() if value is not None}
    with connected() as client:
        pieces = client.export(job, what, form, **given)
        if out is None:
            _print(pieces)
            return
        size = _save(pieces, out)
    if as_json:
        print_json({"file": str(out), "bytes": size})
    else:
        say(f"Written: {out} ({size:,} bytes)")


def _named(out: Path | None) -> RowsFormat:
    """The format a file's name promises."""
    return "parquet" if out is not None and out.suffix.lower() == ".parquet" else "ndjson"


def _print(pieces: Iterable[bytes]) -> None:
    for piece in pieces:
        sys.stdout.buffer.write(piece)
    sys.stdout.buffer.flush()


def _save(pieces: Iterable[bytes], out: Path) -> int:
    """Write the file and show its growth; returns its bytes."""
    size = 0
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TransferSpeedColumn(), TimeElapsedColumn())
    with (
        refusing(out),
        written_whole(out) as file,
        Progress(*columns, console=err, disable=not err.is_terminal) as shown,
    ):
        task = shown.add_task("waiting", total=None)
        for piece in pieces:
            file.write(piece)
            size += len(piece)
            shown.update(task, description=f"{size:,} bytes", completed=size)
    return size


def register(commands: typer.Typer) -> None:
    """Add the command to a command line."""
    commands.command(epilog=f"Example:  tracejudge export {EXAMPLE_ID} --out judgments.parquet")(export)
