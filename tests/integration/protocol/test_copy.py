"""COPY through the driver belongs to SQLAlchemy's transaction, which it does only after a statement has opened it."""

from __future__ import annotations

import pytest

from app.store import uploads
from app.store.uploads import StagedPair
from app.wire.pairs import PairIn
from tests.world.pairs import pairs


async def test_a_copy_is_rolled_back_with_its_transaction(database, start_job, sql):
    await start_job(1)
    job = await sql.fetchval("SELECT id FROM jobs")
    staged = [StagedPair(1, PairIn.model_validate(next(pairs(1))).to_domain())]
    async with database.transaction() as tx:
        upload = await uploads.open_upload(tx, job)

    async def stage_and_fail() -> None:
        async with database.transaction() as tx:
            await uploads.stage(tx, upload, staged)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await stage_and_fail()
    assert await sql.fetchval("SELECT count(*) FROM staged_pairs") == 0
    async with database.transaction() as tx:
        await uploads.stage(tx, upload, staged)
    assert await sql.fetchval("SELECT count(*) FROM staged_pairs") == 1
    async with database.transaction() as tx:
        await uploads.drop_upload(tx, upload)
