"""Judges: adding them (to allowed hosts only), showing them, asking them what they can do, waking paused ones."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from app.domain.errors import Conflict, Invalid, NotFound, Problem
from app.domain.judge import Judge, JudgeStatus
from app.judging.hosts import judge_host_allowed
from app.judging.httpx_engine import HttpxTransport
from app.judging.probe import probe
from app.services.vault import Vault
from app.store import audit
from app.store import judges as stored
from app.store.database import Database, Transaction
from app.store.judges import StoredJudge


@dataclass(frozen=True, slots=True)
class JudgeInfo:
    """A judge as users may see it: of its endpoint's key only whether there is one."""

    judge: Judge
    status: JudgeStatus
    status_reason: str | None
    has_secret: bool
    capability: Mapping[str, Any] | None
    created_at: datetime


async def add_judge(
    database: Database,
    vault: Vault,
    project: int,
    judge: Judge,
    api_key: str | None,
    *,
    hosts: str,
    actor: str = audit.SYSTEM,
) -> JudgeInfo:
    """Store a judge. Invalid when a URL's host is not allowed; Conflict when the name is taken."""
    require_hosts(judge, hosts)
    async with database.transaction() as tx:
        if not await stored.add_judge(tx, project, judge, _sealed(vault, api_key)):
            raise Conflict("a judge of that name exists already")
        await audit.record(tx, project, actor, "create", f"judge {judge.name}")
        return _info(await _found(tx, project, judge.name))


async def list_judges(database: Database, project: int) -> list[JudgeInfo]:
    """All judges of a project, by name."""
    async with database.transaction() as tx:
        return [_info(one) for one in await stored.judges_of(tx, project)]


async def get_judge(database: Database, project: int, name: str) -> JudgeInfo:
    """NotFound when the project has no such judge."""
    async with database.transaction() as tx:
        return _info(await _found(tx, project, name))


async def resume_judge(database: Database, project: int, name: str, *, actor: str = audit.SYSTEM) -> JudgeInfo:
    """Forget why a judge was paused; one small call decides, and jobs that waited for it go on."""
    async with database.transaction() as tx:
        if not await stored.reopen(tx, project, name):
            raise NotFound("there is no such judge")
        await audit.record(tx, project, actor, "resume", f"judge {name}")
        return _info(await _found(tx, project, name))


async def test_judge(database: Database, vault: Vault, project: int, name: str) -> Mapping[str, Any]:
    """Ask a judge's endpoint what it can do, in a few small calls, and remember the answer."""
    async with database.transaction() as tx:
        found = await _found(tx, project, name)
    secret = None if found.secret is None else vault.decrypt(found.secret)
    transport = HttpxTransport()
    try:
        capability = asdict(await probe(found.judge, secret, transport))
    finally:
        await transport.aclose()
    async with database.transaction() as tx:
        await stored.keep_capability(tx, found.id, capability)
    return capability


async def use_inline(
    tx: Transaction, vault: Vault, project: int, judge: Judge, api_key: str | None, *, actor: str
) -> StoredJudge:
    """The stored judge that equals one given inline, added when the name is new. Conflict when they differ."""
    if await stored.add_judge(tx, project, judge, _sealed(vault, api_key)):
        await audit.record(tx, project, actor, "create", f"judge {judge.name}")
    found = await _found(tx, project, judge.name)
    if found.judge != judge:
        raise Conflict(f"a judge named {judge.name} exists with other settings; use its name alone or choose another")
    if api_key is not None and (found.secret is None or vault.decrypt(found.secret) != api_key):
        raise Conflict(f"a judge named {judge.name} exists with another key; use its name alone or choose another")
    return found


def require_hosts(judge: Judge, hosts: str) -> None:
    """Raise Invalid unless every replica of the judge is on a host it may be called on (TRACEJUDGE_JUDGE_HOSTS)."""
    if not all(judge_host_allowed(url, hosts) for url in judge.urls):
        problem = Problem("its host is not among those the operator allows (TRACEJUDGE_JUDGE_HOSTS)", field="url")
        raise Invalid("the judge may not be called there", (problem,))


def _sealed(vault: Vault, api_key: str | None) -> bytes | None:
    return None if api_key is None else vault.encrypt(api_key)


async def _found(tx: Transaction, project: int, name: str) -> StoredJudge:
    found = await stored.judge_named(tx, project, name)
    if found is None:
        raise NotFound("there is no such judge")
    return found


def _info(found: StoredJudge) -> JudgeInfo:
    return JudgeInfo(
        found.judge, found.status, found.status_reason, found.secret is not None, found.capability, found.created_at
    )
