"""`leaderboard`: strengths of all models over the pairs of several jobs and imports."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Annotated, Any, Literal, get_args

import orjson
import typer

from app.cli import options
from app.cli.connection import connected
from app.cli.out_files import File, named, write
from app.cli.terminal import counted, in_one_line, out, print_table, say
from app.reports import numbers

Json = Mapping[str, Any]
Format = Literal["json", "md", "csv", "html"]
Jobs = Annotated[list[str], typer.Argument(metavar="JOB", help="The ids of jobs and imports.")]
MOST_OPPONENTS = 8  # more columns than this are no table in a terminal


def leaderboard(
    jobs: Jobs,
    *,
    axis: Annotated[str | None, typer.Option(help="Instead of the jobs' primary axis.")] = None,
    tag: Annotated[str | None, typer.Option(metavar="NAME:VALUE", help="Only pairs with this tag.")] = None,
    level: options.Level = None,
    interval: Annotated[
        Literal["robust", "model", "bootstrap"] | None, typer.Option(help="How intervals are made.")
    ] = None,
    anchor: Annotated[str | None, typer.Option(help="The model whose strength is 0.")] = None,
    ties: Annotated[Literal["half_win", "davidson"] | None, typer.Option(help="Ties in Bradley-Terry.")] = None,
    allow_mixed: Annotated[
        bool, typer.Option("--allow-mixed", help="Fit jobs that do not measure the same as strata, and test them.")
    ] = False,
    seed: options.Drawn = None,
    format_: Annotated[
        Format | None,
        typer.Option("--format", "-f", help="How it is written; by the file's name, else a table, when not given."),
    ] = None,
    to: File = None,
    as_json: options.Json = False,
) -> None:
    """Rank models by Bradley-Terry over the pairs of jobs and imports that measure the same.

    Jobs are pooled when axis, rubric, prompt, judges, images, policy and items are equal; what differs is named.
    """
    asked = {"axis": axis, "tag": tag, "level": level, "interval": interval, "anchor": anchor, "ties": ties}
    asked |= {"allow_mixed": allow_mixed or None, "seed": seed}
    given = {name: value for name, value in asked.items() if value is not None}
    default = "json" if to is None else "md"  # without a file our table is made of it
    shape = "json" if as_json else format_ or named(to, get_args(Format), default)
    with connected() as client:
        content = client.leaderboard(jobs, shape, **given)
    if to is not None:
        write(to, content)
        say(f"Written: {to}")
    elif as_json or format_ is not None:
        sys.stdout.buffer.write(content)
    else:
        show(orjson.loads(content)["results"])


def show(results: Json) -> None:
    """The sentence, the strengths, who beats whom, and what to doubt."""
    say(results["text"], style="bold", to=out)
    say(to=out)
    level = numbers.level_percent(results["parameters"]["level"])
    columns = ("Model", "Rank", f"Strength ({level} CI)", "Elo scale", "Won", "Lost", "Tied", "Group")
    print_table(columns, [_line(results, line) for line in results["models"]])
    if results["tied_groups"]:
        say("Models that share a number in the last column cannot be told apart.", to=out)
    matrix = results["win_probabilities"]
    if len(matrix["models"]) <= MOST_OPPONENTS:
        say(to=out)
        _show_matrix(matrix)
    say(to=out)
    for job in results["jobs"]:
        pairs, again = counted(job["pairs"], "pair"), f"{job['duplicates']:,} of them in an earlier job, too"
        say(f"{in_one_line(job['name'])}: {pairs}, {again}", to=out)
    strata = results["strata"]
    if strata is not None and strata["p"] is not None:
        say(f"Do the strata share the strengths? p = {numbers.p_value(strata['p'])}", to=out)
    for warning in results["warnings"]:
        say(f"Warning: {warning}", style="yellow", to=out)


def _line(results: Json, line: Json) -> tuple[str, ...]:
    low, high = line["rank_low"], line["rank_high"]
    groups = (str(number) for number, group in enumerate(results["tied_groups"], start=1) if line["model"] in group)
    return (
        line["model"] + " (unbounded)" * line["unbounded"],
        f"{low}" if low == high else f"{low} to {high}",
        f"{numbers.signed(line['strength'])} ({numbers.signed_interval(line['low'], line['high'])})",
        f"{line['elo']:,.0f}",
        *(f"{line[name]:,}" for name in ("wins", "losses", "ties")),
        ", ".join(groups),
    )


def _show_matrix(matrix: Json) -> None:
    models = matrix["models"]
    rows = [
        (model, *(numbers.NOTHING if i == j else _chance(matrix, i, j) for j in range(len(models))))
        for i, model in enumerate(models)
    ]
    print_table(("Win probability", *(f"over {model}" for model in models)), rows)


def _chance(matrix: Json, i: int, j: int) -> str:
    if matrix["low"] is None:
        return numbers.percent(matrix["estimate"][i][j])
    spread = numbers.interval(matrix["low"][i][j], matrix["high"][i][j])
    return f"{numbers.percent(matrix['estimate'][i][j])} ({spread})"


def register(commands: typer.Typer) -> None:
    """Add the command to a command line."""
    first, second = "0198c0de-7a11-7000-8000-00000000c0de", "0198c0de-7a11-7000-8000-00000000c0df"
    commands.command(epilog=f"Example:  tracejudge leaderboard {first} {second}")(leaderboard)
