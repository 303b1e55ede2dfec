"""`./run docs`: writes the pages of docs/ that are made by code. A test holds them against the code."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import click

from app.cli.lazy import COMMANDS
from app.cli.lazy import load as load_command
from app.reports import as_html, as_markdown
from app.reports.schema import report_schema
from app.rubrics import list_names, load
from docs.example_report import example

DOCS = Path(__file__).parent


def commands() -> str:
    """Every command's help, as `tracejudge COMMAND --help` says it, without colours."""
    lines = ["# Commands", "", "Made by `./run docs`; `tracejudge COMMAND --help` shows the same.", ""]
    everything = [found for below in COMMANDS for found in walk(f"tracejudge {below}", load_command(below))]
    for name, command in everything:
        lines += [f"## {name}", "", (command.help or "").strip(), ""]
        lines += [
            f"- {described(parameter)}" for parameter in command.params if not getattr(parameter, "hidden", False)
        ]
        if command.epilog:
            lines += [
                "",
                "```sh",
                *(line.strip() for line in command.epilog.replace("Example:", "").splitlines() if line.strip()),
                "```",
            ]
        lines.append("")
    return "\n".join(lines)


def walk(name: str, command: click.Command) -> list[tuple[str, click.Command]]:
    """A command and all below it."""
    found = [(name, command)]
    if hasattr(command, "list_commands"):  # a group, of click's or of the copy that typer carries
        context = click.Context(command)
        for below in sorted(command.list_commands(context)):
            child = command.get_command(context, below)
            if child is not None:
                found += walk(f"{name} {below}", child)
    return found


def described(parameter: click.Parameter) -> str:
    if parameter.param_type_name == "option":
        return f"`{', '.join(parameter.opts)}` {parameter.help or ''}".rstrip()
    return f"`{str(parameter.name).upper()}`"


def rubrics() -> str:
    """The built-in rubrics, as judges read them."""
    lines = ["# Rubrics", "", "Made by `./run docs` from `app/rubrics/*.yaml`.", ""]
    for name in list_names():
        rubric = load(name)
        lines += [f"## {name} (version {rubric.version})", "", rubric.guidance.strip(), ""]
        lines += [f"- **{axis.name}** ({axis.title}): {axis.instruction.strip()}" for axis in rubric.axes]
        lines.append("")
    return "\n".join(lines)


def schema() -> str:
    """The shape of a report in JSON, as GET /v1/report-schema answers it."""
    return json.dumps(report_schema(), indent=2, sort_keys=True, ensure_ascii=False) + "\n"


PAGES = {
    "commands.md": commands,
    "rubrics.md": rubrics,
    "report.schema.json": schema,
    "example-report.md": lambda: as_markdown.render(example()),
    "example-report.html": lambda: as_html.render(example()),
}


def main() -> int:
    """Write every page."""
    for name, make in PAGES.items():
        (DOCS / name).write_text(make())
        print(f"docs/{name}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
