"""As whom PostgreSQL runs and where its files lie: it refuses to be root.

An ordinary user is simply themselves. Root is put into a user namespace in which it is `nobody`: outside,
the files stay root's, so everything works from a private home directory. Where namespaces are not allowed,
PostgreSQL runs as the real `nobody`, and its data and programs lie where `nobody` can reach them.
"""

from __future__ import annotations

import hashlib
import os
import pwd
import shutil
import signal
import subprocess
from dataclasses import dataclass
from pathlib import Path

from app.embedded.binaries import postgres_programs
from app.embedded.files import write_whole
from app.embedded.processes import Command, on_leash

REACHABLE = Path("/var/lib/tracejudge")  # only root can write beside it, everybody can pass through it
PRIVATE, PASSABLE = 0o700, 0o755


@dataclass(frozen=True, slots=True)
class Footing:
    """`identity` for leash.py, the directory for data, the directory of programs, a notice for the user."""

    identity: str
    directory: Path
    programs: Path
    notice: str = ""

    def own(self, path: Path) -> None:
        """Make the user PostgreSQL runs as the owner."""
        if self.identity.startswith("user:"):
            _, user, group = self.identity.split(":")
            os.chown(path, int(user), int(group))


def footing(directory: Path) -> Footing:
    """The best footing this machine allows; makes the directories it needs."""
    directory.mkdir(parents=True, exist_ok=True, mode=PRIVATE)
    programs = postgres_programs()
    if os.geteuid() != 0:
        return Footing("same", directory, programs)
    nobody = pwd.getpwnam("nobody")
    namespace = f"namespace:{nobody.pw_uid}"
    if not (directory / "moved-to").exists() and reaches(namespace, programs / "initdb", directory):
        return Footing(namespace, directory, programs)
    return as_nobody(directory, programs, f"user:{nobody.pw_uid}:{nobody.pw_gid}")


def reaches(identity: str, program: Path, directory: Path) -> bool:
    """Whether somebody can run the program and write into the directory."""
    test = ("/bin/sh", "-c", 'test -x "$0" && test -w "$1"', str(program), str(directory))
    command = Command("probe", test, Path(os.devnull), death_signal=signal.SIGKILL, identity=identity)
    return subprocess.run(on_leash(command), check=False, capture_output=True).returncode == 0


def as_nobody(directory: Path, programs: Path, identity: str) -> Footing:
    """Data (and, from a private environment, the programs) in a place `nobody` can reach. The directory keeps
    a note of the place, so that it can be moved.
    """
    note = directory / "moved-to"
    if not note.exists():
        name = hashlib.sha256(str(directory.resolve()).encode()).hexdigest()[:12]
        write_whole(note, str(REACHABLE / name))
    place = Path(note.read_text(encoding="utf-8"))
    place.parent.mkdir(mode=PASSABLE, parents=True, exist_ok=True)
    place.mkdir(mode=PRIVATE, exist_ok=True)
    notice = f"User namespaces are not available, so PostgreSQL runs as nobody, with its data in {place}."
    result = Footing(identity, place, programs, notice)
    result.own(place)
    if reaches(identity, programs / "initdb", place):
        return result
    return Footing(identity, place, copied(programs, place.parent), notice)


def copied(programs: Path, parent: Path) -> Path:
    """A copy of the programs, made once for each version; returns its bin directory. The programs find their
    libraries by relative paths, so the copy keeps the wheel's layout.
    """
    package = programs.parent.parent
    installed = package.parent
    version = hashlib.sha256(str((programs / "postgres").stat()).encode()).hexdigest()[:12]
    target = parent / f"programs-{version}"
    if not target.exists():
        unfinished = parent / f"programs-{version}.new"
        shutil.rmtree(unfinished, ignore_errors=True)
        for part in (package, installed / f"{package.name}.libs"):
            shutil.copytree(part, unfinished / part.name)
        unfinished.rename(target)
    return target / programs.relative_to(installed)
