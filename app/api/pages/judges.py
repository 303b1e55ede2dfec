"""Judges and how they fare, and of each a trust card: what it can do, and what the jobs it judged say of it."""

from __future__ import annotations

from http import HTTPStatus
from urllib.parse import quote

from fastapi import APIRouter, Depends, Request
from starlette.responses import RedirectResponse, Response

from app.api import dashboard, judges
from app.api.auth import JobsReader, JudgesWriter, Publishing, Running, needs
from app.api.dashboard import Shown
from app.api.judges import JudgeName
from app.api.pages.asked import AGAIN
from app.api.pages.frame import page
from app.domain.access import JUDGES_READ
from app.wire.dashboard import DashboardPageIn, JudgeHealthOut
from app.wire.judges import CapabilityOut

router = APIRouter(include_in_schema=False, dependencies=[Depends(needs(JUDGES_READ))])
PAGE = "/dashboard/judges"


@router.get(PAGE)
async def list_judges(request: Request, who: JobsReader, running: Running, shown: Shown) -> Response:
    """All judges, with what the workers tell of their endpoints."""
    found = await judges.list_judges(who, running)
    return page(request, "judges.html", judges=found.items, health=await _health(who, shown))


@router.get(PAGE + "/{name}")
async def show_judge(
    request: Request, name: JudgeName, who: JobsReader, running: Running, *, publisher: Publishing, shown: Shown
) -> Response:
    """The trust card. Where a report is still being computed, it looks again by itself."""
    trust = await judges.get_trust(name, who, running, publisher)
    answer = page(
        request,
        "judge.html",
        judge=await judges.get_judge(name, who, running),
        trust=trust,
        health=(await _health(who, shown)).get(name),
        capabilities=capabilities,
        tested=request.query_params.get("tested") == "now",
    )
    if trust.being_computed:
        answer.headers["Refresh"] = AGAIN
    return answer


@router.post(PAGE + "/{name}/resume")
async def resume_judge(name: JudgeName, who: JudgesWriter, running: Running) -> Response:
    await judges.resume_judge(name, who, running)
    return RedirectResponse(_card(name), HTTPStatus.SEE_OTHER)


@router.post(PAGE + "/{name}/test")
async def test_judge(name: JudgeName, who: JudgesWriter, running: Running) -> Response:
    """Ask its endpoint what it can do. The card then tells what was found."""
    await judges.test_judge(name, who, running)
    return RedirectResponse(_card(name) + "?tested=now#capability", HTTPStatus.SEE_OTHER)


def capabilities(found: CapabilityOut) -> list[tuple[bool | None, str]]:
    """What a probe found, in words: fine, not fine, or not known."""
    if not found.reachable:
        return [(False, f"not reachable: {found.reason}" if found.reason else "not reachable")]
    latency = "" if found.latency_ms is None else f"; the first small call took {found.latency_ms:,.0f} ms"
    kind = f", reported {found.logprob_kind}" if found.logprob_kind else ""
    told = [
        (found.listed, "the endpoint lists its model", "the endpoint does not list its model"),
        (found.json_schema, "keeps a JSON schema", "does not keep a JSON schema"),
        (found.log_probabilities, f"gives log-probabilities{kind}", "gives no log-probabilities"),
        (found.sees_images, "sees images: it told two colours apart", "does not see images"),
    ]
    said = [(value, yes if value else no if value is False else f"{yes.partition(':')[0]}: not known")
            for value, yes, no in told]  # fmt: skip
    return [
        (True, f"reachable{latency}"),
        (None, f"answers as {found.served_model or 'a model it does not name'}"),
        *said,
    ]


async def _health(who: JobsReader, shown: Shown) -> dict[str, JudgeHealthOut]:
    """By name, what the dashboard tells of judges."""
    told = await dashboard.get_dashboard(DashboardPageIn(limit=1), who, shown)
    return {judge.name: judge for judge in told.judges}


def _card(name: str) -> str:
    return f"{PAGE}/{quote(name, safe='')}"
