"""Judging by hand: writes judgments through the real flush, without a worker or an endpoint."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import text

from app.domain.judgment import AxisPick, Judgment, Outcome, Pick, Usage
from app.domain.order import Order, Slot
from app.domain.plan import Spec, plan_of
from app.store.database import Database
from app.store.documents import judge_of, spec_of
from app.store.judgments import flush
from app.store.shards import Claim

# What a judge says of a target's unit: a pick (on every axis), an outcome without one, or None to leave it owed.
Say = Callable[[int, int, Slot], Pick | Outcome | None]


def always(pick: Pick | Outcome) -> Say:
    return lambda *_: pick


def prefers_a(judge_no: int, seq: int, slot: Slot) -> Pick:
    return Pick.FIRST if slot.order is Order.AB else Pick.SECOND


async def judge(database: Database, job: str, say: Say = prefers_a) -> int:
    """Judge every unit of a job that is owed and spoken of; how many rows that wrote."""
    written = 0
    for claim in await claim_all(database, job):
        spec, judge = await documents(database, claim)
        plan = plan_of(spec, judge)
        batch = [
            judgment(seq, slot, plan.groups[slot.group], said)
            for seq in range(claim.first_seq, claim.end_seq)
            for slot in plan.slots()
            if (said := say(claim.judge_no, seq, slot)) is not None
        ]
        if batch:
            written += (await flush(database, claim, plan, batch)).inserted
    return written


async def claim_all(database: Database, job: str) -> list[Claim]:
    """Claims on all shards of one job, as a worker would hold them."""
    async with database.transaction() as tx:
        rows = await tx.execute(
            text(
                """
                UPDATE shards s SET fence = fence + 1, owner = 'test',
                  lease_until = clock_timestamp() + interval '1 minute'
                FROM jobs j, job_judges jj
                WHERE j.public_id = CAST(:job AS uuid) AND s.job_id = j.id AND jj.job_id = j.id
                  AND jj.judge_no = s.judge_no
                RETURNING s.id, s.fence, 'test', s.job_id, s.judge_no, jj.judge_id, j.project_id, s.first_seq, s.end_seq
                """
            ),
            {"job": job},
        )
        return sorted((Claim(*row, suspect=False, named=None) for row in rows), key=lambda claim: claim.shard)


async def shards(database: Database, job: str) -> list[dict]:
    """The shard rows of a job."""
    async with database.transaction() as tx:
        rows = await tx.execute(
            text(
                """
                SELECT s.* FROM shards s JOIN jobs j ON j.id = s.job_id WHERE j.public_id = CAST(:job AS uuid)
                ORDER BY judge_no, first_seq
                """
            ),
            {"job": job},
        )
        return [dict(row) for row in rows.mappings()]


async def finish(database: Database, job: str, status: str = "completed") -> None:
    """What the sweeper does when nothing is open."""
    async with database.transaction() as tx:
        await tx.execute(
            text("UPDATE jobs SET status = :status, finished_at = now() WHERE public_id = CAST(:job AS uuid)"),
            {"job": job, "status": status},
        )


async def documents(database: Database, claim: Claim) -> tuple[Spec, object]:
    async with database.transaction() as tx:
        row = (
            await tx.execute(
                text(
                    """
                    SELECT j.spec AS spec, jj.spec AS judge FROM jobs j JOIN job_judges jj ON jj.job_id = j.id
                    WHERE j.id = :job AND jj.judge_no = :judge
                    """
                ),
                {"job": claim.job, "judge": claim.judge_no},
            )
        ).one()
    return spec_of(row.spec), judge_of(row.judge)


def judgment(seq: int, slot: Slot, axes: tuple[str, ...], said: Pick | Outcome) -> Judgment:
    if isinstance(said, Outcome):
        return Judgment(seq, slot, said, detail="no verdict", raw=b"{}", prompt_hash=b"h" * 32)
    odds = {Pick.FIRST: 1.5, Pick.SECOND: -1.5, Pick.TIE: 0.0}[said]
    picks = {axis: AxisPick(said, log_odds=odds, reason=f"because of {axis}") for axis in axes}
    return Judgment(
        seq, slot, Outcome.JUDGED, picks, raw=b'{"raw": true}', prompt_hash=b"h" * 32, usage=Usage(100, 20, 60),
        latency_ms=12.5, served_model="stub-1",
    )  # fmt: skip
