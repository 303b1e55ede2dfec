"""`db`: what is done to the database itself: the newest schema, and the first key of a server."""

from __future__ import annotations

import asyncio

import typer

from app.cli import options
from app.cli.stack import revealed
from app.cli.terminal import out, print_json, say
from app.domain.errors import Unavailable
from app.embedded.first_steps import working_key
from app.embedded.home import Home
from app.settings import Settings
from app.store import migrate

db = typer.Typer(no_args_is_help=True, help="The newest schema, and the first key of a server.")


@db.command(epilog="Example:  TRACEJUDGE_DATABASE_URL=postgresql://tracejudge@db-1/tracejudge tracejudge db upgrade")
def upgrade(as_json: options.Json = False) -> None:
    """Run all migrations that are still to be run. `up` does this by itself."""
    migrate.upgrade(database_url(Settings()))
    if as_json:
        print_json({"revision": migrate.newest()})
    else:
        say(f"The database is at the newest schema, {migrate.newest()}.")


@db.command(epilog="Example:  docker compose run --rm api python -m app.cli db key")
def key(as_json: options.Json = False) -> None:
    """Make a key that may do everything, straight in the database: the first one of a server. Shown this once."""
    made = asyncio.run(working_key(database_url(Settings()), None))
    if as_json:
        print_json({"key": made})
    else:
        say("A key with every scope in the project default, shown only now:")
        say(made, to=out)


def database_url(settings: Settings) -> str:
    """The database the settings name, else the one that runs in the home directory. Raises Unavailable."""
    home = Home(settings.home)
    run = home.read_run() if home.is_locked() else None
    url = revealed(settings.database_url) or (run.database_url if run else "")
    if not url:
        raise Unavailable("no database: TRACEJUDGE_DATABASE_URL is not set and nothing runs in TRACEJUDGE_HOME.")
    return url


def register(commands: typer.Typer) -> None:
    """Add the group to a command line."""
    commands.add_typer(db, name="db")
