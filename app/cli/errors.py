"""Errors as a person reads them: one block with what happened, where, and what to do."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Iterator, Mapping

import typer
from pydantic_core import ValidationError

from app.cli.terminal import shown
from app.domain.errors import (
    Conflict,
    Forbidden,
    Invalid,
    NotFound,
    Problem,
    TraceJudgeError,
    Unauthenticated,
    Unavailable,
)

MOST_LINES = 10

Remedies = Mapping[type[TraceJudgeError], str]

# Looked up along the error's ancestors.
REMEDIES: Remedies = {
    Unauthenticated: "Set TRACEJUDGE_API_KEY to a key of this server; `tracejudge keys create` makes one.",
    Forbidden: "Use a key with that scope; `tracejudge keys list` shows what keys may do.",
    NotFound: "`tracejudge jobs`, `tracejudge imports` and `tracejudge judges list` show what there is.",
    Conflict: "`tracejudge jobs` and `tracejudge status` show where things stand.",
    Unavailable: "`tracejudge doctor` shows what is down and what to do.",
    Invalid: "Put this right and run the command again.",
}
UNKNOWN = "unknown "  # how the reasons of columns and fields begin that nobody knows
MAPPING = "--map OURS=THEIRS,... gives your columns our names (tag.NAME for a tag) and leaves the others out."
NOTHING_JUDGED = "Put this right and run the command again; nothing was judged."
# Where a command knows better.
OF_COMMAND: Mapping[str, Remedies] = {
    "compare": {Invalid: NOTHING_JUDGED},
    "submit": {Invalid: NOTHING_JUDGED},
    "import": {Invalid: "Put this right and import again; nothing was stored."},
    "leaderboard": {Conflict: "Leave out the jobs that differ, or give --allow-mixed."},
    "reviews": {NotFound: "`tracejudge jobs` shows the jobs, `tracejudge reviews list JOB` a job's reviews."},
    "keys": {NotFound: "`tracejudge keys list` shows what there is."},
}


def tell(error: TraceJudgeError, command: str = "") -> None:
    """Print an expected error to standard error. `command`: the one that met it."""
    detail = error.detail
    if command == "leaderboard":  # the server speaks of its own parameter
        detail = detail.replace("allow_mixed", "--allow-mixed")
    mapping = command == "import" and any(problem.reason.startswith(UNKNOWN) for problem in error.problems)
    _print(error.title, detail, *_listed(error), MAPPING * mapping, _remedy(error, command))


def tell_settings(error: ValidationError) -> None:
    """Print which TRACEJUDGE_ variables have values that cannot be used."""
    lines = (
        f"  TRACEJUDGE_{'_'.join(str(part) for part in found['loc']).upper()}: {found['msg']}"
        for found in error.errors(include_url=False, include_input=False)
    )
    _print("A setting is not valid", *lines, "Change or unset the variable and run the command again.")


def tell_defect(error: Exception) -> None:
    """Print an unexpected error; its traceback only to those who ask for it."""
    if sys.flags.dev_mode:
        traceback.print_exception(error)
    _print(
        "A defect of TraceJudge",
        f"{type(error).__name__}: {error}",
        "Please report it with what `python -X dev -m app.cli ...` prints for the same command.",
    )


def _print(title: str, *lines: str) -> None:
    typer.secho(f"tracejudge: {title}", err=True, fg=typer.colors.RED, bold=True)
    for line in lines:
        if line:
            typer.echo(shown(line), err=True)


def _listed(error: TraceJudgeError) -> Iterator[str]:
    shown = error.problems[:MOST_LINES]
    yield from (f"  {_where(problem)}{problem.reason}" for problem in shown)
    if error.problem_count > len(shown):
        yield f"  ... and {error.problem_count - len(shown):,} more"


def _where(problem: Problem) -> str:
    line = "" if problem.line is None else f"line {problem.line:,}"
    place = ", ".join(part for part in (line, problem.field) if part)
    return f"{place}: " if place else ""


def _remedy(error: TraceJudgeError, command: str) -> str:
    known = {**REMEDIES, **OF_COMMAND.get(command, {})}
    return next((known[kind] for kind in type(error).__mro__ if kind in known), "")
