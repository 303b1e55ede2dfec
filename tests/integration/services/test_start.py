"""Drafts and starting: frozen choices, one order of targets for a seed, shards that add up."""

from __future__ import annotations

import random
from dataclasses import replace
from itertools import pairwise

import pytest
from sqlalchemy import text

from app import rubrics
from app.domain.errors import Conflict, Forbidden, Invalid, NotFound
from app.domain.job import JobStatus, NewJob
from app.domain.order import Order
from app.domain.trace import Image
from app.domain.verdict import Policy, PolicyName
from app.services import judges, look, submit
from app.store.documents import judge_of, rubric_of
from tests.integration.services.judging import shards
from tests.integration.services.samples import JUDGE, ODDS_JUDGE, draft, pair, started, upload

RUBRIC = rubrics.load("reasoning-trace-general")


async def order_of(database, job: str) -> list[tuple[int, str, str]]:
    async with database.transaction() as tx:
        found = await tx.execute(
            text(
                """
                SELECT p.seq, i.cluster, i.name FROM pairs p JOIN items i ON i.id = p.item_id
                JOIN jobs j ON j.id = p.job_id WHERE j.public_id = CAST(:job AS uuid) ORDER BY p.seq
                """
            ),
            {"job": job},
        )
        return [tuple(row) for row in found]


# Drafts ---------------------------------------------------------------------------------------------------------


async def test_a_draft_freezes_its_rubric_and_judges(database, vault, project):
    job = await draft(database, vault, project, JUDGE, ODDS_JUDGE, seed=7, repeats=2, metadata={"ticket": 12})
    assert (job.status, job.judges, job.rubric) == (JobStatus.DRAFT, ("stub", "odds"), RUBRIC.name)
    assert (job.axes, job.seed, job.repeats, job.metadata) == (RUBRIC.axis_names, 7, 2, {"ticket": 12})
    assert job.orders == (Order.AB, Order.BA)
    assert (job.progress.pairs, job.progress.units, job.eta_seconds) == (0, 0, None)
    async with database.transaction() as tx:
        row = (await tx.execute(text("SELECT rubric, fence_secret FROM jobs ORDER BY id DESC LIMIT 1"))).one()
        frozen = (
            await tx.execute(text("SELECT spec FROM job_judges ORDER BY job_id DESC, judge_no LIMIT 2"))
        ).scalars()
    assert rubric_of(row.rubric) == RUBRIC
    assert len(row.fence_secret) == 32
    assert [judge_of(document) for document in frozen] == [JUDGE, ODDS_JUDGE]


async def test_a_stored_judge_is_named(database, vault, project, stranger):
    await judges.add_judge(database, vault, project, JUDGE, None, hosts="*")
    new = NewJob("j", ("stub",), RUBRIC.name)
    job = await submit.create_draft(database, vault, project, new, hosts="", may_write_judges=False)
    assert job.judges == ("stub",)
    with pytest.raises(Invalid):  # another project's judge is nobody
        await submit.create_draft(database, vault, stranger, new, hosts="", may_write_judges=False)


async def test_an_inline_judge_is_kept_and_used_again(database, vault, project):
    await draft(database, vault, project, JUDGE)
    await draft(database, vault, project, JUDGE)
    assert [info.judge for info in await judges.list_judges(database, project)] == [JUDGE]
    with pytest.raises(Conflict, match="other settings"):
        await draft(database, vault, project, replace(JUDGE, served_model="another"))
    new = NewJob("j", ((JUDGE, "secret"),), RUBRIC.name)
    with pytest.raises(Conflict, match="another key"):
        await submit.create_draft(database, vault, project, new, hosts="*", may_write_judges=True)


async def test_an_inline_judge_needs_the_scope_and_an_allowed_host(database, vault, project):
    new = NewJob("j", ((JUDGE, None),), RUBRIC.name)
    with pytest.raises(Forbidden, match="judges:write"):
        await submit.create_draft(database, vault, project, new, hosts="*", may_write_judges=False)
    with pytest.raises(Invalid, match="may not be called"):
        await submit.create_draft(database, vault, project, new, hosts="gpu:8000", may_write_judges=True)
    assert await judges.list_judges(database, project) == []


@pytest.mark.parametrize(
    ("choices", "field"),
    [
        ({"policy": Policy(PolicyName.DEBIAS)}, "policy"),
        ({"policy": Policy(quorum=2)}, "policy.quorum"),
        ({"primary_axis": "beauty"}, "axes"),
        ({"axes": ("overall", "beauty")}, "axes"),
        ({"axes": tuple(axis for axis in RUBRIC.axis_names if axis != "overall")}, "primary_axis"),
        ({"orders": ()}, "orders"),
        ({"repeats": 0}, "orders"),
        ({"judges": ()}, "judges"),
        ({"judges": ((JUDGE, None), (JUDGE, None))}, "judges"),
        ({"judges": ("nobody",)}, "judges"),
    ],
)
async def test_choices_that_do_not_fit_are_refused(database, vault, project, choices, field):
    with pytest.raises(Invalid) as caught:
        await draft(database, vault, project, **choices)
    assert [problem.field for problem in caught.value.problems] == [field]


async def test_debias_takes_a_log_probability_judge_and_both_orders(database, vault, project):
    policy = Policy(PolicyName.DEBIAS)
    assert (await draft(database, vault, project, ODDS_JUDGE, policy=policy)).policy == policy
    with pytest.raises(Invalid):
        await draft(database, vault, project, ODDS_JUDGE, policy=policy, orders=(Order.AB,))


