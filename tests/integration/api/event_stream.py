"""Server-Sent Events as a client reads them."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from dataclasses import dataclass

import httpx


@dataclass(frozen=True, slots=True)
class Event:
    """One event as it came over the wire; comments and hints have no name."""

    kind: str
    data: dict
    id: str | None


def read(lines: Iterator[str]) -> Iterator[Event]:
    """The events of a stream, its comments and hints left out."""
    fields: dict[str, str] = {}
    for line in lines:
        name, _, value = line.partition(": ")
        if line:
            fields[name] = value
        elif "event" in fields:
            yield Event(fields["event"], json.loads(fields["data"]), fields.get("id"))
            fields = {}


@contextlib.contextmanager
def stream(url: str, token: str, job: str, **headers: str) -> Iterator[httpx.Response]:
    with httpx.stream(
        "GET", f"{url}/v1/jobs/{job}/events", headers={"Authorization": f"Bearer {token}", **headers}, timeout=10
    ) as answer:
        yield answer
