"""The command line: `tracejudge ...`, the same as `python -m app.cli ...`."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Annotated

import typer
from pydantic_core import ValidationError

from app import __version__
from app.cli.errors import tell, tell_defect, tell_settings
from app.cli.lazy import LazyCommands
from app.domain.errors import TraceJudgeError

FAILED = 1

app = typer.Typer(
    cls=LazyCommands,
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,  # `main` says what went wrong
    context_settings={"help_option_names": ["-h", "--help"]},
)


def show_version(wanted: bool) -> None:
    """Print which TraceJudge this is."""
    if wanted:
        typer.echo(__version__)
        raise typer.Exit


@app.callback(epilog="Start here:  tracejudge demo     Your own traces:  tracejudge compare --help")
def tracejudge(
    _version: Annotated[
        bool, typer.Option("--version", callback=show_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    """Judge pairs of reasoning traces with LLM judges, in both orders, and report win rates that can be cited."""


def command_of(arguments: Sequence[str]) -> str:
    """The command in a process's arguments; the options before it take no values."""
    return next((word for word in arguments[1:] if not word.startswith("-")), "")


def main() -> None:
    """Run one command. Exit status: 0 well, 1 failed, 2 wrong usage, 130 interrupted."""
    try:
        app(prog_name="tracejudge")
    except TraceJudgeError as error:
        tell(error, command_of(sys.argv))
    except ValidationError as error:  # raised by Settings() only; answers of the server are checked in the client
        tell_settings(error)
    except Exception as error:  # noqa: BLE001 - the last resort: a defect of ours, told in words
        tell_defect(error)
    sys.exit(FAILED)
