"""Live and ready, as machines ask for it."""

from __future__ import annotations

from typing import Literal

from app.wire.shape import Output, example

Check = Literal["ok", "down", "not at the newest migration", "not set"]


class HealthOut(Output):
    """The process answers."""

    model_config = example({"status": "ok"})

    status: Literal["ok"]


class ReadyOut(Output):
    """Whether requests can be served, and what was looked at."""

    model_config = example({"ready": True, "database": "ok", "broker": "ok"})

    ready: bool
    database: Check
    broker: Check
