"""A request under a key is done once, whatever becomes of its first sender."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy import text

from app.domain.errors import Conflict, Invalid
from app.services import idempotency
from app.services.idempotency import Replay
from app.store.idempotency import sweep_keys

ONE, OTHER = b"1" * 32, b"2" * 32


async def age(database, project, seconds: float) -> None:
    async with database.transaction() as tx:
        await tx.execute(
            text(
                "UPDATE idempotency_keys SET created_at = created_at - make_interval(secs => :s) WHERE project_id = :p"
            ),
            {"s": seconds, "p": project},
        )


async def test_the_first_answer_is_given_again(database, project, stranger):
    assert await idempotency.begin(database, project, "k", ONE) is None
    await idempotency.finish(database, project, "k", 202, b'{"id":1}')
    assert await idempotency.begin(database, project, "k", ONE) == Replay(202, b'{"id":1}')
    assert await idempotency.begin(database, stranger, "k", OTHER) is None  # keys are a project's own


async def test_two_at_once_are_one(database, project):
    found = await asyncio.gather(
        *(idempotency.begin(database, project, "k", ONE) for _ in range(5)), return_exceptions=True
    )
    assert sorted(map(type, found), key=str) == sorted([type(None), *[Conflict] * 4], key=str)


async def test_another_request_under_the_key_is_refused(database, project):
    await idempotency.begin(database, project, "k", ONE)
    with pytest.raises(Invalid):
        await idempotency.begin(database, project, "k", OTHER)
    await idempotency.finish(database, project, "k", 200, b"")
    with pytest.raises(Invalid):
        await idempotency.begin(database, project, "k", OTHER)


async def test_a_failed_request_frees_its_key(database, project):
    await idempotency.begin(database, project, "k", ONE)
    await idempotency.forget(database, project, "k")
    assert await idempotency.begin(database, project, "k", OTHER) is None


async def test_a_crashed_request_does_not_block_for_ever(database, project):
    await idempotency.begin(database, project, "k", ONE)
    await age(database, project, idempotency.CRASHED_AFTER - 60)
    with pytest.raises(Conflict, match="still at work"):
        await idempotency.begin(database, project, "k", ONE)
    await age(database, project, 120)
    with pytest.raises(Invalid):
        await idempotency.begin(database, project, "k", OTHER)
    assert await idempotency.begin(database, project, "k", ONE) is None
    with pytest.raises(Conflict):  # taken over once
        await idempotency.begin(database, project, "k", ONE)


async def test_an_answer_never_expires_by_crash_but_by_age(database, project):
    await idempotency.begin(database, project, "k", ONE)
    await idempotency.finish(database, project, "k", 200, b"x")
    await age(database, project, 7200)
    assert await idempotency.begin(database, project, "k", ONE) == Replay(200, b"x")
    async with database.transaction() as tx:
        assert await sweep_keys(tx, ttl=86_400) == 0
        assert await sweep_keys(tx, ttl=3_600) == 1
    assert await idempotency.begin(database, project, "k", OTHER) is None
