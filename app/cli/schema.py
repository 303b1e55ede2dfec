"""`db upgrade`: bring a database to the newest schema."""

from __future__ import annotations

import typer

from app.cli import options
from app.cli.stack import revealed
from app.cli.terminal import print_json, say
from app.domain.errors import Unavailable
from app.embedded.home import Home
from app.settings import Settings
from app.store import migrate

db = typer.Typer(no_args_is_help=True, help="Bring a database to the newest schema.")


@db.command(epilog="Example:  TRACEJUDGE_DATABASE_URL=postgresql://tracejudge@db-1/tracejudge tracejudge db upgrade")
def upgrade(as_json: options.Json = False) -> None:
    """Run all migrations that are still to be run. `up` does this by itself."""
    url = database_url(Settings())
    if not url:
        raise Unavailable("no database: TRACEJUDGE_DATABASE_URL is not set and nothing runs in TRACEJUDGE_HOME.")
    migrate.upgrade(url)
    if as_json:
        print_json({"revision": migrate.newest()})
    else:
        say(f"The database is at the newest schema, {migrate.newest()}.")


@db.callback()
def group() -> None:
    """Bring a database to the newest schema."""


def database_url(settings: Settings) -> str:
    """The database the settings name, else the one that runs in the home directory, else nothing."""
    home = Home(settings.home)
    run = home.read_run() if home.is_locked() else None
    return revealed(settings.database_url) or (run.database_url if run else "")


def register(commands: typer.Typer) -> None:
    """Add the group to a command line."""
    commands.add_typer(db, name="db")
