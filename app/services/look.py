"""Looking at jobs, their pairs and their judgments, a page at a time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from app.domain.job import Job
from app.domain.judgment import Outcome, Pick, unswap
from app.domain.order import Order
from app.domain.plan import plan_of
from app.domain.verdict import Settled, Stance, Verdict
from app.services.filters import Filters, read_filters
from app.services.paging import Page, check_limit, cursor, place_of
from app.services.pair_search import Found, search
from app.services.settling import most_axes, settle_pairs
from app.store import labels, pages, progress
from app.store.database import Database, Transaction
from app.store.jobs import OpenJob, open_job
from app.store.narrow import units_of
from app.store.pages import JudgmentRow, PairRow, UnitRow

PAIR_FILTERS = frozenset({"axis", "verdict", "stance", "tag", "judge", "reason", "human"})
JUDGMENT_FILTERS = frozenset({"axis", "tag", "judge", "reason"})
JUDGMENT_START = (-1,) * 5


@dataclass(frozen=True, slots=True)
class PairsPage(Page):
    """Some of a job's pairs. `searched`: pairs of the job looked through so far, this page and those before it.
    `total`: how many the whole list has, None where only reading the job would tell.
    """

    searched: int
    pairs: int
    total: int | None


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
) -> PairsPage:
    """Pairs with their verdicts and stances, in target order. A page may be short and still have a `next`."""
    check_limit(limit)
    place = place_of(after, 1)[0] if after else -1
    async with database.transaction() as tx:
        job = await open_job(tx, project, job_id)
        wanted = read_filters(job, filters or {}, PAIR_FILTERS)
        if not job.started:
            return await _of_draft(tx, job, wanted, place, limit)
        found = await _found(tx, job, wanted, place, limit)
        items = await shown_pairs(tx, job, found.seqs, wanted)
    whole = after is None and found.ended
    total = len(items) if wanted.narrow and whole else None if wanted.narrow else job.pairs
    following = None if found.ended else cursor((found.place,))
    return PairsPage(items, following, searched=found.place + 1, pairs=job.pairs, total=total)


async def _of_draft(tx: Transaction, job: OpenJob, wanted: Filters, place: int, limit: int) -> PairsPage:
    """Pairs without numbers and verdicts, as they came in."""
    if wanted.needs_units or wanted.human is not None:
        return PairsPage([], None, searched=0, pairs=job.pairs, total=0)
    rows = await pages.draft_rows(tx, job.id, after=place, tags=wanted.tags, limit=limit + 1)
    following = cursor((rows[limit - 1].place,)) if len(rows) > limit else None
    items = [{**_pair(row), "axes": {}} for row in rows[:limit]]
    return PairsPage(items, following, searched=0, pairs=job.pairs, total=None if wanted.tags else job.pairs)


async def _found(tx: Transaction, job: OpenJob, wanted: Filters, place: int, limit: int) -> Found:
    if wanted.narrow:
        return await search(tx, job, wanted, after=place, limit=limit)
    end = min(place + 1 + limit, job.pairs)
    return Found(list(range(place + 1, end)), max(place, end - 1), ended=end >= job.pairs)


async def shown_pairs(tx: Transaction, job: OpenJob, seqs: Sequence[int], wanted: Filters) -> list[dict[str, Any]]:
    """These pairs as users see them, on the axis and with the judge that are wanted."""
    if not seqs:
        return []
    units = await units_of(tx, job.id, len(job.judges), seqs, most_axes(job))
    settled = settle_pairs(job, seqs, units, has_images=await pages.has_images(tx, job.id))
    counted = await labels.counts(tx, job.id, seqs)
    return [
        {**_pair(row), "axes": _axes(job, settled, number, wanted, counted.get(row.place, {}))}
        for number, row in enumerate(await pages.pair_rows(tx, job.id, seqs))
    ]


def _pair(row: PairRow) -> dict[str, Any]:
    return {
        "seq": row.seq, "item": row.item, "cluster": row.cluster, "tags": dict(row.tags),
        "a": asdict(row.a), "b": asdict(row.b),
    }  # fmt: skip


def _axes(
    job: OpenJob, settled: Mapping[str, Settled], number: int, wanted: Filters, labelled: Mapping[str, Any]
) -> dict[str, Any]:
    """Per axis the verdict, the stance of each judge, and how many people chose which side."""
    return {
        axis: {
            "verdict": Verdict(int(found.verdict[number])).name,
            "stances": {
                judge.name: Stance(int(found.stances[number, judge_no])).name
                for judge_no, judge in enumerate(job.judges)
                if wanted.judge in (None, judge_no)
            },
            "labels": labelled.get(axis, {}),
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
    items = [shown_judgment(job, row, groups[row.unit.judge_no, row.unit.group]) for row in rows[:limit]]
    return Page(items, cursor(rows[limit - 1].place) if len(rows) > limit else None)


def shown_judgment(job: OpenJob, row: JudgmentRow, axes: Sequence[str]) -> dict[str, Any]:
    """A judgment as users see it. `axes`: of its group."""
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
