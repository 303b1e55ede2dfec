"""The headline of a job outlives the process that computed it, and whatever may change it makes it old."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy import text

from app.domain.judgment import Outcome, Pick
from app.reports.sheet import Parameters
from app.services import publish, verbs
from app.services.publish import FRAGMENT
from app.services.recent import AS_SUBMITTED, Headline, RecentPublisher
from app.wire.reports import ParametersIn
from tests.integration.services.judging import finish, judge, prefers_a
from tests.integration.services.samples import number_of, started


@pytest.fixture
def computed(monkeypatch) -> list[Parameters]:
    """With which parameters reports were computed."""
    told: list[Parameters] = []
    build = publish.build

    def spied(sheet, parameters):
        told.append(parameters)
        return build(sheet, parameters)

    monkeypatch.setattr(publish, "build", spied)
    return told


async def settled(publisher: RecentPublisher) -> None:
    while publisher._under_way:
        await asyncio.gather(*publisher._under_way.values())
        await asyncio.sleep(0)


async def newest(publisher: RecentPublisher, project: int, job: str) -> Headline | None:
    await publisher.headline(project, job)
    await settled(publisher)
    return await publisher.headline(project, job)


def test_as_submitted_is_what_a_report_is_without_parameters():
    assert ParametersIn().to_domain() == AS_SUBMITTED


async def test_a_headline_is_computed_once_and_read_by_every_process(database, vault, project, computed):
    job = await started(database, vault, project)
    publisher = RecentPublisher(database)
    assert await newest(publisher, project, job.id) is None
    assert computed == []  # nothing is judged
    await judge(database, job.id, prefers_a)
    await finish(database, job.id)
    assert await publisher.headline(project, job.id) is None  # nobody waits
    found = await newest(publisher, project, job.id)
    assert found
    assert (found.axis, found.estimate, found.n_pairs, found.level) == ("overall", 1.0, 10, 0.95)
    assert found.low < found.estimate
    assert found.text.endswith("missing 0.0 %")
    again = RecentPublisher(database)
    assert await newest(again, project, job.id) == found
    assert len(computed) == 1
    await asyncio.gather(*(again.headlines(project, [job.id]) for _ in range(5)))
    await settled(again)
    assert len(computed) == 1


async def test_a_report_as_submitted_brings_its_headline(database, vault, project, computed):
    job = await started(database, vault, project)
    await judge(database, job.id, prefers_a)
    await finish(database, job.id)
    publisher = RecentPublisher(database)
    await publisher.recent(project, job.id, Parameters(), FRAGMENT, patience=30.0)
    assert await publisher.headline(project, job.id)
    await settled(publisher)
    assert len(computed) == 1


async def test_strangers_see_no_headline(database, vault, project, stranger):
    job = await started(database, vault, project)
    await judge(database, job.id, prefers_a)
    publisher = RecentPublisher(database)
    assert await newest(publisher, project, job.id)
    assert await publisher.headlines(stranger, [job.id]) == {}
    assert await publisher.headlines(project, []) == {}


_LABEL = """
INSERT INTO labels (job_id, seq, axis, labeller, side, design) VALUES (:job, 0, 'overall', 'ann', 1, 'random')
"""
_REVIEW = """
INSERT INTO reviews (job_id, title, design, filters, seed, axes, pairs, population, per_pair)
VALUES (:job, 'r', 'random', '{}', 1, '{overall}', 3, 10, 1)
"""
MOVES = {
    "a label": [_LABEL],
    "another answer": [_LABEL, "UPDATE labels SET side = 2 WHERE job_id = :job"],
    "undone and said otherwise": [
        _LABEL, "DELETE FROM labels WHERE job_id = :job", _LABEL.replace("'ann', 1", "'ann', 3"),
    ],
    "a review": [_REVIEW],
    "a review's end": [_REVIEW, "UPDATE reviews SET closed_at = now() WHERE job_id = :job"],
}  # fmt: skip


@pytest.mark.parametrize("move", MOVES)
async def test_what_people_do_makes_a_report_old(database, vault, project, move):
    job = await started(database, vault, project)
    await judge(database, job.id, lambda _judge, seq, _slot: Pick.TIE if seq else None)
    await finish(database, job.id)
    number, publisher = await number_of(database, job.id), RecentPublisher(database)
    states = []
    for statement in ["SELECT 1 WHERE :job > 0", *MOVES[move]]:
        async with database.transaction() as tx:
            await tx.execute(text(statement), {"job": number})
        _, snapshot = await publisher._snapshot(project, job.id, Parameters())
        states.append(snapshot.counters)
    assert len(set(states)) == len(states) - ("undone" in move)
    assert states[-1] not in states[:-1]


async def test_a_retry_makes_it_old(database, vault, project):
    job = await started(database, vault, project)
    await judge(database, job.id, lambda _judge, seq, _slot: Pick.TIE if seq else Outcome.REFUSAL)
    await finish(database, job.id)
    publisher = RecentPublisher(database)
    before = await newest(publisher, project, job.id)
    await verbs.retry(database, project, job.id, {"abstained"})
    await judge(database, job.id, prefers_a)
    await finish(database, job.id)
    after = await newest(publisher, project, job.id)
    assert before.text != after.text
    assert after.text.endswith("missing 0.0 %")
