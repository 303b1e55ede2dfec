"""`import`: verdicts made elsewhere, so that the statistics serve people who judged with other tools."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from app.cli import options
from app.cli.connection import connected
from app.cli.terminal import print_json, say

CSV, NDJSON = "text/csv", "application/x-ndjson"
SHOWN_MODELS = 10


def import_(
    file: Annotated[Path, typer.Argument(metavar="FILE", exists=True, dir_okay=False, help="CSV or NDJSON.")],
    *,
    name: Annotated[str | None, typer.Option(help="What the import is called; the file's name when not given.")] = None,
    human: Annotated[bool, typer.Option("--human", help="The verdicts are people's labels.")] = False,
    design: Annotated[
        Literal["random", "filtered", "unknown"], typer.Option(help="How the labelled pairs were drawn.")
    ] = "unknown",
    as_json: options.Json = False,
) -> None:
    """Import verdicts that another tool or people made: one row a verdict, with model_a, model_b and winner
    (A, B, tie; empty = abstained) or score (0 to 1, 1 = A wins).

    Optional columns: item, judge, axis, order (AB or BA), repeat, count, cluster, length_a, length_b, tag.NAME.
    """
    kind = CSV if file.suffix.lower() == ".csv" else NDJSON
    with connected() as client:
        made = client.import_verdicts(name or file.stem, file, content_type=kind, human=human, design=design)
    if as_json:
        print_json(made.model_dump(mode="json"))
        return
    more = f" and {len(made.models) - SHOWN_MODELS:,} more" if len(made.models) > SHOWN_MODELS else ""
    say(f"Import {made.id}: {made.verdicts:,} verdicts on {', '.join(made.models[:SHOWN_MODELS])}{more}")
    say(f"Its report:  tracejudge report {made.id}")


def register(commands: typer.Typer) -> None:
    """Add the command to a command line."""
    commands.command("import", epilog="Example:  tracejudge import verdicts.csv --name my-judge")(import_)
