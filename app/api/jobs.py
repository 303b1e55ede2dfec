"""Jobs: making, listing, and the verbs."""

from __future__ import annotations

import hashlib
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query, Request, Response, status

from app.api.auth import JobsReader, JobsWriter, Running
from app.api.bodies import StrictRoute
from app.api.intake import Intake
from app.api.once import Key, Once, again
from app.bootstrap import App
from app.domain.access import JUDGES_WRITE, Principal
from app.domain.errors import Invalid, Problem
from app.domain.job import Job, JobStatus
from app.services import look, submit, verbs
from app.settings import Settings
from app.wire.jobs import JobOut, NewJobIn, RetryIn
from app.wire.pages import PageIn, PageOut
from app.wire.pairs import PairIn

router = APIRouter(prefix="/v1/jobs", tags=["jobs"], route_class=StrictRoute)

JobId = Annotated[UUID, Path(description="the job's id")]


@router.post("", status_code=status.HTTP_202_ACCEPTED, response_model=JobOut)
async def create_job(new: NewJobIn, request: Request, who: JobsWriter, running: Running, key: Key = None) -> Response:
    """Make a job. With `pairs` it is filled and started at once; without, it is a draft to upload pairs into."""
    if new.pairs is not None:
        _check(new.pairs, running.settings)
    once = Once(running.database, who.project, key)
    replay = await once.replay(hashlib.sha256(b"POST /v1/jobs\n" + await request.body()).digest())
    if replay is not None:
        await _finish_start(new, replay.body, who, running)
        return again(replay.status, replay.body)
    async with once:
        job = await submit.create_draft(
            running.database,
            running.vault,
            who.project,
            new.to_domain(),
            hosts=running.settings.judge_hosts,
            may_write_judges=JUDGES_WRITE in who.scopes,
            actor=who.key_name,
        )
        if new.pairs is not None:
            await _fill(job, new.pairs, who, running)
            # Remembered before it starts: were we killed in between, a repeat would start this job, not another.
            await once.keep(status.HTTP_202_ACCEPTED, JobOut.of(job))
            job = await _start(running, who, job.id)
        return await once.answer(status.HTTP_202_ACCEPTED, JobOut.of(job))


@router.get("")
async def list_jobs(page: Annotated[PageIn, Query()], who: JobsReader, running: Running) -> PageOut[JobOut]:
    """The project's jobs, newest first."""
    found = await look.list_jobs(running.database, who.project, after=page.after, limit=page.limit)
    return PageOut(items=[JobOut.of(job) for job in found.items], next=found.next)


@router.get("/{job_id}")
async def get_job(job_id: JobId, who: JobsReader, running: Running) -> JobOut:
    """A job and how far it is."""
    return JobOut.of(await look.get_job(running.database, who.project, str(job_id)))


@router.post("/{job_id}/start", status_code=status.HTTP_202_ACCEPTED)
async def start(job_id: JobId, who: JobsWriter, running: Running) -> JobOut:
    """Number the pairs, plan the units and begin judging. Fits a draft with pairs."""
    return JobOut.of(await _start(running, who, str(job_id)))


@router.post("/{job_id}/pause")
async def pause(job_id: JobId, who: JobsWriter, running: Running) -> JobOut:
    """Stop asking; what is in flight is kept. Fits a running job."""
    return JobOut.of(await verbs.pause(running.database, who.project, str(job_id), actor=who.key_name))


@router.post("/{job_id}/resume")
async def resume(job_id: JobId, who: JobsWriter, running: Running) -> JobOut:
    """Go on with a paused job."""
    return JobOut.of(await verbs.resume(running.database, who.project, str(job_id), actor=who.key_name))


@router.post("/{job_id}/cancel")
async def cancel(job_id: JobId, who: JobsWriter, running: Running) -> JobOut:
    """Give up what is not judged yet. Fits every job that is not over."""
    return JobOut.of(await verbs.cancel(running.database, who.project, str(job_id), actor=who.key_name))


@router.post("/{job_id}/retry", status_code=status.HTTP_202_ACCEPTED)
async def retry(job_id: JobId, who: JobsWriter, running: Running, ask: RetryIn | None = None) -> JobOut:
    """Ask failed (or abstained) units again. Fits a completed job."""
    what = (ask or RetryIn()).what
    return JobOut.of(await verbs.retry(running.database, who.project, str(job_id), what, actor=who.key_name))


@router.delete("/{job_id}", status_code=status.HTTP_204_NO_CONTENT)
async def delete(job_id: JobId, who: JobsWriter, running: Running) -> None:
    """Delete a job with its traces, judgments and raw replies. Fits a draft and every job that is over."""
    await verbs.delete(running.database, who.project, str(job_id), actor=who.key_name)


def _check(pairs: list[PairIn], settings: Settings) -> None:
    """What the schema does not say about inline pairs."""
    most = settings.max_inline_pairs
    if not 0 < len(pairs) <= most:
        reason = f"holds {len(pairs):,} pairs; 1 to {most:,} may come inline, more go to POST /v1/jobs/{{id}}/pairs"
        raise Invalid("the number of inline pairs does not fit", (Problem(reason, "pairs"),))
    longest = settings.max_trace_characters
    problems = [problem for line, pair in enumerate(pairs, 1) for problem in pair.problems(longest, line)]
    if problems:
        raise Invalid("some pairs are not valid; nothing was stored", tuple(problems))


async def _fill(draft: Job, pairs: list[PairIn], who: Principal, running: App) -> None:
    """Put the inline pairs into the new draft, or leave nothing behind."""
    try:
        async with await submit.begin_upload(running.database, who.project, draft.id) as upload:
            intake = Intake(running, who.project, upload)
            for line, pair in enumerate(pairs, 1):
                await intake.add(line, pair, len(pair.a.trace) + len(pair.b.trace))
            await intake.flush()
            await upload.promote()
    except Exception:
        await verbs.delete(running.database, who.project, draft.id, actor=who.key_name)
        raise


async def _start(running: App, who: Principal, job_id: str) -> Job:
    units = running.settings.shard_units
    return await submit.start(running.database, who.project, job_id, shard_units=units, actor=who.key_name)


async def _finish_start(new: NewJobIn, body: bytes, who: Principal, running: App) -> None:
    """Start the job of a first attempt that was killed between making and starting it."""
    made = JobOut.model_validate_json(body)
    if new.pairs is None or made.status is not JobStatus.DRAFT:
        return
    job = await look.get_job(running.database, who.project, made.id)
    if job.status is JobStatus.DRAFT:
        await _start(running, who, job.id)
