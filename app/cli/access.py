"""`projects` and `keys`: who may do what."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from app.cli import options
from app.cli.connection import connected
from app.cli.terminal import out, print_json, print_table, say

projects = typer.Typer(no_args_is_help=True, help="Create and list projects.")
keys = typer.Typer(no_args_is_help=True, help="Create, list and revoke API keys.")

Role = Literal["reader", "submitter", "labeller", "admin", "operator"]


@projects.command("create", epilog="Example:  tracejudge projects create radiology")
def create_project(
    name: Annotated[str, typer.Argument(help="The project's name.")], as_json: options.Json = False
) -> None:
    """Make a project and its first key, which is shown this once."""
    with connected() as client:
        made = client.create_project(name)
    if as_json:
        print_json(made.model_dump(mode="json"))
    else:
        _show_key(made.key, f"Project {made.name}; its first key, shown only now:")


@projects.command("list", epilog="Example:  tracejudge projects list --json")
def list_projects(as_json: options.Json = False) -> None:
    """List all projects."""
    with connected() as client:
        found = client.projects()
    if as_json:
        print_json([project.model_dump(mode="json") for project in found])
    else:
        rows = [(project.name, f"{project.created_at:%Y-%m-%d %H:%M}") for project in found]
        print_table(("Project", "Made (UTC)"), rows, names=2)


@keys.command("create", epilog="Example:  tracejudge keys create ci --role submitter")
def create_key(
    name: Annotated[str, typer.Argument(help="What the key is for.")],
    role: Annotated[Role | None, typer.Option(help="The usual sets of scopes.")] = None,
    scope: Annotated[
        list[str] | None, typer.Option(help="A scope, e.g. jobs:read, instead of a role; repeat it.")
    ] = None,
    as_json: options.Json = False,
) -> None:
    """Make a key for this project; it is shown this once, and may do no more than yours."""
    if (role is None) == (not scope):
        raise typer.BadParameter("give either --role or --scope")
    with connected() as client:
        made = client.create_key(name, role=role, scopes=scope or ())
    if as_json:
        print_json(made.model_dump(mode="json"))
    else:
        _show_key(made.key, f"Key {made.id} ({', '.join(made.scopes)}), shown only now:")


@keys.command("list", epilog="Example:  tracejudge keys list")
def list_keys(as_json: options.Json = False) -> None:
    """List the project's keys, without the keys themselves."""
    with connected() as client:
        found = client.keys()
    if as_json:
        print_json([key.model_dump(mode="json") for key in found])
        return
    rows = [
        (
            str(key.id),
            key.name,
            f"{key.prefix}...",
            ", ".join(key.scopes),
            f"{key.revoked_at:revoked %Y-%m-%d}" if key.revoked_at else "good",
        )
        for key in found
    ]
    print_table(("Id", "Name", "Begins", "Scopes", "State"), rows, names=5)


@keys.command("revoke", epilog="Example:  tracejudge keys revoke 3")
def revoke_key(
    key_id: Annotated[int, typer.Argument(metavar="ID", min=1, help="The id in `keys list`.")],
    as_json: options.Json = False,
) -> None:
    """Make a key useless from now on."""
    with connected() as client:
        revoked = client.revoke_key(key_id)
    if as_json:
        print_json(revoked.model_dump(mode="json"))
    else:
        say(f"Key {revoked.id} ({revoked.name}) is revoked.")


def register(commands: typer.Typer) -> None:
    """Add both groups to a command line."""
    commands.add_typer(projects, name="projects")
    commands.add_typer(keys, name="keys")


def _show_key(key: str, what: str) -> None:
    """The explanation to the person, the key alone to standard output, fit for a pipe."""
    say(what)
    say(key, to=out)