async def test_an_unknown_rubric_is_named_as_the_field_to_change(database, vault, project):
    with pytest.raises(Invalid) as caught:
        await draft(database, vault, project, rubric="nobody-wrote-it")
    assert [problem.field for problem in caught.value.problems] == ["rubric"]


# Start ----------------------------------------------------------------------------------------------------------


async def test_a_job_without_pairs_does_not_start(database, vault, project):
    job = await draft(database, vault, project)
    with pytest.raises(Invalid, match="no pairs"):
        await submit.start(database, project, job.id)


async def test_start_numbers_the_targets_once(database, vault, project, stranger):
    job = await started(database, vault, project)
    assert job.status is JobStatus.RUNNING
    assert job.started_at is not None
    assert [seq for seq, _, _ in await order_of(database, job.id)] == list(range(10))
    with pytest.raises(Conflict, match="'start' does not fit"):
        await submit.start(database, project, job.id)
    with pytest.raises(NotFound):
        await submit.start(database, stranger, job.id)


async def test_the_order_depends_on_the_seed_and_nothing_else(database, vault, project):
    pairs = [pair(f"q{number}", cluster=f"article-{number // 3}") for number in range(60)]
    shuffled = random.Random(4).sample(pairs, len(pairs))
    first = await started(database, vault, project, pairs=pairs, seed=5)
    second = await started(database, vault, project, pairs=shuffled, seed=5)
    third = await started(database, vault, project, pairs=pairs, seed=6)
    assert await order_of(database, first.id) == await order_of(database, second.id)
    assert await order_of(database, first.id) != await order_of(database, third.id)


async def test_the_pairs_of_a_cluster_stay_together(database, vault, project):
    pairs = [pair(f"q{number}", cluster=f"article-{number % 7}") for number in range(50)]
    job = await started(database, vault, project, pairs=pairs)
    clusters = [cluster for _, cluster, _ in await order_of(database, job.id)]
    changes = sum(one != two for one, two in pairwise(clusters))
    assert changes == 6  # seven blocks
    assert clusters != sorted(clusters)


async def test_shards_cover_every_target_of_every_judge_once(database, vault, project):
    pairs = [pair(f"q{number}") for number in range(25)]
    job = await draft(database, vault, project, JUDGE, ODDS_JUDGE, repeats=2)
    await upload(database, project, job.id, pairs)
    job = await submit.start(database, project, job.id, shard_units=40)
    found = await shards(database, job.id)
    plain, odds = 2 * 2, 2 * 2 * len(RUBRIC.axes)  # units of a target: a log-probability judge is asked axis by axis
    for number, each in ((0, plain), (1, odds)):
        mine = [shard for shard in found if shard["judge_no"] == number]
        assert [shard["first_seq"] for shard in mine] == [0] + [shard["end_seq"] for shard in mine[:-1]]
        assert mine[-1]["end_seq"] == 25
        assert all(shard["units"] == (shard["end_seq"] - shard["first_seq"]) * each for shard in mine)
        assert all(shard["units"] <= max(40, each) for shard in mine)
    assert job.progress.units == 25 * (plain + odds)
    assert job.progress.pending == job.progress.units
    assert all(shard["is_open"] and shard["fence"] == 0 for shard in found)


async def test_a_target_larger_than_a_shard_gets_one_of_its_own(database, vault, project):
    job = await draft(database, vault, project)
    await upload(database, project, job.id, [pair("q1"), pair("q2")])
    await submit.start(database, project, job.id, shard_units=1)
    assert [shard["units"] for shard in await shards(database, job.id)] == [2, 2]


async def test_pictures_to_fetch_come_first(database, vault, project):
    job = await started(database, vault, project, pairs=[pair("q1", images=(Image(url="https://example.org/a.png"),))])
    assert job.status is JobStatus.PREPARING


# Reading --------------------------------------------------------------------------------------------------------


async def test_jobs_are_listed_newest_first_a_page_at_a_time(database, vault, project, stranger):
    made = [(await draft(database, vault, project, name=f"job {number}")).id for number in range(5)]
    await draft(database, vault, stranger)
    seen, after = [], None
    while True:
        page = await look.list_jobs(database, project, after=after, limit=2)
        seen += [job.id for job in page.items]
        after = page.next
        if after is None:
            break
    assert seen == made[::-1]


async def test_another_projects_job_is_not_there(database, vault, project, stranger):
    job = await draft(database, vault, project)
    for someone, job_id in ((stranger, job.id), (project, "0" * 8), (project, "00000000-0000-4000-8000-000000000000")):
        with pytest.raises(NotFound, match="there is no such job"):
            await look.get_job(database, someone, job_id)
        with pytest.raises(NotFound, match="there is no such job"):
            await look.list_pairs(database, someone, job_id)
        with pytest.raises(NotFound, match="there is no such job"):
            await look.list_judgments(database, someone, job_id)


@pytest.mark.parametrize(
    "cursor", ["?", "bm8=", "WyJhIl0=", "WzEsMl0=", "WzFlOTld", "Wzk5OTk5OTk5OTk5OTk5OTld", "WzFd\x00"]
)
async def test_a_bad_cursor_is_invalid(database, vault, project, cursor):
    with pytest.raises(Invalid):
        await look.list_jobs(database, project, after=cursor)


@pytest.mark.parametrize("limit", [0, -1, 1001])
async def test_pages_have_a_length(database, project, limit):
    with pytest.raises(Invalid):
        await look.list_jobs(database, project, limit=limit)
