"""How a job's judges were asked and what answered: facts spread over all replies, kept with the job when it ends."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

HASH_BYTES = 32
FINAL = ("completed", "completed_with_failures", "cancelled")


@dataclass(frozen=True, slots=True)
class ReplyFacts:
    """What the replies of one judge say about how it was asked."""

    served_as: tuple[str, ...]
    logprob_kind: str | None
    images_sent: int
    censored: int
    call_seconds: float | None = None  # latencies added up; None where it was kept before this was


@dataclass(frozen=True, slots=True)
class Asked:
    """`prompts`: SHA-256 of the sorted distinct prompt hashes, fence names left out of each; empty without any."""

    prompts: str
    judges: tuple[ReplyFacts, ...]


async def asked(tx: AsyncConnection, job: int, judges: int, status: str) -> Asked:
    """The facts of a job's replies. Of a finished job they are read once and kept."""
    if status in FINAL:
        found = await tx.execute(
            text("SELECT asked FROM jobs WHERE id = :job AND asked->>'generation' = CAST(generation AS text)"),
            {"job": job},
        )
        if (kept := found.scalar_one_or_none()) is not None:
            return _asked_of(kept)
    read = await _read(tx, job, judges)
    if status in FINAL:
        await _keep(tx, job, read)
    return read


async def keep_one(tx: AsyncConnection) -> bool:
    """Keep the facts of one finished job that has none yet; whether there was one."""
    found = await tx.execute(
        text(
            """
            SELECT id, (SELECT count(*) FROM job_judges WHERE job_id = jobs.id) AS judges FROM jobs
            WHERE status = ANY(CAST(:final AS text[])) AND finished_at > clock_timestamp() - interval '1 hour'
              AND asked->>'generation' IS DISTINCT FROM CAST(generation AS text)
            ORDER BY finished_at LIMIT 1
            """
        ),
        {"final": list(FINAL)},
    )
    row = found.one_or_none()
    if row is None:
        return False
    await _keep(tx, row.id, await _read(tx, row.id, row.judges))
    return True


async def _keep(tx: AsyncConnection, job: int, facts: Asked) -> None:
    """Under the retry it belongs to: the next one asks anew."""
    await tx.execute(
        text(
            """
            UPDATE jobs SET asked = CAST(:asked AS jsonb) || jsonb_build_object('generation', generation)
            WHERE id = :job AND status = ANY(CAST(:final AS text[]))
            """
        ),
        {"job": job, "asked": json.dumps(asdict(facts)), "final": list(FINAL)},
    )


def _asked_of(document: Mapping[str, Any]) -> Asked:
    judges = (ReplyFacts(**{**judge, "served_as": tuple(judge["served_as"])}) for judge in document["judges"])
    return Asked(document["prompts"], tuple(judges))


async def _read(tx: AsyncConnection, job: int, judges: int) -> Asked:
    read = [await _of_judge(tx, job, number) for number in range(judges)]
    return Asked(_digest([hashes for _, hashes in read]), tuple(facts for facts, _ in read))


async def _of_judge(tx: AsyncConnection, job: int, judge_no: int) -> tuple[ReplyFacts, bytes]:
    """One walk over a judge's replies: its facts, and its prompt hashes one behind the other."""
    found = await tx.execute(
        text(
            """
            SELECT min(served_model), max(served_model), min(logprob_kind), coalesce(sum(images_sent), 0),
              count(*) FILTER (WHERE censored), sum(latency_ms::float8), string_agg(prompt_hash, ''::bytea)
            FROM replies WHERE job_id = :job AND judge_no = :judge
            """
        ),
        {"job": job, "judge": judge_no},
    )
    least, most, kind, images_sent, censored, milliseconds, hashes = found.one()
    served = (least,) if least == most else await _served(tx, job, judge_no)
    seconds = round((milliseconds or 0) / 1_000, 1)
    told = ReplyFacts(() if least is None else served, kind, int(images_sent), int(censored), seconds)
    return told, hashes or b""


async def _served(tx: AsyncConnection, job: int, judge_no: int) -> tuple[str, ...]:
    found = await tx.execute(
        text(
            """
            SELECT DISTINCT served_model FROM replies
            WHERE job_id = :job AND judge_no = :judge AND served_model IS NOT NULL
            """
        ),
        {"job": job, "judge": judge_no},
    )
    return tuple(sorted(found.scalars()))


def _digest(hashes: Sequence[bytes]) -> str:
    told = np.unique(np.frombuffer(b"".join(hashes), f"S{HASH_BYTES}"))
    return hashlib.sha256(told.tobytes()).hexdigest() if len(told) else ""
