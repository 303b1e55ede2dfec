"""Judges: adding, listing, testing, and letting a paused one go on."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, status

from app.api.auth import JudgesReader, JudgesWriter, Publishing, Running
from app.api.bodies import StrictRoute
from app.domain.access import JOBS_READ
from app.services import judges
from app.services.trust import judge_trust
from app.wire.judges import CapabilityOut, JudgeIn, JudgeOut
from app.wire.pages import PageOut
from app.wire.shape import Name
from app.wire.trust import TrustOut

router = APIRouter(prefix="/v1/judges", tags=["judges"], route_class=StrictRoute)

JudgeName = Annotated[Name, Path(description="the judge's name")]


@router.post("", status_code=status.HTTP_201_CREATED)
async def add_judge(judge: JudgeIn, who: JudgesWriter, running: Running) -> JudgeOut:
    """Store a judge. Its host must be among those the operator allows."""
    hosts = running.settings.judge_hosts
    info = await judges.add_judge(
        running.database, running.vault, who.project, judge.to_domain(), judge.secret, hosts=hosts, actor=who.key_name
    )
    return _shown(info)


@router.get("")
async def list_judges(who: JudgesReader, running: Running) -> PageOut[JudgeOut]:
    """The project's judges and whether they may be called."""
    found = await judges.list_judges(running.database, who.project)
    return PageOut(items=[_shown(info) for info in found], next=None)


@router.get("/{name}")
async def get_judge(name: JudgeName, who: JudgesReader, running: Running) -> JudgeOut:
    """One judge."""
    return _shown(await judges.get_judge(running.database, who.project, name))


@router.get("/{name}/trust")
async def get_trust(name: JudgeName, who: JudgesReader, running: Running, publisher: Publishing) -> TrustOut:
    """What the reports of the newest five jobs it judged say of a judge: whether its orders agree, which position it
    prefers, how it agrees with people. Reads jobs, so the key needs jobs:read too. Never waits for a report.
    """
    who.require(JOBS_READ)
    return TrustOut.of(await judge_trust(running.database, publisher, who.project, name))


@router.post("/{name}/resume")
async def resume_judge(name: JudgeName, who: JudgesWriter, running: Running) -> JudgeOut:
    """Let a paused judge be called again, once whatever paused it is mended."""
    return _shown(await judges.resume_judge(running.database, who.project, name, actor=who.key_name))


@router.post("/{name}/test")
async def test_judge(name: JudgeName, who: JudgesWriter, running: Running) -> CapabilityOut:
    """Ask the endpoint what it can do: reachable, schema, log-probabilities and their kind, images really seen."""
    found = await judges.test_judge(running.database, running.vault, who.project, name)
    return CapabilityOut.model_validate(found)


def _shown(info: judges.JudgeInfo) -> JudgeOut:
    judge = info.judge
    return JudgeOut(
        name=judge.name,
        urls=list(judge.urls),
        served_model=judge.served_model,
        method=judge.method,
        sampling=dict(judge.sampling),
        sees_images=judge.sees_images,
        max_in_flight=judge.max_in_flight,
        timeout=judge.timeout,
        family=judge.family,
        api_key="set" if info.has_secret else None,
        status=info.status,
        status_reason=info.status_reason,
        capability=None if info.capability is None else CapabilityOut.model_validate(info.capability),
        created_at=info.created_at,
    )
