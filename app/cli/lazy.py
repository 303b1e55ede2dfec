"""The list of all commands. A command's module is imported when the command is used, so that --help is quick."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup

# Command -> the module whose `register` adds it, and its line in the list.
COMMANDS = {
    "demo": ("demo", "Judge the sample pairs with a small judge on this machine, from nothing."),
    "compare": ("compare", "Compare models by their traces files: judge, watch, report."),
    "submit": ("submit", "Submit pairs from a file or standard input."),
    "watch": ("jobs", "Watch a job until it ends."),
    "report": ("jobs", "Print or save the report of a job."),
    "export": ("export", "Export the judgments or pairs of a job as NDJSON or Parquet."),
    "jobs": ("jobs", "List jobs, the newest first."),
    "start": ("jobs", "Start a draft."),
    "pause": ("jobs", "Pause a running job; what is in flight is kept."),
    "resume": ("jobs", "Let a paused job go on."),
    "cancel": ("jobs", "Cancel a job; what was judged is kept."),
    "retry": ("jobs", "Ask again what failed or was abstained from."),
    "delete": ("jobs", "Delete a finished job, or an import, with all that belongs to it."),
    "import": ("imports", "Import verdicts made elsewhere: statistics without judging."),
    "imports": ("imports", "List imports, the newest first."),
    "leaderboard": ("leaderboard", "Rank models over the pairs of several jobs and imports."),
    "plan": ("plan", "Plan a job: pairs, judge calls, tokens and GPU time for a goal."),
    "reviews": ("reviews", "Draw pairs for people to label blind, and see how far they are."),
    "judges": ("judges", "Add, list, test and resume judges."),
    "projects": ("access", "Create and list projects."),
    "keys": ("access", "Create, list and revoke API keys."),
    "up": ("stack", "Start the whole service on this machine."),
    "down": ("stack", "Stop it."),
    "status": ("stack", "Show what runs."),
    "doctor": ("doctor", "Check this machine and the service, and say what to do."),
    "db": ("schema", "The newest schema, and the first key of a server."),
}


class LazyCommands(TyperGroup):
    """Shows `COMMANDS` in its help and imports a command only to run it."""

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ARG002 - the signature is typer's
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> TyperCommand | None:  # noqa: ARG002 - as above
        """What the help shows of a command."""
        return TyperCommand(cmd_name, help=COMMANDS[cmd_name][1]) if cmd_name in COMMANDS else None

    def resolve_command(self, ctx: Any, args: list[str]) -> tuple[str | None, Any, list[str]]:
        """The command to run, imported now; an unknown one is wrong usage."""
        name, known, rest = super().resolve_command(ctx, args)
        return name, None if known is None or name is None else load(name), rest


def load(name: str) -> Any:
    """The typer command or group of that name."""
    commands = typer.Typer(rich_markup_mode="rich", add_completion=False)
    commands.callback()(_nothing)
    import_module(f"app.cli.{COMMANDS[name][0]}").register(commands)
    group: Any = typer.main.get_command(commands)
    return group.commands[name]


def _nothing() -> None:
    """Makes typer see a group, however few commands there are."""
