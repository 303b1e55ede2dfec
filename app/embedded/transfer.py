"""Moves the data of an embedded PostgreSQL from one major version to the next, while its stack is down.

python -m app.embedded.transfer export FILE
python -m app.embedded.transfer import FILE
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

from app.domain.errors import Conflict, TraceJudgeError
from app.embedded.binaries import postgres_programs
from app.embedded.processes import StartFailed, environment
from app.embedded.stack import Stack
from app.settings import Settings

COUNT_TABLES = "SELECT count(*) FROM pg_catalog.pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'"


def export_data(home: Path, file: Path) -> None:
    """Write everything into the file; raises Conflict while the stack runs, StartFailed when it cannot be done."""
    with Stack(home, services=("postgres",)) as stack:
        ask(stack.database_url, "pg_dump", "--format=custom", "--no-owner", f"--file={file}")


def import_data(home: Path, file: Path) -> None:
    """Fill a new database from the file, wholly or not at all; the next `up` brings it to the newest schema.
    Raises Conflict when the database is not new.
    """
    with Stack(home, services=("postgres",)) as stack:
        if ask(stack.database_url, "psql", "-XAtc", COUNT_TABLES) != "0":
            raise Conflict(f"The database in {home} is not empty: set {home / 'postgres'} aside first.")
        database = urlsplit(stack.database_url).path.lstrip("/")
        into = ("--exit-on-error", "--single-transaction", "--no-owner", f"--dbname={database}")
        ask(stack.database_url, "pg_restore", *into, str(file))


def ask(database_url: str, program: str, *arguments: str) -> str:
    """Run one of PostgreSQL's own programs on the database and return what it prints; raises StartFailed."""
    url = urlsplit(database_url)
    # Not as an argument: every user of the machine may read those.
    login = environment(
        PGHOST=url.hostname or "",
        PGPORT=str(url.port),
        PGUSER=url.username or "",
        PGPASSWORD=url.password or "",
        PGDATABASE=url.path.lstrip("/"),
    )
    command = [str(postgres_programs() / program), *arguments]
    done = subprocess.run(command, env=login, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise StartFailed(f"{program} failed:\n{done.stderr}")
    return done.stdout.strip()


def main() -> int:
    """Returns the exit status: 0 done, 1 not done, 2 not understood."""
    verbs = {"export": export_data, "import": import_data}
    match sys.argv[1:]:
        case [verb, file] if verb in verbs:
            try:
                verbs[verb](Settings().home, Path(file).resolve())
            except TraceJudgeError as error:
                sys.stderr.write(f"{error.detail}\n")
                return 1
            return 0
        case _:
            sys.stderr.write(__doc__ or "")
            return 2


if __name__ == "__main__":
    sys.exit(main())
