"""Live and ready, as machines ask for it."""

from __future__ import annotations

from typing import Literal

from app.wire.shape import Output

Check = Literal["ok", "down", "not at the newest migration", "not set"]


class HealthOut(Output):
    """The process answers."""

    status: Literal["ok"]


class ReadyOut(Output):
    """Whether requests can be served, and what was looked at."""

    ready: bool
    database: Check
    broker: Check
