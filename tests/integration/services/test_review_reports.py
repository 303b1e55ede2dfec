"""What a report says of a review while it runs, when it is complete, and when it was stopped or filtered."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from app.domain.judgment import Pick, Side
from app.reports.sheet import Parameters
from app.services import reviews, turns
from app.services.job_sheet import read_sheet
from app.services.publish import Publisher
from app.services.reviews import Asked
from app.store import review_turns
from app.store.reviews import find_review
from app.store.sheet import job_facts
from tests.integration.services.judging import finish, judge, prefers_a
from tests.integration.services.samples import pair, started

PAIRS = 64


@pytest.fixture
async def job(database, vault, project):
    """A finished job whose judge sometimes contradicts itself."""
    made = await started(database, vault, project, pairs=[pair(f"q{number}") for number in range(PAIRS)])
    await judge(database, made.id, lambda *unit: Pick.FIRST if unit[1] % 8 == 0 else prefers_a(*unit))
    await finish(database, made.id)
    return made


@pytest.fixture
def publisher(database):
    return Publisher(database)


async def label(database, project, review, labeller, many, *, sides=None):
    """So many pairs, in their order and in one transaction; of every three, two for side A unless `sides` are told."""
    async with database.transaction() as tx:
        held = await find_review(tx, project, review.id, hold=True)
        for number in range(many):
            free = await review_turns.next_free(tx, held, labeller)
            turn = await review_turns.put_turn(tx, held, free, labeller, shown=0)
            side = sides[number] if sides else Side.A if number % 3 else Side.B
            assert await review_turns.finish_turn(tx, held, turn, labeller, sides={"overall": side}, seconds=None)


async def calibrated(publisher, project, job):
    report = await publisher.report(project, job.id, Parameters())
    (line,) = [one for one in report.results.calibrated if one.axis == "overall"]
    return line, report.results


async def test_the_rate_is_hidden_until_the_last_label_while_agreement_is_shown(database, project, job, publisher):
    review = await reviews.create_review(database, project, job.id, Asked(60, axes=["overall"], seed=4))
    line, _ = await calibrated(publisher, project, job)
    assert "(0 so far)" in line.note
    seen = []
    for many in (30, 29, 1):
        await label(database, project, review, "ann", many)
        line, results = await calibrated(publisher, project, job)
        people = next(one for one in results.agreement.lines if one.kind == "judge_human")
        seen.append((line.available, line.estimate is None, line.human_only is None, people.with_ties["n"]))
    assert seen == [(False, True, True, 30), (False, True, True, 59), (True, False, False, 60)]
    assert line.labels == 60
    assert line.human_only["estimate"] == pytest.approx((20 + 19 + 0) / 60)
    await turns.undo_turn(database, project, review.id, "ann")
    assert "(59 so far)" in (await calibrated(publisher, project, job))[0].note


async def test_a_review_closed_early_shows_the_rate_and_says_that_it_was_stopped(database, project, job, publisher):
    review = await reviews.create_review(database, project, job.id, Asked(60, axes=["overall"]))
    await label(database, project, review, "ann", 52)
    assert "52 so far" in (await calibrated(publisher, project, job))[0].note
    await reviews.close_review(database, project, review.id)
    line, _ = await calibrated(publisher, project, job)
    assert (line.available, line.labels) == (True, 52)
    assert "stopped at 52 of 60 planned pairs" in line.note


async def test_of_two_labellers_the_mean_counts_and_both_are_waited_for(database, project, job, publisher):
    review = await reviews.create_review(database, project, job.id, Asked(50, axes=["overall"], per_pair=2))
    await label(database, project, review, "ann", 50)
    assert "(0 so far)" in (await calibrated(publisher, project, job))[0].note
    await label(database, project, review, "ben", 50, sides=[Side.TIE] * 30 + [None] * 20)
    line, results = await calibrated(publisher, project, job)
    assert (line.available, line.labels) == (True, 50)
    said = [1.0 if number % 3 else 0.0 for number in range(50)]
    both = [(one + 0.5) / 2 for one in said[:30]]
    assert line.human_only["estimate"] == pytest.approx(sum(both + said[30:]) / 50)
    assert "human_human" in {one.kind for one in results.agreement.lines}


async def test_labels_of_a_filtered_review_stay_out_though_their_chance_is_known(database, project, job, publisher):
    chosen = await reviews.create_review(
        database, project, job.id, Asked(56, axes=["overall"], filters={"stance": "A"})
    )
    assert chosen.population == 56
    await label(database, project, chosen, "ann", 56)
    line, results = await calibrated(publisher, project, job)
    assert not line.available
    assert "filtered" in line.note
    assert "judge_human" in {one.kind for one in results.agreement.lines}


async def test_a_pair_somebody_had_picked_before_does_not_leave_the_random_sample(database, project, job):
    """Left out, a random sample would hold no pair on which the judge contradicts itself."""
    chosen = await reviews.create_review(
        database, project, job.id, Asked(8, axes=["overall"], filters={"stance": "INCONSISTENT"})
    )
    await label(database, project, chosen, "ann", 8)
    drawn = await reviews.create_review(database, project, job.id, Asked(32, axes=["overall"], seed=2))
    await label(database, project, drawn, "ann", 32 - drawn.done)
    assert 0 < drawn.done < 8
    after = await labels_of(database, project, job)
    assert (after.random.sum(), after.filtered.sum(), len(after.pair)) == (32, 8 - drawn.done, 40 - drawn.done)
    assert set(after.probability[after.random]) == {0.5}


async def test_two_random_reviews_are_one_sample_of_one_chance(database, project, job):
    for pairs, seed in ((10, 1), (24, 2)):
        review = await reviews.create_review(database, project, job.id, Asked(pairs, axes=["overall"], seed=seed))
        await label(database, project, review, "ann", pairs - review.done)
    async with database.transaction() as tx:
        distinct = (await tx.execute(text(
            "SELECT count(DISTINCT seq) FROM review_pairs p JOIN reviews r ON r.id = p.review_id JOIN jobs j ON"
            " j.id = r.job_id WHERE j.public_id = CAST(:id AS uuid)"), {"id": job.id})).scalar_one()  # fmt: skip
    labels = await labels_of(database, project, job)
    assert 24 < distinct < 34
    assert labels.random.all()
    assert set(labels.probability) == {distinct / PAIRS}


async def labels_of(database, project, job):
    """The labels on the overall axis as a report reads them."""
    async with database.transaction() as tx:
        facts = await job_facts(tx, project, job.id)
    return (await read_sheet(database, facts)).labels["overall"]
