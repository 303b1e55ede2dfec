"""Judges and rubrics of a project; the endpoint's key goes in and never comes out."""

from __future__ import annotations

from dataclasses import asdict, replace

import pytest
from cryptography.fernet import Fernet
from sqlalchemy import text

from app import rubrics as builtin
from app.domain.errors import Conflict, Invalid, NotFound, Unavailable
from app.domain.judge import JudgeStatus
from app.domain.rubric import Axis, Rubric
from app.services import judges, rubrics
from app.services.vault import Vault
from app.store import judges as stored
from tests.integration.services.samples import JUDGE, ODDS_JUDGE
from tests.stub_judge.handle import StubJudge

OWN = Rubric("proofs", 1, "Proofs", "You compare two proofs.", (Axis("overall", "Overall", "Which is better?"),))


async def test_a_judge_is_added_once_and_shown_without_its_key(database, vault, project, stranger):
    info = await judges.add_judge(database, vault, project, JUDGE, "sk-secret", hosts="127.0.0.1:9")
    assert (info.judge, info.status, info.has_secret, info.capability) == (JUDGE, JudgeStatus.UNVERIFIED, True, None)
    assert "sk-secret" not in repr(info)
    with pytest.raises(Conflict):
        await judges.add_judge(database, vault, project, JUDGE, None, hosts="*")
    await judges.add_judge(database, vault, project, ODDS_JUDGE, None, hosts="*")
    assert [one.judge.name for one in await judges.list_judges(database, project)] == ["odds", "stub"]
    assert not (await judges.get_judge(database, project, "odds")).has_secret
    with pytest.raises(NotFound):
        await judges.get_judge(database, stranger, "stub")
    async with database.transaction() as tx:
        kept = await stored.judge_named(tx, project, "stub")
        assert vault.decrypt(kept.secret) == "sk-secret"
        assert "sk-secret" not in str((await tx.execute(text("SELECT string_agg(j::text, '') FROM judges j"))).scalar())


async def test_every_replica_must_be_on_an_allowed_host(database, vault, project):
    two = replace(JUDGE, urls=("http://gpu-1:8000/v1", "http://gpu-2:8000/v1"))
    for hosts in ("", "gpu-1", "gpu-1:8000, gpu-2:8001"):
        with pytest.raises(Invalid) as caught:
            await judges.add_judge(database, vault, project, two, None, hosts=hosts)
        assert caught.value.problems[0].field == "url"
    assert (await judges.add_judge(database, vault, project, two, None, hosts="gpu-1, gpu-2:8000")).judge == two


async def test_a_paused_judge_is_looked_at_again(database, vault, project, stranger):
    await judges.add_judge(database, vault, project, JUDGE, None, hosts="*")
    async with database.transaction() as tx:
        await tx.execute(
            text("UPDATE judges SET status = 'paused', status_reason = '401', canary_at = now() WHERE project_id = :p"),
            {"p": project},
        )
    assert (await judges.get_judge(database, project, "stub")).status_reason == "401"
    resumed = await judges.resume_judge(database, project, "stub")
    assert (resumed.status, resumed.status_reason) == (JudgeStatus.UNVERIFIED, None)
    async with database.transaction() as tx:
        assert (
            await tx.execute(text("SELECT canary_at FROM judges WHERE project_id = :p"), {"p": project})
        ).scalar() is None
    with pytest.raises(NotFound):
        await judges.resume_judge(database, stranger, "stub")


async def test_a_probe_is_remembered(database, vault, project):
    with StubJudge.start(key="sk-right", model="stub-1") as stub:
        judge = replace(JUDGE, urls=(stub.url,))
        await judges.add_judge(database, vault, project, judge, "sk-right", hosts="*")
        found = await judges.test_judge(database, vault, project, "stub")
    assert found["reachable"] is True
    assert (await judges.get_judge(database, project, "stub")).capability == found


def test_the_vault_takes_a_new_key_beside_the_old():
    old, new = Fernet.generate_key().decode(), Fernet.generate_key().decode()
    sealed = Vault(old).encrypt("sk-secret")
    assert b"sk-secret" not in sealed
    assert Vault(f"{new}, {old}").decrypt(sealed) == "sk-secret"
    assert Vault(new).decrypt(Vault(f"{new},{old}").encrypt("x")) == "x"
    with pytest.raises(Unavailable):
        Vault(new).decrypt(sealed)
    with pytest.raises(ValueError):
        Vault("too short")


async def test_rubrics_come_with_the_service_and_from_the_project(database, project, stranger):
    assert await rubrics.add_rubric(database, project, asdict(OWN)) == OWN
    assert await rubrics.add_rubric(database, project, asdict(OWN)) == OWN  # the same again is fine
    second = replace(OWN, version=2, guidance="You compare two proofs, line by line: “∀ε>0”.")
    await rubrics.add_rubric(database, project, asdict(second))
    assert await rubrics.get_rubric(database, project, "proofs") == second
    assert [one.name for one in await rubrics.list_rubrics(database, project)] == [*builtin.list_names(), "proofs"]
    assert [one.name for one in await rubrics.list_rubrics(database, stranger)] == list(builtin.list_names())
    with pytest.raises(NotFound):
        await rubrics.get_rubric(database, stranger, "proofs")


async def test_a_stored_version_never_changes(database, project):
    await rubrics.add_rubric(database, project, asdict(OWN))
    with pytest.raises(Conflict, match="new version"):
        await rubrics.add_rubric(database, project, asdict(replace(OWN, title="Other")))
    with pytest.raises(Conflict, match="comes with the service"):
        await rubrics.add_rubric(database, project, asdict(builtin.load("reasoning-trace")))


@pytest.mark.parametrize(
    "changes", [{"name": "Bad Name"}, {"name": 7}, {"axes": []}, {"version": "1"}, {"colour": "red"}]
)
async def test_rubrics_that_are_none_are_refused(database, project, changes):
    with pytest.raises(Invalid):
        await rubrics.add_rubric(database, project, {**asdict(OWN), **changes})
