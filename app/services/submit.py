"""Submitting a job: make a draft, upload pairs into it all or nothing, start it."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from app.domain.errors import Forbidden, Invalid, NotFound, Problem, Unavailable
from app.domain.job import Job, JobStatus, NewJob, require
from app.domain.judge import Judge, Method
from app.domain.plan import Spec, plan_of
from app.domain.rubric import Rubric
from app.services.judges import require_hosts, use_inline
from app.services.rubrics import get_rubric
from app.services.vault import Vault
from app.store import audit, jobs, judges, numbering, progress, promotion, uploads
from app.store.database import Database, Transaction
from app.store.uploads import StagedPair

__all__ = ["Accepted", "StagedPair", "Upload", "begin_upload", "create_draft", "start"]

SHARD_UNITS = 256
FENCE_SECRET_BYTES = 32
MOST_PROBLEMS = 100


# Draft ----------------------------------------------------------------------------------------------------------


async def create_draft(
    database: Database,
    vault: Vault,
    project: int,
    new: NewJob,
    *,
    hosts: str,
    may_write_judges: bool,
    actor: str = audit.SYSTEM,
) -> Job:
    """A job that pairs can be uploaded into. Its rubric and judges are frozen as they are now.

    Invalid when the choices do not fit each other; Forbidden for inline judges without the scope for them;
    Conflict when an inline judge has the name of a different one.
    """
    try:
        rubric = await get_rubric(database, project, new.rubric)
    except NotFound as unknown:
        raise _unfit("rubric", unknown.detail) from unknown
    spec = _spec(new, rubric)

    async def work(tx: Transaction) -> Job:
        panel = [
            await _judge(tx, vault, project, choice, hosts=hosts, may_write=may_write_judges, actor=actor)
            for choice in new.judges
        ]
        _check_panel([judge for _, judge in panel], spec)
        number, public_id = await jobs.add_job(
            tx,
            project,
            name=new.name,
            rubric=rubric,
            spec=spec,
            seed=new.seed,
            fence_secret=secrets.token_bytes(FENCE_SECRET_BYTES),
        )
        await jobs.add_job_judges(tx, number, panel)
        await audit.record(tx, project, actor, "create", f"job {public_id}")
        return await progress.read_job(tx, project, public_id)

    return await database.run(work)


def _spec(new: NewJob, rubric: Rubric) -> Spec:
    """The job's choices, checked against the rubric."""
    wanted = rubric.axis_names if new.axes is None else new.axes
    unknown = [axis for axis in (*wanted, new.primary_axis) if axis not in rubric.axis_names]
    if unknown:
        raise _unfit("axes", f"the axes of this rubric are {', '.join(rubric.axis_names)}")
    if new.primary_axis not in wanted:
        raise _unfit("primary_axis", "it must be one of the axes that are judged")
    if new.repeats < 1 or not new.orders or len(set(new.orders)) < len(new.orders):
        raise _unfit("orders", "one or both orders, each once, and at least one repeat")
    return Spec(
        primary_axis=new.primary_axis,
        axes=tuple(axis for axis in rubric.axis_names if axis in wanted),
        policy=new.policy,
        orders=tuple(sorted(new.orders)),
        repeats=new.repeats,
        budget=dict(new.budget),
        metadata=dict(new.metadata),
        webhook_url=new.webhook_url,
    )


async def _judge(
    tx: Transaction,
    vault: Vault,
    project: int,
    choice: str | tuple[Judge, str | None],
    *,
    hosts: str,
    may_write: bool,
    actor: str,
) -> tuple[int, Judge]:
    """The stored judge a job names, or the one it brings."""
    if isinstance(choice, str):
        found = await judges.judge_named(tx, project, choice)
        if found is None:
            raise _unfit("judges", "there is no judge of that name in this project")
        return found.id, found.judge
    judge, api_key = choice
    if not may_write:
        raise Forbidden("an inline judge needs the scope judges:write; name a stored judge instead")
    require_hosts(judge, hosts)
    found = await use_inline(tx, vault, project, judge, api_key, actor=actor)
    return found.id, judge


def _check_panel(panel: Sequence[Judge], spec: Spec) -> None:
    """Raise Invalid when the judges do not fit each other or the policy."""
    names = [judge.name for judge in panel]
    if not names or len(set(names)) < len(names):
        raise _unfit("judges", "at least one judge, each once")
    if not 1 <= spec.policy.quorum <= len(names):
        raise _unfit("policy.quorum", "it must be between 1 and the number of judges")
    if spec.policy.name.needs_log_odds:
        if all(judge.method is not Method.LOGPROBS for judge in panel):
            raise _unfit("policy", f"{spec.policy.name} needs a judge that gives log-probabilities (method logprobs)")
        if len(spec.orders) < 2:  # noqa: PLR2004 - a pull to one position cancels only between two orders
            raise _unfit("policy", f"{spec.policy.name} needs both orders")


