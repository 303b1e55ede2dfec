"""Pairs, judges and jobs to try the services with."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import func, select

from app.domain.job import Job, NewJob
from app.domain.judge import Judge, Method
from app.domain.trace import Item, Pair, Trace
from app.services import submit
from app.services.submit import Accepted, StagedPair
from app.services.vault import Vault
from app.store.database import Database
from app.store.tables import metadata
from app.store.tables.jobs import jobs

JUDGE = Judge(name="stub", urls=("http://127.0.0.1:9/v1",), served_model="stub-1")
ODDS_JUDGE = Judge(name="odds", urls=("http://127.0.0.1:9/v1",), served_model="stub-2", method=Method.LOGPROBS)


def item(name: str = "q1", **changes) -> Item:
    return Item(**{"id": name, "question": f"What is {name}?", "answer": "C", "tags": {"modality": "CT"}, **changes})


def trace(model: str = "base-7b", text: str = "It is so.", answer: str | None = "C", sample: int = 0) -> Trace:
    return Trace(model, text, answer, sample)


def pair(name: str = "q1", **changes) -> Pair:
    """Base against tuned on one item; `changes` are those of the item."""
    return Pair(
        item(name, **changes), trace("base-7b", f"{name}: D", "D"), trace("tuned-7b", f"{name}: because C", "C")
    )


def lines(pairs: Iterable[Pair]) -> list[StagedPair]:
    return [StagedPair(number, one) for number, one in enumerate(pairs, start=1)]


async def draft(database: Database, vault: Vault, project: int, *judges: Judge, **choices) -> Job:
    """A draft for inline judges (the plain one when none is given)."""
    new = NewJob(**{
        "name": "a job", "judges": tuple((judge, None) for judge in judges or (JUDGE,)),
        "rubric": "reasoning-trace-general", **choices,
    })  # fmt: skip
    return await submit.create_draft(database, vault, project, new, hosts="*", may_write_judges=True)


async def upload(database: Database, project: int, job: str, pairs: Iterable[Pair], *, chunk: int = 100) -> Accepted:
    staged = lines(pairs)
    async with await submit.begin_upload(database, project, job) as one:
        for first in range(0, len(staged), chunk):
            await one.stage(staged[first : first + chunk])
        return await one.promote()


async def started(
    database: Database, vault: Vault, project: int, *judges: Judge, pairs: Iterable[Pair] | None = None, **choices
) -> Job:
    """A job at work, on ten pairs unless told otherwise."""
    job = await draft(database, vault, project, *judges, **choices)
    await upload(database, project, job.id, pairs or [pair(f"q{number}") for number in range(10)])
    return await submit.start(database, project, job.id)


async def count_rows(database: Database, table: str, **values: object) -> int:
    """How many rows of a table have these values."""
    rows = metadata.tables[table]
    wanted = [rows.c[name] == value for name, value in values.items()]
    async with database.transaction() as tx:
        return (await tx.execute(select(func.count()).select_from(rows).where(*wanted))).scalar_one()


async def number_of(database: Database, job: str) -> int:
    """The internal id of a job."""
    async with database.transaction() as tx:
        return (await tx.execute(select(jobs.c.id).where(jobs.c.public_id == job))).scalar_one()
