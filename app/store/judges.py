"""Judges of a project: how they are called, the encrypted key of their endpoint, and whether they may be used."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncConnection

from app.domain.judge import Judge, JudgeStatus
from app.store.documents import document_of, judge_of


@dataclass(frozen=True, slots=True)
class StoredJudge:
    """A judge with what the service knows about it. `id` is internal; `secret` is encrypted."""

    id: int
    judge: Judge
    secret: bytes | None
    status: JudgeStatus
    status_reason: str | None
    capability: Mapping[str, Any] | None
    created_at: datetime


_SELECT = "SELECT id, spec, secret, status, status_reason, capability, created_at FROM judges"


async def add_judge(tx: AsyncConnection, project: int, judge: Judge, secret: bytes | None) -> bool:
    """Store a judge; False when the project has one of that name already."""
    made = await tx.execute(
        text(
            """
            INSERT INTO judges (project_id, name, spec, secret) VALUES (:project, :name, CAST(:spec AS jsonb), :secret)
            ON CONFLICT (project_id, name) DO NOTHING
            """
        ),
        {
            "project": project,
            "name": judge.name,
            "spec": orjson.dumps(document_of(judge)).decode(),
            "secret": secret,
        },
    )
    return bool(made.rowcount)


async def judge_named(tx: AsyncConnection, project: int, name: str) -> StoredJudge | None:
    found = await tx.execute(
        text(f"{_SELECT} WHERE project_id = :project AND name = :name"), {"project": project, "name": name}
    )
    row = found.one_or_none()
    return None if row is None else _stored(row)


async def judges_of(tx: AsyncConnection, project: int) -> list[StoredJudge]:
    """All judges of a project by name."""
    found = await tx.execute(text(f"{_SELECT} WHERE project_id = :project ORDER BY name"), {"project": project})
    return [_stored(row) for row in found]


async def reopen(tx: AsyncConnection, project: int, name: str) -> bool:
    """Forget why a judge was paused or waiting: its next canary decides anew. False when there is no such judge."""
    done = await tx.execute(
        text(
            """
            UPDATE judges SET status = 'unverified', status_reason = NULL, canary_at = NULL
            WHERE project_id = :project AND name = :name
            """
        ),
        {"project": project, "name": name},
    )
    return bool(done.rowcount)


async def reopen_paused_of(tx: AsyncConnection, job: int) -> None:
    """The same for the paused judges of one job."""
    await tx.execute(
        text(
            """
            UPDATE judges g SET status = 'unverified', status_reason = NULL, canary_at = NULL
            FROM job_judges jj WHERE jj.job_id = :job AND jj.judge_id = g.id AND g.status = 'paused'
            """
        ),
        {"job": job},
    )


async def keep_capability(tx: AsyncConnection, judge: int, capability: Mapping[str, Any]) -> None:
    """Remember what a probe found out about a judge's endpoint."""
    await tx.execute(
        text("UPDATE judges SET capability = CAST(:capability AS jsonb) WHERE id = :judge"),
        {"judge": judge, "capability": orjson.dumps(capability).decode()},
    )


def _stored(row: Row[Any]) -> StoredJudge:
    status = JudgeStatus(row.status)
    return StoredJudge(
        row.id, judge_of(row.spec), row.secret, status, row.status_reason, row.capability, row.created_at
    )
