"""Which worker processes are alive."""

from __future__ import annotations

import os
import socket
from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import PackageNotFoundError, version

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection


@dataclass(frozen=True, slots=True)
class WorkerInfo:
    """A worker as it last said it was."""

    owner: str
    host: str
    pid: int
    version: str
    seen_at: datetime
    slices: int


def software_version() -> str:
    """The version of this software, also when it runs from a checkout."""
    try:
        return version("tracejudge")
    except PackageNotFoundError:
        return "0.1.0"


async def seen(tx: AsyncConnection, owner: str, *, slices: int) -> None:
    """Say that this worker lives and how many slices it works on."""
    await tx.execute(
        text(
            """
            INSERT INTO workers (owner, host, pid, version, slices) VALUES (:owner, :host, :pid, :version, :slices)
            ON CONFLICT (owner) DO UPDATE SET seen_at = clock_timestamp(), slices = excluded.slices
            """
        ),
        {
            "owner": owner,
            "host": socket.gethostname(),
            "pid": os.getpid(),
            "version": software_version(),
            "slices": slices,
        },
    )


async def alive(tx: AsyncConnection, *, within: float) -> list[WorkerInfo]:
    """Workers seen in the last `within` seconds."""
    found = await tx.execute(
        text(
            """
            SELECT owner, host, pid, version, seen_at, slices FROM workers
            WHERE seen_at > clock_timestamp() - make_interval(secs => :within) ORDER BY owner
            """
        ),
        {"within": within},
    )
    return [WorkerInfo(*row) for row in found]


async def forget_dead(tx: AsyncConnection, *, after: float) -> None:
    """Remove workers not seen for `after` seconds; their leases run out by themselves."""
    await tx.execute(
        text("DELETE FROM workers WHERE seen_at < clock_timestamp() - make_interval(secs => :after)"), {"after": after}
    )
