"""Looking at jobs, their pairs and their judgments, a page at a time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from app.domain.job import Job
from app.domain.judgment import Outcome, Pick, unswap
from app.domain.order import Order
from app.domain.plan import plan_of
from app.domain.verdict import Settled, Stance, Verdict
from app.services.filters import Filters, read_filters
from app.services.paging import Page, check_limit, cursor, place_of
from app.services.settling import settle_pairs
from app.store import pages, progress
from app.store.database import Database, Transaction
from app.store.jobs import OpenJob, open_job
from app.store.pages import JudgmentRow, PairRow, UnitRow

# Filters on what is derived read pairs in steps; a page ends early rather than read a whole job.
STEP = 500
STEPS = 20
PAIR_FILTERS = frozenset({"axis", "verdict", "stance", "tag", "judge", "reason"})
JUDGMENT_FILTERS = frozenset({"axis", "tag", "judge", "reason"})
JUDGMENT_START = (-1,) * 5


async def get_job(database: Database, project: int, job_id: str) -> Job:
    """A job and how far it is; NotFound for another project's."""
    async with database.transaction() as tx:
        return await progress.read_job(tx, project, job_id)


async def list_jobs(database: Database, project: int, *, after: str | None = None, limit: int = 100) -> Page:
    """A project's jobs, newest first."""
    check_limit(limit)
    before = place_of(after, 1)[0] if after else None
    async with database.transaction() as tx:
        found = await progress.read_jobs(tx, project, before=before, limit=limit + 1)
    more = len(found) > limit
    return Page([job for _, job in found[:limit]], cursor((found[limit - 1][0],)) if more else None)


# Pairs ----------------------------------------------------------------------------------------------------------


async def list_pairs(
    database: Database,
    project: int,
    job_id: str,
    *,
    after: str | None = None,
    limit: int = 100,
    filters: Mapping[str, str] | None = None,
) -> Page:
    """Pairs with their verdicts and stances, in target order. A page may be short and still have a `next`."""
    check_limit(limit)
    place = place_of(after, 1)[0] if after else -1
    items: list[dict[str, Any]] = []
    async with database.transaction() as tx:
        job = await open_job(tx, project, job_id)
        wanted = read_filters(job, filters or {}, PAIR_FILTERS)
        step = STEP if wanted.on_what_is_derived else limit + 1
        for _ in range(STEPS):
            rows = await pages.pair_rows(tx, job.id, numbered=job.started, after=place, tags=wanted.tags, limit=step)
            for row, shown in zip(rows, await _shown_pairs(tx, job, rows, wanted), strict=True):
                if len(items) == limit:
                    return Page(items, cursor((place,)))
                place = row.place
                if shown is not None:
                    items.append(shown)
            if len(rows) < step:
                return Page(items, None)
    return Page(items, cursor((place,)))


async def _shown_pairs(
    tx: Transaction, job: OpenJob, rows: Sequence[PairRow], wanted: Filters
) -> list[dict[str, Any] | None]:
    """Each pair as users see it, or None where a filter leaves it out."""
    if not job.started:
        return [None if wanted.on_what_is_derived else {**_pair(row), "axes": {}} for row in rows]
    seqs = [row.place for row in rows]
    units = await pages.units_of(tx, job.id, range(len(job.judges)), seqs)
    settled = settle_pairs(job, seqs, units, has_images=await pages.has_images(tx, job.id))
    with_outcome = {
        unit.seq for unit in units
        if unit.outcome == wanted.outcome and wanted.judge in (None, unit.judge_no)
    }  # fmt: skip
    return [
        {**_pair(row), "axes": _axes(job, settled, number, wanted)}
        if _is_wanted(job, settled, number, wanted) and (wanted.outcome is None or row.seq in with_outcome)
        else None
        for number, row in enumerate(rows)
    ]


