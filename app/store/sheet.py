"""Reading a whole job for statistics: its frozen side, and the narrow columns of its judgments as arrays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from app.domain.order import Plan
from app.domain.plan import Spec
from app.store.beside import beside
from app.store.documents import judge_of, rubric_of, spec_of
from app.store.packed import Array, columns
from app.store.targets import Frozen

PENDING = -1
# A unit in one number: bit 0 the order, seven bits of outcome, whether there are log-odds, and above these the repeat.
OUTCOME, OUTCOMES, ODDS, REPEAT = 1, 127, 8, 9
PICKS = 15  # two bits each
# What people have moved of a job `j`: any label put in, taken back or changed, and any review begun or closed.
BY_PEOPLE = """
    (SELECT coalesce(sum(hashint8(id * 4 + coalesce(side, 0))), 0) FROM labels WHERE job_id = j.id) AS labels,
    (SELECT count(*) + count(closed_at) FROM reviews WHERE job_id = j.id) AS reviews
"""
_UNIT = f"""
    presented::int | (outcome::int << {OUTCOME}) | ((log_odds IS NOT NULL)::int << {ODDS}) | (repeat::int << {REPEAT})
"""


@dataclass(frozen=True, slots=True)
class JobFacts:
    """What the report needs to know of a job besides its judgments."""

    id: int
    public_id: str
    name: str
    status: str
    seed: int
    pairs: int
    judges: tuple[Frozen, ...]
    times: Mapping[str, str | None]
    counters: tuple[int, ...]  # moves whenever a judgment, a label or a review does; the report's cache key
    usage: Mapping[str, int]
    generation: int

    @property
    def spec(self) -> Spec:
        return self.judges[0].spec


async def job_facts(tx: AsyncConnection, project: int, public_id: str) -> JobFacts | None:
    """The frozen side of a job and its counters; None when the project has no such job."""
    found = await tx.execute(
        text(
            f"""
            SELECT j.id, j.public_id, j.name, j.status, j.seed, j.pairs, j.rubric, j.spec, j.generation,
              j.created_at, j.started_at, j.finished_at, {BY_PEOPLE}
            FROM jobs j WHERE j.project_id = :project AND j.public_id = CAST(:id AS uuid)
            """  # noqa: S608 - only the constant above goes in
        ),
        {"project": project, "id": public_id},
    )
    job = found.one_or_none()
    if job is None:
        return None
    judges = await tx.execute(
        text("SELECT spec FROM job_judges WHERE job_id = :job ORDER BY judge_no"), {"job": job.id}
    )
    rubric, spec = rubric_of(job.rubric), spec_of(job.spec)
    sums = await tx.execute(
        text(
            """
            SELECT coalesce(sum(judged), 0), coalesce(sum(abstained), 0), coalesce(sum(failed), 0),
              coalesce(sum(cancelled), 0), coalesce(sum(calls), 0), coalesce(sum(prompt_tokens), 0),
              coalesce(sum(completion_tokens), 0), coalesce(sum(cached_tokens), 0)
            FROM shards WHERE job_id = :job
            """
        ),
        {"job": job.id},
    )
    counted = [int(value) for value in sums.one()]
    times = {name: value.isoformat() if value else None for name, value in (
        ("created_at", job.created_at), ("started_at", job.started_at), ("finished_at", job.finished_at))}  # fmt: skip
    return JobFacts(
        job.id, str(job.public_id), job.name, job.status, job.seed, job.pairs,
        tuple(Frozen(rubric, spec, judge_of(row.spec), None, b"") for row in judges),
        times, (*counted[:4], int(job.labels), job.reviews),
        dict(zip(("calls", "prompt_tokens", "completion_tokens", "cached_tokens"), counted[4:], strict=True)),
        job.generation,
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class JudgeArrays:
    """One judge's judgments of a job: picks and log-odds per axis, outcomes per group.

    `picks[axis]`: int8 (pairs, orders, repeats). `log_odds[axis]`: float32, same shape, NaN for none, or None.
    `outcomes`: int8 (pairs, groups, orders, repeats), -1 while pending.
    """

    picks: Mapping[str, Array]
    log_odds: Mapping[str, Array] | None
    outcomes: Array


async def judge_arrays(tx: AsyncConnection, facts: JobFacts, judge_no: int, plan: Plan) -> JudgeArrays:
    """Read one judge's narrow rows and lay them out as dense arrays."""
    groups = [
        await _narrow_rows(tx, facts.id, judge_no, number, len(group)) for number, group in enumerate(plan.groups)
    ]
    return await beside(_laid_out, facts.pairs, plan, groups)


def _laid_out(pairs: int, plan: Plan, groups: Sequence[tuple[dict[str, Array], bool]]) -> JudgeArrays:
    place = np.zeros(2, np.intp)
    for number, order in enumerate(plan.orders):
        place[order] = number
    shape = (pairs, len(plan.orders), plan.repeats)
    picks = {axis: np.zeros(shape, np.int8) for group in plan.groups for axis in group}
    outcomes = np.full((pairs, len(plan.groups), *shape[1:]), PENDING, np.int8)
    odds: dict[str, Array] = {}
    for number, (group, (rows, with_odds)) in enumerate(zip(plan.groups, groups, strict=True)):
        shown, repeat = place[rows["unit"] & 1], rows["unit"] >> REPEAT
        outcomes[rows["seq"], number, shown, repeat] = rows["unit"] >> OUTCOME & OUTCOMES
        at = (rows["seq"] * np.intp(shape[1]) + shown) * shape[2] + repeat
        for position, axis in enumerate(group):
            word, shift = divmod(position, PICKS)
            picks[axis].ravel()[at] = rows[f"picks{word}"] >> 2 * shift & 3
            if with_odds:
                odds[axis] = np.full(shape, np.nan, np.float32)
                odds[axis].ravel()[at] = rows[f"odds{position}"]
    blank = np.full(shape if odds else 0, np.nan, np.float32)
    return JudgeArrays(picks, {axis: odds.get(axis, blank) for axis in picks} if odds else None, outcomes)


async def _narrow_rows(
    tx: AsyncConnection, job: int, judge_no: int, group: int, axes: int
) -> tuple[dict[str, Array], bool]:
    """The rows of one axis group as columns, and whether there are log-odds among them. Picks have two bits each,
    PICKS of them in a number.
    """
    words = range(0, axes, PICKS)
    wanted = {
        "seq": ("i4", "seq"),
        "unit": ("i4", _UNIT),
        **{f"picks{word}": ("i4", _packed_picks(start, min(start + PICKS, axes))) for word, start in enumerate(words)},
    }
    source = "FROM judgments WHERE job_id = :job AND judge_no = :judge AND axis_group = :group"
    given = {"job": job, "judge": judge_no, "group": group}
    rows = await columns(tx, wanted, source, given)
    if not (rows["unit"] >> ODDS & 1).any():
        return rows, False
    wanted |= {f"odds{n}": ("f4", f"coalesce(log_odds[{n + 1}], 'NaN'::real)") for n in range(axes)}
    return await columns(tx, wanted, source, given), True


def _packed_picks(start: int, stop: int) -> str:
    return " | ".join(f"(coalesce(picks[{n + 1}], 0) << {2 * (n - start)})" for n in range(start, stop))
