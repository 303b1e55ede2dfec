"""A judged job as statistics take it: its pairs, judgments and labels, read side by side into one sheet."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Sequence
from datetime import UTC, datetime

import numpy as np

from app.domain.job import JobStatus
from app.domain.judgment import Outcome
from app.domain.plan import plan_of
from app.reports.sheet import NOT_PLANNED, PENDING, Array, AxisPicks, JudgeFacts, Sheet, Tag
from app.services.people import People, people_of
from app.store import sheet as stored
from app.store.asked import Asked, ReplyFacts, asked
from app.store.beside import beside
from app.store.database import Database
from app.store.pairs import PairColumns, pair_columns
from app.store.targets import Frozen
from app.store.workers import software_version


async def read_sheet(
    database: Database, facts: stored.JobFacts, pairs: Awaitable[PairColumns] | None = None, *, tags: Sequence[str] = ()
) -> Sheet:
    """Everything a report is computed from, read side by side. `pairs`: where they come from, else the database, with
    `tags`.
    """
    columns, arrays, (told, people) = await asyncio.gather(  # pairs no longer change once they are judged
        pairs or pair_columns(database, facts.id, tags), _judgments(database, facts), _beside(database, facts)
    )
    return await beside(_sheet, facts, columns, arrays, told, people)


def _sheet(
    facts: stored.JobFacts, columns: PairColumns, arrays: Sequence[stored.JudgeArrays], told: Asked, people: People
) -> Sheet:
    spec, rubric = facts.spec, facts.judges[0].rubric
    return Sheet(
        models=columns.models,
        model_a=columns.model_a,
        model_b=columns.model_b,
        cluster=columns.cluster,
        right_a=columns.right_a,
        right_b=columns.right_b,
        tags={name: Tag(tag.values, tag.code) for name, tag in columns.tags.items()},
        length_a=columns.length_a,
        length_b=columns.length_b,
        has_images=columns.has_images,
        leaks=columns.leaks,
        judges=tuple(_judge_facts(*one) for one in zip(facts.judges, told.judges, strict=True)),
        orders=spec.orders,
        repeats=spec.repeats,
        axes=spec.axes,
        axis_titles={axis.name: axis.title for axis in rubric.axes},
        image_axes=frozenset(axis.name for axis in rubric.axes if axis.needs_image),
        picks={axis: _axis_picks(axis, arrays) for axis in spec.axes},
        outcomes=_outcomes(arrays, cancelled=facts.status == JobStatus.CANCELLED),
        primary_axis=spec.primary_axis,
        policy={"name": spec.policy.name.value, "epsilon": spec.policy.epsilon, "quorum": spec.policy.quorum},
        rubric={"name": rubric.name, "version": rubric.version, "hash": rubric.hash()},
        seed=facts.seed,
        metadata=spec.metadata,
        judges_saw_answers=columns.has_answer,
        judges_saw_reference=columns.has_reference,
        prompt_hash=told.prompts,
        envelope={
            "job": {"id": facts.public_id, "name": facts.name, "status": facts.status},
            "as_of": datetime.now(UTC).isoformat(timespec="seconds"),
            "software": {"name": "tracejudge", "version": software_version()},
            "times": dict(facts.times),
            "usage": {**facts.usage, "call_seconds": _call_seconds(told)},
        },
        labels=people.labels,
        labellers=people.labellers,
        reviews=people.reviews,
    )


async def _judgments(database: Database, facts: stored.JobFacts) -> list[stored.JudgeArrays]:
    plans = [plan_of(facts.spec, frozen.judge) for frozen in facts.judges]
    async with database.transaction() as tx:
        return [await stored.judge_arrays(tx, facts, number, plan) for number, plan in enumerate(plans)]


async def _beside(database: Database, facts: stored.JobFacts) -> tuple[Asked, People]:
    """How the judges were asked, and what people said."""
    async with database.transaction() as tx:
        told = await asked(tx, facts.id, len(facts.judges), facts.status)
        return told, await people_of(tx, facts.id, facts.pairs, facts.spec.axes)


def _call_seconds(told: Asked) -> float | None:
    """How long replies took, added up. Not seconds of a GPU: many calls are under way on it at once."""
    known = [judge.call_seconds for judge in told.judges if judge.call_seconds is not None]
    return sum(known) if len(known) == len(told.judges) else None


def _judge_facts(frozen: Frozen, told: ReplyFacts) -> JudgeFacts:
    judge = frozen.judge
    return JudgeFacts(
        name=judge.name,
        served_model=judge.served_model,
        method=judge.method.value,
        sees_images=judge.sees_images,
        sampling=judge.sampling_asked,
        family=judge.family,
        images_sent=told.images_sent,
        served_as=told.served_as,
        logprob_kind=told.logprob_kind,
        censored=told.censored,
    )


def _axis_picks(axis: str, arrays: Sequence[stored.JudgeArrays]) -> AxisPicks:
    """One axis over all judges; a judge without log-odds fills with NaN beside one that has them."""
    picks = np.stack([one.picks[axis] for one in arrays], axis=1)
    if all(one.log_odds is None for one in arrays):
        return AxisPicks(picks)
    blank = np.full(arrays[0].picks[axis].shape, np.nan, np.float32)
    odds = np.stack([one.log_odds[axis] if one.log_odds else blank for one in arrays], axis=1)
    return AxisPicks(picks, odds)


def _outcomes(arrays: Sequence[stored.JudgeArrays], *, cancelled: bool) -> Array:
    """(pairs, judges, groups, orders, repeats); a judge that needs fewer calls than another has NOT_PLANNED there.

    Units a cancelled job never got to have no rows: what would be pending is cancelled.
    """
    groups = max(one.outcomes.shape[1] for one in arrays)
    pairs, _, *calls = arrays[0].outcomes.shape
    outcomes = np.full((pairs, len(arrays), groups, *calls), NOT_PLANNED, np.int8)
    for number, one in enumerate(arrays):
        outcomes[:, number, : one.outcomes.shape[1]] = one.outcomes
    if cancelled:
        outcomes[outcomes == PENDING] = Outcome.CANCELLED
    return outcomes
