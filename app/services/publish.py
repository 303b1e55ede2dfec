"""From stored judgments to a Report: read the facts, lay them out, let `reports.build` compute."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Sequence
from datetime import UTC, datetime

import numpy as np

from app.domain.errors import NotFound
from app.domain.job import JobStatus
from app.domain.judgment import Outcome
from app.domain.plan import plan_of
from app.reports.build import build
from app.reports.report import Report
from app.reports.sheet import NOT_PLANNED, PENDING, Array, AxisPicks, JudgeFacts, Parameters, Sheet
from app.services.imported_sheet import sheet_of
from app.services.labels import arrays_of
from app.store import imports
from app.store import sheet as stored
from app.store.database import Database
from app.store.imported_rows import verdicts_of
from app.store.labels import labels_of
from app.store.targets import Frozen
from app.store.workers import software_version

SNAPSHOTS = 64
Key = tuple[str, Parameters, tuple[int, ...], str]


class Publisher:
    """Reports of this process, kept until a counter of their job moves; each is computed once at a time."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._kept: OrderedDict[Key, Report] = OrderedDict()
        self._turn = asyncio.Lock()

    async def report(self, project: int, job_id: str, parameters: Parameters) -> Report:
        """The report of a job or an import. NotFound for another project's; Invalid where a parameter does not fit
        it.
        """
        async with self._database.transaction() as tx:
            facts = await stored.job_facts(tx, project, job_id)
            imported = await imports.import_facts(tx, project, job_id) if facts is None else None
        if facts is not None:
            key: Key = (facts.public_id, parameters, facts.counters, facts.status)
        elif imported is not None:
            key = (imported.public_id, parameters, (imported.rows,), "imported")
        else:
            raise NotFound("there is no such job")
        async with self._turn:
            if key not in self._kept:
                sheet = await self._sheet(facts, imported)
                self._kept[key] = await asyncio.to_thread(build, sheet, parameters)
                if len(self._kept) > SNAPSHOTS:
                    self._kept.popitem(last=False)
        return self._kept[key]

    async def _sheet(self, facts: stored.JobFacts | None, imported: imports.ImportFacts | None) -> Sheet:
        if facts is not None:
            return await read_sheet(self._database, facts)
        assert imported is not None  # noqa: S101 - one of the two is there
        async with self._database.transaction() as tx:
            verdicts = await verdicts_of(tx, imported.id)
        return await asyncio.to_thread(sheet_of, imported, verdicts)


async def read_sheet(database: Database, facts: stored.JobFacts) -> Sheet:
    """Everything a report is computed from."""
    spec = facts.spec
    plans = [plan_of(spec, frozen.judge) for frozen in facts.judges]
    async with database.transaction() as tx:
        columns = await stored.pair_columns(tx, facts.id)
        arrays = [await stored.judge_arrays(tx, facts, number, plan) for number, plan in enumerate(plans)]
        replies = [await stored.reply_facts(tx, facts.id, number) for number in range(len(plans))]
        prompts = await stored.prompt_digest(tx, facts.id)
        labels, labellers = arrays_of(await labels_of(tx, facts.id), spec.axes)
    models = tuple(dict.fromkeys(name for both in zip(columns.model_a, columns.model_b, strict=True) for name in both))
    number_of = {name: number for number, name in enumerate(models)}
    rubric = facts.judges[0].rubric
    return Sheet(
        models=models,
        model_a=np.array([number_of[name] for name in columns.model_a], np.int64),
        model_b=np.array([number_of[name] for name in columns.model_b], np.int64),
        cluster=_numbered(columns.cluster),
        right_a=columns.right_a,
        right_b=columns.right_b,
        tags=_tags(columns),
        length_a=columns.length_a,
        length_b=columns.length_b,
        has_images=columns.has_images,
        leaks=columns.leaks,
        judges=tuple(_judge_facts(frozen, told) for frozen, told in zip(facts.judges, replies, strict=True)),
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
        prompt_hash=prompts,
        envelope={
            "job": {"id": facts.public_id, "name": facts.name, "status": facts.status},
            "as_of": datetime.now(UTC).isoformat(timespec="seconds"),
            "software": {"name": "tracejudge", "version": software_version()},
            "times": dict(facts.times),
            "usage": dict(facts.usage),
        },
        labels=labels,
        labellers=labellers,
    )


def _numbered(names: Sequence[str]) -> Array:
    """Each distinct name by a number, in order of first appearance: equal names, equal numbers."""
    seen: dict[str, int] = {}
    return np.array([seen.setdefault(name, len(seen)) for name in names], np.int64)


def _tags(columns: stored.PairColumns) -> dict[str, Array]:
    names = sorted({name for tags in columns.tags for name in tags})
    return {name: np.array([tags.get(name) for tags in columns.tags], object) for name in names}


def _judge_facts(frozen: Frozen, told: stored.ReplyFacts) -> JudgeFacts:
    judge = frozen.judge
    return JudgeFacts(
        name=judge.name,
        served_model=judge.served_model,
        method=judge.method.value,
        sees_images=judge.sees_images,
        sampling=judge.sampling,
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