def _unfit(field: str, reason: str) -> Invalid:
    return Invalid("the job's choices do not fit", (Problem(reason, field=field),))


# Upload ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Accepted:
    """What an upload added to its job. `identical_traces`: pairs whose two traces hold the same text."""

    pairs: int
    items: int
    traces: int
    identical_traces: int


async def begin_upload(database: Database, project: int, job_id: str) -> Upload:
    """An upload into a draft, to be used as `async with upload:`; leaving it without promotion abandons it."""
    async with database.transaction() as tx:
        job = await jobs.hold_job(tx, project, job_id)
        require("upload", job.status)
        return Upload(database, project, job_id, await uploads.open_upload(tx, job.id))


class Upload:
    """Pairs on their way into a draft: staged in chunks, then promoted together or not at all."""

    def __init__(self, database: Database, project: int, job_id: str, number: int) -> None:
        self._database, self._project, self._job_id, self._number = database, project, job_id, number
        self._staged = self._last_line = self._identical = 0
        self._has_images = False
        self._done = False

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if not self._done:
            await self.abandon()

    async def stage(self, pairs: Sequence[StagedPair]) -> None:
        """Put pairs aside, in a short transaction of their own. Lines count from 1 and come once."""
        _check_sides(pairs)
        async with self._database.transaction() as tx:
            await uploads.stage(tx, self._number, pairs)
        self._staged += len(pairs)
        self._last_line = max((self._last_line, *(staged.line for staged in pairs)))
        self._identical += sum(staged.pair.a.text == staged.pair.b.text for staged in pairs)
        self._has_images = self._has_images or any(staged.pair.item.images for staged in pairs)

    async def promote(self) -> Accepted:
        """Move everything staged into the job; Invalid with line numbers, and nothing moved, on any conflict."""
        moved = await self._database.run(self._move)
        self._done = True
        return Accepted(moved.pairs, moved.items, moved.traces, self._identical)

    async def abandon(self) -> None:
        """Forget what was staged. An upload that cannot be forgotten now is swept later."""
        self._done = True
        try:
            async with self._database.transaction() as tx:
                await uploads.drop_upload(tx, self._number)
        except Unavailable:
            return

    async def _move(self, tx: Transaction) -> promotion.Moved:
        job = await jobs.hold_job(tx, self._project, self._job_id)
        require("upload", job.status)
        if self._has_images:
            _refuse(await promotion.lock_images(tx, self._project, self._number))
        moved = await promotion.move(tx, job.id, self._number, self._last_line)
        if moved.pairs < self._staged:
            _refuse(await promotion.conflicts(tx, job.id, self._number))
            raise Unavailable("the upload was lost (it took too long, or the database restarted); send it again")
        await promotion.add_counts(tx, job.id, moved, identical=self._identical)
        await uploads.drop_upload(tx, self._number)
        return moved


def _check_sides(pairs: Sequence[StagedPair]) -> None:
    reason = "both sides are the same trace (same model and sample)"
    _refuse([
        Problem(reason, line=staged.line) for staged in pairs
        if (staged.pair.a.model, staged.pair.a.sample) == (staged.pair.b.model, staged.pair.b.sample)
    ])  # fmt: skip


def _refuse(problems: Sequence[Problem]) -> None:
    if problems:
        raise Invalid("nothing of the upload was stored", tuple(problems[:MOST_PROBLEMS]), len(problems))


# Start ----------------------------------------------------------------------------------------------------------


async def start(
    database: Database, project: int, job_id: str, *, shard_units: int = SHARD_UNITS, actor: str = audit.SYSTEM
) -> Job:
    """Number the targets, cut the shards, and let the job go. Judging begins when a worker finds it.

    Invalid for a job without pairs; Conflict when it is not a draft.
    """

    async def work(tx: Transaction) -> Job:
        job = await jobs.hold_job(tx, project, job_id)
        require("start", job.status)
        if job.pairs == 0:
            raise Invalid("the job has no pairs yet", (Problem("upload pairs first", field="pairs"),))
        targets = await numbering.number_targets(tx, job.id, job.seed)
        units = 0
        for judge_no, judge in enumerate(await jobs.judges_of_job(tx, job.id)):
            units_each = plan_of(job.spec, judge).size
            units += await numbering.cut_shards(
                tx, job.id, judge_no, targets=targets, units_each=units_each, shard_units=shard_units
            )
        waits = await numbering.has_pending_images(tx, job.id)
        await numbering.begin(tx, job.id, status=JobStatus.PREPARING if waits else JobStatus.RUNNING, units=units)
        await audit.record(tx, project, actor, "start", f"job {job.public_id}")
        return await progress.read_job(tx, project, job_id)

    return await database.run(work)
