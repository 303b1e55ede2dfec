"""Writing judgments: insert-once, in batches, and only under the fence of their shard."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from app.domain.judgment import Judgment, Outcome
from app.domain.order import Plan, Slot
from app.store.database import Database
from app.store.shards import Claim, slot_of

# SQLSTATE classes 22 (data) and 54 (limits): the row itself cannot be stored, whoever tries.
UNSTORABLE = ("22", "54")

_LOCK = text("SELECT 1 FROM shards WHERE id = :id AND fence = :fence FOR UPDATE")
_REFUSED = text("UPDATE shards SET fenced_writes = fenced_writes + :rows WHERE id = :id")
_JUDGMENTS = text(
    """
    INSERT INTO judgments (job_id, judge_no, seq, repeat, axis_group, presented, outcome, picks, log_odds)
    SELECT :job, :judge_no, seq, repeat, axis_group, presented, outcome,
      CAST(picks AS smallint[]), CAST(log_odds AS real[])
    FROM unnest(CAST(:seq AS int[]), CAST(:repeat AS smallint[]), CAST(:axis_group AS smallint[]),
      CAST(:presented AS smallint[]), CAST(:outcome AS smallint[]), CAST(:picks AS text[]), CAST(:log_odds AS text[]))
      AS unit (seq, repeat, axis_group, presented, outcome, picks, log_odds)
    ON CONFLICT DO NOTHING RETURNING outcome
    """
)
_REPLIES = text(
    """
    WITH written AS (
      INSERT INTO replies (job_id, judge_no, seq, repeat, axis_group, presented, reasons, detail, raw, prompt_hash,
        served_model, logprob_kind, censored, images_sent, calls, prompt_tokens, completion_tokens, cached_tokens,
        latency_ms)
      SELECT :job, :judge_no, seq, repeat, axis_group, presented, CAST(reasons AS jsonb), detail, raw, prompt_hash,
        served_model, logprob_kind, censored, images_sent, calls, prompt_tokens, completion_tokens, cached_tokens,
        latency_ms
      FROM unnest(CAST(:seq AS int[]), CAST(:repeat AS smallint[]), CAST(:axis_group AS smallint[]),
        CAST(:presented AS smallint[]), CAST(:reasons AS text[]), CAST(:detail AS text[]), CAST(:raw AS bytea[]),
        CAST(:prompt_hash AS bytea[]), CAST(:served_model AS text[]), CAST(:logprob_kind AS text[]),
        CAST(:censored AS bool[]), CAST(:images_sent AS smallint[]), CAST(:calls AS smallint[]),
        CAST(:prompt_tokens AS int[]), CAST(:completion_tokens AS int[]), CAST(:cached_tokens AS int[]),
        CAST(:latency_ms AS real[]))
        AS unit (seq, repeat, axis_group, presented, reasons, detail, raw, prompt_hash, served_model, logprob_kind,
        censored, images_sent, calls, prompt_tokens, completion_tokens, cached_tokens, latency_ms)
      ON CONFLICT DO NOTHING RETURNING calls, prompt_tokens, completion_tokens, cached_tokens
    )
    SELECT coalesce(sum(calls), 0), coalesce(sum(prompt_tokens), 0), coalesce(sum(completion_tokens), 0),
      coalesce(sum(cached_tokens), 0) FROM written
    """
)
_COUNT = text(
    """
    UPDATE shards SET judged = judged + :judged, abstained = abstained + :abstained, failed = failed + :failed,
      calls = calls + :calls, prompt_tokens = prompt_tokens + :prompt_tokens,
      completion_tokens = completion_tokens + :completion_tokens, cached_tokens = cached_tokens + :cached_tokens,
      claims = CASE WHEN :suspect THEN claims ELSE 0 END, named_seq = NULL, named_slot = NULL, named_deaths = 0
    WHERE id = :id
    """
)


@dataclass(frozen=True, slots=True)
class Flushed:
    """What became of a batch: `fenced` = refused whole, because the shard is no longer ours."""

    inserted: int
    fenced: bool


async def done_slots(tx: AsyncConnection, claim: Claim) -> Mapping[int, set[Slot]]:
    """The units of a shard that have a judgment already, by target."""
    found = await tx.execute(
        text(
            """
            SELECT seq, repeat, axis_group, presented FROM judgments
            WHERE job_id = :job AND judge_no = :judge AND seq >= :first AND seq < :end
            """
        ),
        {"job": claim.job, "judge": claim.judge_no, "first": claim.first_seq, "end": claim.end_seq},
    )
    done: dict[int, set[Slot]] = {}
    for seq, *key in found:
        done.setdefault(seq, set()).add(slot_of(key))
    return done


async def flush(database: Database, claim: Claim, plan: Plan, batch: Sequence[Judgment]) -> Flushed:
    """Store a batch in one transaction with the fence check and the counters.

    A row that PostgreSQL itself refuses is found by halving the batch and becomes an abstention (unstorable).
    """
    try:
        return await database.run(lambda tx: _write(tx, claim, plan, batch))
    except DBAPIError as problem:
        hopeless = len(batch) == 1 and batch[0].outcome is Outcome.UNSTORABLE
        if hopeless or not str(getattr(problem.orig, "sqlstate", "")).startswith(UNSTORABLE):
            raise
    if len(batch) == 1:
        return await flush(database, claim, plan, [_unstorable(batch[0])])
    middle = len(batch) // 2
    parts = [await flush(database, claim, plan, part) for part in (batch[:middle], batch[middle:])]
    return Flushed(sum(part.inserted for part in parts), any(part.fenced for part in parts))


async def _write(tx: AsyncConnection, claim: Claim, plan: Plan, batch: Sequence[Judgment]) -> Flushed:
    held = await tx.execute(_LOCK, {"id": claim.shard, "fence": claim.fence})
    if held.first() is None:
        await tx.execute(_REFUSED, {"id": claim.shard, "rows": len(batch)})
        return Flushed(0, fenced=True)
    unit = {"job": claim.job, "judge_no": claim.judge_no, **_unit_columns(batch)}
    inserted = (await tx.execute(_JUDGMENTS, unit | _narrow_columns(batch, plan))).scalars().all()
    spent = (await tx.execute(_REPLIES, unit | _wide_columns(batch))).one()
    counts = Counter(map(_counter, inserted))
    await tx.execute(
        _COUNT,
        {
            "id": claim.shard, "suspect": claim.suspect,
            "judged": counts["judged"], "abstained": counts["abstained"], "failed": counts["failed"],
            "calls": spent[0], "prompt_tokens": spent[1], "completion_tokens": spent[2], "cached_tokens": spent[3],
        },
    )  # fmt: skip
    return Flushed(len(inserted), fenced=False)


def _counter(outcome: int) -> str:
    kind = Outcome(outcome)
    return "failed" if kind.failed else "abstained" if kind.abstained else "judged"


def _unit_columns(batch: Sequence[Judgment]) -> dict[str, list[int]]:
    return {
        "seq": [judgment.target for judgment in batch],
        "repeat": [judgment.slot.repeat for judgment in batch],
        "axis_group": [judgment.slot.group for judgment in batch],
        "presented": [int(judgment.slot.order) for judgment in batch],
    }


def _narrow_columns(batch: Sequence[Judgment], plan: Plan) -> dict[str, list[object]]:
    return {
        "outcome": [int(judgment.outcome) for judgment in batch],
        "picks": [_picks(judgment, plan) for judgment in batch],
        "log_odds": [_log_odds(judgment, plan) for judgment in batch],
    }


def _picks(judgment: Judgment, plan: Plan) -> str:
    axes = plan.groups[judgment.slot.group]
    return "{" + ",".join(str(int(judgment.picks[axis].pick)) if axis in judgment.picks else "0" for axis in axes) + "}"


def _log_odds(judgment: Judgment, plan: Plan) -> str | None:
    odds = [judgment.picks[axis].log_odds if axis in judgment.picks else None
            for axis in plan.groups[judgment.slot.group]]  # fmt: skip
    if all(value is None for value in odds):
        return None
    return "{" + ",".join("NULL" if value is None else repr(float(value)) for value in odds) + "}"


def _wide_columns(batch: Sequence[Judgment]) -> dict[str, list[object]]:
    return {
        "reasons": [_reasons(judgment) for judgment in batch],
        "detail": [_clean(judgment.detail) for judgment in batch],
        "raw": [judgment.raw for judgment in batch],
        "prompt_hash": [judgment.prompt_hash for judgment in batch],
        "served_model": [_clean(judgment.served_model) if judgment.served_model else None for judgment in batch],
        "logprob_kind": [judgment.logprob_kind for judgment in batch],
        "censored": [any(pick.censored for pick in judgment.picks.values()) for judgment in batch],
        "images_sent": [judgment.images_sent for judgment in batch],
        "calls": [judgment.calls for judgment in batch],
        "prompt_tokens": [judgment.usage.prompt_tokens for judgment in batch],
        "completion_tokens": [judgment.usage.completion_tokens for judgment in batch],
        "cached_tokens": [judgment.usage.cached_tokens for judgment in batch],
        "latency_ms": [judgment.latency_ms for judgment in batch],
    }


def _reasons(judgment: Judgment) -> str:
    return json.dumps({axis: _clean(pick.reason) for axis, pick in judgment.picks.items() if pick.reason})


def _clean(told: str) -> str:
    """Text as PostgreSQL can hold it; the raw reply keeps the bytes."""
    return told.replace("\x00", "").encode("utf-8", "replace").decode()


def _unstorable(judgment: Judgment) -> Judgment:
    """The same unit without anything that came from outside."""
    return Judgment(
        judgment.target,
        judgment.slot,
        Outcome.UNSTORABLE,
        detail="the reply cannot be stored",
        prompt_hash=judgment.prompt_hash,
    )
