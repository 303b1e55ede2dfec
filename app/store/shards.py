"""Shards and their leases: who may work on which range of targets, by the database's clock.

The rules, in the order they matter:
- A claim takes a shard whose lease is free or run out, adds one to its fence, and owns it until `lease_until`.
- Nothing is written for a shard except under its present fence (see judgments.flush). A worker that was frozen
  and comes back holds an old fence: refused and counted.
- `claims` counts claims since something was committed or the shard was given back. Two deaths with nothing
  committed make a shard suspect: it is then worked on alone, unit by unit, each named before it is touched.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from app.domain.order import Order, Slot

SUSPECT_AFTER = 2
POISON_AFTER = 3


Key = tuple[int, int]  # shard and fence: a shard that was lost and claimed anew is another claim


@dataclass(frozen=True, slots=True)
class Named:
    """The unit a suspect shard touched last, and how many workers died on it."""

    seq: int
    slot: Slot
    deaths: int


@dataclass(frozen=True, slots=True)
class Claim:
    """A leased shard: targets `first_seq` to `end_seq` (exclusive) of one job for one judge."""

    shard: int
    fence: int
    owner: str
    job: int
    judge_no: int
    judge: int
    project: int
    first_seq: int
    end_seq: int
    suspect: bool
    named: Named | None

    @property
    def key(self) -> Key:
        return self.shard, self.fence


@dataclass(frozen=True, slots=True)
class Held:
    """What a heartbeat learns of a claim that is still ours."""

    key: Key
    job_status: str
    judge_status: str


# One claimable shard of every running job and ready judge is a candidate; the salt shuffles which (job, judge)
# comes first, so that tenants and judges take turns however long the others' queues are.
_CLAIM = text(
    """
    WITH candidate AS (
      SELECT shard.id FROM (
        SELECT jj.job_id, jj.judge_no
        FROM jobs j JOIN job_judges jj ON jj.job_id = j.id JOIN judges g ON g.id = jj.judge_id
        WHERE j.status = 'running' AND g.status = 'ready'
        ORDER BY hashtextextended(jj.job_id || ':' || jj.judge_no, :salt)
      ) turn
      CROSS JOIN LATERAL (
        SELECT s.id FROM shards s
        WHERE s.job_id = turn.job_id AND s.judge_no = turn.judge_no AND s.is_open
          AND (s.lease_until IS NULL OR s.lease_until < clock_timestamp())
          AND (s.not_before IS NULL OR s.not_before <= clock_timestamp())
          AND (s.claims < :suspect_after OR :alone)
        ORDER BY s.id LIMIT 1 FOR UPDATE SKIP LOCKED
      ) shard
      LIMIT 1
    )
    UPDATE shards s
    SET owner = :owner, lease_until = clock_timestamp() + make_interval(secs => :lease),
        fence = s.fence + 1, claims = s.claims + 1, not_before = NULL
    FROM candidate, job_judges jj, jobs j
    WHERE s.id = candidate.id AND jj.job_id = s.job_id AND jj.judge_no = s.judge_no AND j.id = s.job_id
    RETURNING s.id, s.fence, s.job_id, s.judge_no, jj.judge_id, j.project_id, s.first_seq, s.end_seq,
      s.claims > :suspect_after AS suspect, s.named_seq, s.named_slot, s.named_deaths
    """
)


async def claim(tx: AsyncConnection, owner: str, *, lease: float, alone: bool, salt: int) -> Claim | None:
    """Lease one shard for `lease` seconds, or None. `alone`: this worker runs nothing else, so a suspect may do."""
    found = await tx.execute(
        _CLAIM, {"owner": owner, "lease": lease, "alone": alone, "salt": salt, "suspect_after": SUSPECT_AFTER}
    )
    row = found.one_or_none()
    if row is None:
        return None
    named = None
    if row.named_seq is not None:
        named = Named(row.named_seq, slot_of(row.named_slot), row.named_deaths)
    return Claim(
        row.id, row.fence, owner, row.job_id, row.judge_no, row.judge_id, row.project_id, row.first_seq, row.end_seq,
        suspect=row.suspect, named=named,
    )  # fmt: skip


async def heartbeat(tx: AsyncConnection, claims: Sequence[Claim], *, lease: float) -> list[Held]:
    """Prolong the leases that are still ours; a claim that is not in the answer was lost or given back.

    A shard without an owner was given back while this beat was on its way: leasing it again would orphan it.
    """
    found = await tx.execute(
        text(
            """
            UPDATE shards s SET lease_until = clock_timestamp() + make_interval(secs => :lease)
            FROM unnest(CAST(:ids AS bigint[]), CAST(:fences AS int[])) mine (id, fence),
              jobs j, job_judges jj, judges g
            WHERE s.id = mine.id AND s.fence = mine.fence AND s.owner IS NOT NULL AND j.id = s.job_id
              AND jj.job_id = s.job_id AND jj.judge_no = s.judge_no AND g.id = jj.judge_id
            RETURNING s.id, s.fence, j.status, g.status
            """
        ),
        {"lease": lease, "ids": [c.shard for c in claims], "fences": [c.fence for c in claims]},
    )
    return [Held((shard, fence), job, judge) for shard, fence, job, judge in found]


async def release(tx: AsyncConnection, claim: Claim, *, not_before: float | None = None) -> bool:
    """Give a shard back in order, to be claimed again at once or after `not_before` seconds; False if it was lost."""
    done = await tx.execute(
        text(
            """
            UPDATE shards SET owner = NULL, lease_until = NULL, rung_at = NULL, claims = 0,
              not_before = clock_timestamp() + make_interval(secs => CAST(:wait AS float8))
            WHERE id = :id AND fence = :fence
            """
        ),
        {"id": claim.shard, "fence": claim.fence, "wait": not_before},
    )
    return bool(done.rowcount)


async def name_unit(tx: AsyncConnection, claim: Claim, seq: int, slot: Slot) -> bool:
    """Write down which unit a suspect shard touches next, before it is touched; False if the shard was lost."""
    done = await tx.execute(
        text(
            """
            UPDATE shards SET named_seq = :seq, named_slot = CAST(:slot AS smallint[]), named_deaths =
              CASE WHEN named_seq = :seq AND named_slot = CAST(:slot AS smallint[]) THEN named_deaths + 1 ELSE 1 END
            WHERE id = :id AND fence = :fence
            """
        ),
        {"id": claim.shard, "fence": claim.fence, "seq": seq, "slot": slot_key(slot)},
    )
    return bool(done.rowcount)


async def to_ring(tx: AsyncConnection, *, limit: int, again_after: float) -> list[int]:
    """Shards to ring for: claimable, and not rung for `again_after` seconds; at most `limit` bells hang in the air.

    They are marked as rung here; the caller publishes after commit. A bell that is lost is rung again.
    """
    done = await tx.execute(
        text(
            """
            WITH ready AS (
              SELECT s.id FROM shards s JOIN jobs j ON j.id = s.job_id
              JOIN job_judges jj ON jj.job_id = s.job_id AND jj.judge_no = s.judge_no
              JOIN judges g ON g.id = jj.judge_id
              WHERE s.is_open AND j.status = 'running' AND g.status = 'ready'
                AND (s.lease_until IS NULL OR s.lease_until < clock_timestamp())
                AND (s.not_before IS NULL OR s.not_before <= clock_timestamp())
                AND (s.rung_at IS NULL OR s.rung_at < clock_timestamp() - make_interval(secs => :again))
              ORDER BY s.id
              LIMIT greatest(0, :limit - (
                SELECT count(*) FROM shards h WHERE h.is_open AND (h.lease_until IS NULL OR h.lease_until < h.rung_at)
                  AND h.rung_at > clock_timestamp() - make_interval(secs => :again)))
              FOR UPDATE OF s SKIP LOCKED
            )
            UPDATE shards SET rung_at = clock_timestamp() FROM ready WHERE shards.id = ready.id RETURNING shards.id
            """
        ),
        {"limit": limit, "again": again_after},
    )
    return [int(shard) for shard in done.scalars()]


def slot_key(slot: Slot) -> list[int]:
    """A slot as the database keeps it: [repeat, axis_group, presented]."""
    return [slot.repeat, slot.group, int(slot.order)]


def slot_of(key: Sequence[int]) -> Slot:
    """The slot of `slot_key`."""
    repeat, group, presented = key
    return Slot(Order(presented), repeat, group)