def _is_wanted(job: OpenJob, settled: Mapping[str, Settled], number: int, wanted: Filters) -> bool:
    """Whether the verdict and stances of a pair pass, on the axis named or else the primary one."""
    found = settled[wanted.axis or job.spec.primary_axis]
    if wanted.verdict is not None and found.verdict[number] != wanted.verdict:
        return False
    if wanted.stances is None:
        return True
    stances = found.stances[number] if wanted.judge is None else found.stances[number, [wanted.judge]]
    return any(stance in wanted.stances for stance in stances.tolist())


def _pair(row: PairRow) -> dict[str, Any]:
    return {
        "seq": row.seq, "item": row.item, "cluster": row.cluster, "tags": dict(row.tags),
        "a": asdict(row.a), "b": asdict(row.b),
    }  # fmt: skip


def _axes(job: OpenJob, settled: Mapping[str, Settled], number: int, wanted: Filters) -> dict[str, Any]:
    """Per axis the verdict, and the stance of each judge."""
    return {
        axis: {
            "verdict": Verdict(int(found.verdict[number])).name,
            "stances": {
                judge.name: Stance(int(found.stances[number, judge_no])).name
                for judge_no, judge in enumerate(job.judges)
                if wanted.judge in (None, judge_no)
            },
        }
        for axis, found in settled.items()
        if wanted.axis in (None, axis)
    }


# Judgments ------------------------------------------------------------------------------------------------------


async def list_judgments(
    database: Database,
    project: int,
    job_id: str,
    *,
    after: str | None = None,
    limit: int = 100,
    filters: Mapping[str, str] | None = None,
) -> Page:
    """Judgments with their replies, judge by judge in target order."""
    check_limit(limit)
    place = place_of(after, len(JUDGMENT_START)) if after else JUDGMENT_START
    async with database.transaction() as tx:
        job = await open_job(tx, project, job_id)
        wanted = read_filters(job, filters or {}, JUDGMENT_FILTERS)
        groups = {
            (judge_no, group): axes
            for judge_no, judge in enumerate(job.judges)
            for group, axes in enumerate(plan_of(job.spec, judge).groups)
            if wanted.judge in (None, judge_no) and (wanted.axis is None or wanted.axis in axes)
        }
        rows = await pages.judgment_rows(
            tx, job.id, after=place, groups=list(groups), outcome=wanted.outcome, tags=wanted.tags, limit=limit + 1
        )
    items = [_judgment(job, row, groups[row.unit.judge_no, row.unit.group]) for row in rows[:limit]]
    return Page(items, cursor(rows[limit - 1].place) if len(rows) > limit else None)


def _judgment(job: OpenJob, row: JudgmentRow, axes: Sequence[str]) -> dict[str, Any]:
    unit = row.unit
    return {
        "seq": unit.seq,
        "item": row.item,
        "judge": job.judges[unit.judge_no].name,
        "order": Order(unit.presented).name,
        "repeat": unit.repeat,
        "outcome": Outcome(unit.outcome).label,
        "picks": _picks(unit, row.reasons, axes),
        "detail": row.detail,
        "raw": row.raw.decode(errors="replace"),
        "prompt_hash": row.prompt_hash.hex(),
        "served_model": row.served_model,
        "logprob_kind": row.logprob_kind,
        "censored": row.censored,
        "images_sent": row.images_sent,
        "calls": row.calls,
        "usage": {
            "prompt_tokens": row.prompt_tokens,
            "completion_tokens": row.completion_tokens,
            "cached_tokens": row.cached_tokens,
        },
        "latency_ms": row.latency_ms,
        "created_at": row.created_at.isoformat(),
    }


def _picks(unit: UnitRow, reasons: Mapping[str, str], axes: Sequence[str]) -> dict[str, Any]:
    """Per axis what the reply says about positions, and what that means for the sides."""
    return {
        axis: {
            "pick": Pick(pick).name,
            "side": unswap(Pick(pick), Order(unit.presented)).name,
            "log_odds": unit.log_odds[place] if unit.log_odds else None,
            "reason": reasons.get(axis, ""),
        }
        for place, (axis, pick) in enumerate(zip(axes, unit.picks, strict=False))
        if pick
    }
