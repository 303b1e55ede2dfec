"""`import` and `imports`: verdicts made elsewhere, so that the statistics serve people who judged with other tools."""

from __future__ import annotations

from itertools import islice
from pathlib import Path
from typing import Annotated, Literal

import typer

from app.cli import options
from app.cli.connection import connected
from app.cli.rows import Columns
from app.cli.terminal import counted, in_one_line, print_json, print_table, say
from app.cli.verdict_files import STANDARD_INPUT, Upload, file_of, upload_of
from app.wire.verdict_columns import KNOWN
from app.wire.verdicts import ImportOut

SHOWN_NAMES = 10
UNKNOWN = "unknown"  # how pairs were drawn
FILES = "CSV, NDJSON, a JSON list or Parquet; - is standard input."


def there(file: Path) -> Path:
    """Complain about a file that is not there."""
    if file != STANDARD_INPUT and not file.is_file():
        raise typer.BadParameter(f"there is no file {file}")
    return file


def import_(
    file: Annotated[Path, typer.Argument(metavar="FILE", callback=there, help=FILES)],
    *,
    name: Annotated[str | None, typer.Option(help="What the import is called; the file's name when not given.")] = None,
    format_: Annotated[
        Literal["auto", "generic", "alpaca_eval", "mt_bench"],
        typer.Option("--format", help="Whose file it is: AlpacaEval annotations, MT-bench judgments or votes."),
    ] = "auto",
    columns: Annotated[
        list[str] | None,
        typer.Option(
            "--map", metavar="OURS=THEIRS,...", help="Names of your columns, e.g. winner=verdict; repeatable."
        ),
    ] = None,
    policy: Annotated[
        options.PolicyName, typer.Option(help="How inconsistent verdicts count, fixed before they are seen.")
    ] = "half",
    primary_axis: Annotated[
        str | None, typer.Option(help="The axis of the headline; overall, else the first, when not given.")
    ] = None,
    human: Annotated[bool, typer.Option("--human", help="The verdicts are people's labels.")] = False,
    design: Annotated[
        Literal["random", "filtered", "unknown"] | None,
        typer.Option(help="With --human: how the labelled pairs were drawn; unknown when not given."),
    ] = None,
    job: Annotated[
        str | None, typer.Option(metavar="ID", help="With --human: labels of the pairs of this job or import.")
    ] = None,
    as_json: options.Json = False,
) -> None:
    """Import verdicts that another tool or people made: one row a verdict, with model_a, model_b and winner
    (A, B, tie, or one of the two models; empty = abstained) or score (0 to 1, 1 = A wins).

    Optional columns: item, judge, axis, order (AB or BA), repeat, count, cluster, length_a, length_b, tag.NAME.
    Files of AlpacaEval and MT-bench are known by their fields.
    """
    for option, given in (("--job", job), ("--design", design)):
        if given is not None and not human:
            raise typer.BadParameter("is about people's labels: give --human, too", param_hint=option)
    names = Columns.parse(columns or (), tuple(sorted(KNOWN | {"tag"})))
    with file_of(file) as readable:
        upload = upload_of(readable, format_, names)
        for note in upload.notes:
            say(note, style="yellow")
        if job is not None:
            _label(job, upload, design or UNKNOWN, as_json=as_json)
            return
        with connected() as client:
            made = client.import_verdicts(
                name or readable.stem,
                upload.source,
                content_type=upload.content_type,
                human=human,
                design=design or UNKNOWN,
                policy=policy,
                primary_axis=primary_axis,
            )
    if as_json:
        print_json(made.model_dump(mode="json"))
    else:
        _tell(made)


def imports(
    limit: Annotated[int, typer.Option(min=1, help="How many, the newest first.")] = 20, as_json: options.Json = False
) -> None:
    """List imports, the newest first. `report` and `delete` take their ids like those of jobs."""
    with connected() as client:
        found = list(islice(client.imports(), limit))
    if as_json:
        print_json([each.model_dump(mode="json") for each in found])
        return
    rows = [
        (each.id, each.name, _some(each.models), each.created_at[:16], f"{each.verdicts:,}", f"{each.labels:,}")
        for each in found
    ]
    print_table(("Import", "Name", "Models", "Made (UTC)", "Verdicts", "Labels"), rows, names=4)


def register(commands: typer.Typer) -> None:
    """Add the commands to a command line."""
    commands.command("import", epilog="Example:  tracejudge import verdicts.csv --name my-judge")(import_)
    commands.command(epilog="Example:  tracejudge imports --limit 5")(imports)


def _label(job: str, upload: Upload, design: str, *, as_json: bool) -> None:
    with connected() as client:
        added = client.add_labels(job, upload.source, content_type=upload.content_type, design=design)
    if as_json:
        print_json(added.model_dump(mode="json"))
    else:
        say(f"{counted(added.labels, 'label')} stored; {job} has {added.total:,} now.")


def _tell(made: ImportOut) -> None:
    verdicts, pairs = counted(made.verdicts, "verdict"), counted(made.pairs, "pair")
    say(f"Import {made.id}: {verdicts} on {pairs} of {_some(made.models)}")
    say(f"Judges: {_some(made.judges)}; headline axis: {made.primary_axis}; policy: {made.policy}")
    if made.skipped:
        say(f"Left out: {counted(made.skipped, 'row')} with count 0, which is no verdict.", style="yellow")
    say(f"Its report:  tracejudge report {made.id}")


def _some(names: list[str]) -> str:
    more = f" and {len(names) - SHOWN_NAMES:,} more" if len(names) > SHOWN_NAMES else ""
    return in_one_line(", ".join(names[:SHOWN_NAMES])) + more
