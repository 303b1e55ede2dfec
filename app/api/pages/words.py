"""How pages say things that reports have no words for: moments, durations, sizes, states."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

MINUTE, HOUR, DAY = 60, 3_600, 86_400
SCOPES: Mapping[str, str] = {
    "jobs:read": "see jobs, pairs and reports",
    "jobs:write": "submit and steer jobs, set up reviews",
    "judges:read": "see judges and rubrics",
    "judges:write": "add and change judges and rubrics",
    "keys:write": "make and revoke keys of this project",
    "projects:write": "make projects",
    "reviews:label": "label pairs in blind reviews",
}
ROLES: Mapping[str, str] = {
    "reader": "sees jobs, judges and reports, and changes nothing",
    "submitter": "also submits jobs and steers them",
    "labeller": "labels pairs in blind reviews and sees nothing else",
    "admin": "may do everything in this project, keys included",
    "operator": "may do everything, and makes projects",
}
# Where capitals are not the name.
FORMATS: Mapping[str, str] = {"md": "Markdown", "tex": "LaTeX", "parquet": "Parquet"}


def moment(value: datetime | None) -> str:
    """2026-01-31 09:00 UTC."""
    return "–" if value is None else f"{value.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def day(value: datetime | None) -> str:
    """2026-01-31."""
    return "–" if value is None else f"{value.astimezone(UTC):%Y-%m-%d}"


def sentence(text: str) -> str:
    """What errors say without capital and full stop, with both."""
    return text[:1].upper() + text[1:] + ("" if text.endswith((".", "?", "!")) else ".")


def duration(seconds: float | None) -> str:
    """41 s, 12 min, 3 h 20 min, 2 d 4 h."""
    if seconds is None:
        return "–"
    whole = round(seconds)
    if whole < MINUTE:
        return f"{whole} s"
    if whole < HOUR:
        return f"{whole // MINUTE} min"
    if whole < DAY:
        return f"{whole // HOUR} h {whole % HOUR // MINUTE} min"
    return f"{whole // DAY} d {whole % DAY // HOUR} h"


def state(status: str) -> str:
    """completed_with_failures -> "completed with failures"."""
    return status.replace("_", " ")
