"""Small files that must be whole and, where they hold secrets, readable by their owner only."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable
from pathlib import Path

OWNER_ONLY = 0o600


def write_whole(path: Path, text: str) -> None:
    """Replace the file at once and for good, readable by its owner only: a reader or a crash sees the old
    text or the new, never a part.
    """
    unfinished = path.with_name(f"{path.name}.new")
    unfinished.unlink(missing_ok=True)  # so that it is created with our mode
    descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, OWNER_ONLY)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    unfinished.replace(path)


def kept_secret(path: Path, make: Callable[[], str] = secrets.token_hex) -> str:
    """The secret in the file, made the first time it is asked for."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, make())
    return path.read_text(encoding="utf-8")
