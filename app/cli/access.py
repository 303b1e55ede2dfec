"""`projects` and `keys`: who may do what."""

from __future__ import annotations

from typing import Annotated, Literal
from urllib.parse import urlsplit

import typer

from app.cli import options
from app.cli.connection import connected
from app.cli.terminal import out, print_json, print_table, say
from app.domain.access import REVIEWS_LABEL
from app.wire.keys import MOST_DAYS

projects = typer.Typer(no_args_is_help=True, help="Create and list projects.")
keys = typer.Typer(no_args_is_help=True, help="Create, list and revoke API keys.")

LOOPBACK = ("127.0.0.1", "localhost", "::1")
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


@keys.command("create", epilog="Example:  tracejudge keys create ann --role labeller --expires-days 14")
def create_key(
    name: Annotated[str, typer.Argument(help="What the key is for.")],
    role: Annotated[Role | None, typer.Option(help="The usual sets of scopes.")] = None,
    scope: Annotated[
        list[str] | None, typer.Option(help="A scope, e.g. jobs:read, instead of a role; repeat it.")
    ] = None,
    expires_days: Annotated[
        int | None,
        typer.Option(
            min=1, max=MOST_DAYS, help="It works for so many days; else a labeller's for 30, others for ever."
        ),
    ] = None,
    as_json: options.Json = False,
) -> None:
    """Make a key for this project; it is shown this once, and may do no more than yours. A labeller gets a link."""
    if (role is None) == (not scope):
        raise typer.BadParameter("give either --role or --scope")
    with connected() as client:
        made = client.create_key(name, role=role, scopes=scope or (), expires_days=expires_days)
        link = client.url(made.sign_in)
    until = f"until {made.expires_at:%Y-%m-%d}" if made.expires_at else "until it is revoked"
    if as_json:
        print_json(made.model_dump(mode="json") | {"link": link})
    elif made.scopes == [REVIEWS_LABEL]:
        _show_link(link, f"Key {made.id}: send {made.name} this link, shown only now; it works {until}:")
    else:
        _show_key(made.key, f"Key {made.id} ({', '.join(made.scopes)}), shown only now; it works {until}:")


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
            f"{key.expires_at:%Y-%m-%d}" if key.expires_at else "never",
            f"{key.revoked_at:revoked %Y-%m-%d}" if key.revoked_at else key.state,
        )
        for key in found
    ]
    print_table(("Id", "Name", "Begins", "Scopes", "Expires", "State"), rows, names=6)


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


def _show_link(link: str, what: str) -> None:
    """As with a key; and where nobody else could open it, that is said."""
    say(what)
    if urlsplit(link).hostname in LOOPBACK:
        say("(It names this machine. For people elsewhere, set TRACEJUDGE_URL to the address they reach it by.)")
    say(link, to=out)


def _show_key(key: str, what: str) -> None:
    """The explanation to the person, the key alone to standard output, fit for a pipe."""
    say(what)
    say(key, to=out)
