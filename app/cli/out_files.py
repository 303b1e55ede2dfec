"""Files and folders that commands write: looked at before anything is computed, and their names say the format."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, BinaryIO

import typer

from app.domain.errors import Invalid


def placed(out: Path | None) -> Path | None:
    """Complain about a file that could not be written; the callback of `File`."""
    if out is None:
        return None
    target = Path(os.path.realpath(out))  # a link is written where it points
    if not _is_there(target):
        _require_folder(target.parent, out)
    elif not os.access(target, os.W_OK):
        raise typer.BadParameter(f"{out} may not be written")
    return out


def placed_folder(out: Path | None) -> Path | None:
    """Complain about a folder that could not be made or filled; the callback of `Folder`."""
    target = Path(os.path.realpath(out or "."))  # without a name of its own it is made where we are
    while not _is_there(target):
        target = target.parent
    _require_folder(target, out or target)
    return out


File = Annotated[
    Path | None,
    typer.Option("--out", "-o", dir_okay=False, callback=placed, help="File; else standard output."),
]
Folder = Annotated[
    Path | None, typer.Option(file_okay=False, callback=placed_folder, help="Directory for the report files.")
]


def named(out: Path | None, known: Sequence[str], default: str) -> str:
    """The format a file's suffix names; `default` where there is none. BadParameter when nobody knows it."""
    suffix = "" if out is None else out.suffix.lower().removeprefix(".")
    if suffix and suffix not in known:
        there = ", ".join(f".{name}" for name in known)
        raise typer.BadParameter(f".{suffix} says no format; there are {there}, or give --format", param_hint="--out")
    return suffix or default


def write(out: Path, content: bytes) -> None:
    """Write a file. Raises Invalid with the system's reason."""
    with refusing(out):
        out.write_bytes(content)


@contextmanager
def refusing(out: Path) -> Iterator[None]:
    """What the system will not write is no defect of ours: Invalid with its reason."""
    try:
        yield
    except OSError as error:
        raise Invalid(f"{out} cannot be written: {error.strerror or error}") from None


@contextmanager
def written_whole(out: Path) -> Iterator[BinaryIO]:
    """A file that takes its name, or the place of the one before, at the end of the block and only if it ends well.

    A link keeps pointing where it points; a device or a pipe is written as it is.
    """
    target = out.resolve()
    if target.exists() and not target.is_file():
        with target.open("wb") as device:
            yield device
        return
    part = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        with part.open("wb") as file:
            yield file
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)


def _is_there(target: Path) -> bool:
    """Path.exists would raise where we may not look."""
    return os.access(target, os.F_OK)


def _require_folder(folder: Path, out: Path) -> None:
    if not (_is_there(folder) and folder.is_dir()):
        raise typer.BadParameter(f"{out}: {folder} is no folder")
    if not os.access(folder, os.W_OK | os.X_OK):
        raise typer.BadParameter(f"{out}: {folder} may not be written")
