"""Blind review in the database: whose turn is which pair, what becomes of what they say, and how it ends."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from dataclasses import asdict

import pytest
from sqlalchemy import text

from app.domain.errors import Conflict, Invalid, NotFound
from app.domain.order import Order
from app.domain.trace import Image
from app.services import reviews, turns, verbs
from app.services.reviews import Asked
from app.store import audit, images
from app.store.images import ImageInfo
from tests.integration.services.judging import finish, judge
from tests.integration.services.reviewing import answer, drawn_pairs, reviewed, rows
from tests.integration.services.samples import count_rows, number_of, pair, started

PICTURE = "ab" * 32


async def test_labels_are_stored_with_what_the_labeller_saw(database, vault, project):
    job, review = await reviewed(database, vault, project, pairs=5)
    said, first = {}, {}
    for word in ("first", "second", "tie", "unable", "first"):
        turn = await turns.take_turn(database, project, review.id, "ann")
        said[turn.place], first[turn.place] = word, turn.first.text
        picks = dict.fromkeys(review.axes, word)
        queue = await turns.answer_turn(
            database, project, review.id, "ann", turn.place, picks=picks, seconds=2.0 * turn.place
        )
    assert (queue.done, queue.left, queue.open, queue.seconds) == (5, 0, True, 4.0)
    assert await turns.take_turn(database, project, review.id, "ann") is None
    found = await rows(
        database, "SELECT l.*, rp.place FROM labels l JOIN review_pairs rp USING (review_id, seq) WHERE job_id = :job",
        job=await number_of(database, job.id),
    )  # fmt: skip
    assert len(found) == 5 * len(review.axes)
    for row in found:
        a_first = first[row.place].endswith(": D")
        sides = {"first": 1 if a_first else 2, "second": 2 if a_first else 1, "tie": 3, "unable": None}
        order = Order.AB if a_first else Order.BA
        assert (row.side, row.shown, row.design) == (sides[said[row.place]], int(order), "random")
        assert (row.inclusion_probability, row.seconds, row.labeller) == (0.5, 2.0 * row.place, "ann")
    after = await reviews.get_review(database, project, review.id)
    assert (after.done, [asdict(one) for one in after.labellers]) == (5, [{"labeller": "ann", "done": 5, "seconds": 4}])


async def test_the_sides_fall_by_chance_and_not_by_anything_a_labeller_knows(database, vault, project):
    """Two jobs alike in all that can be known: pairs, seed, labeller. Chance repeats itself once in 2^40."""
    pairs = [pair(f"q{number}") for number in range(40)]
    both = []
    for _ in range(2):
        job = await started(database, vault, project, pairs=pairs)
        review = await reviews.create_review(database, project, job.id, Asked(40))
        seqs = await drawn_pairs(database, review)
        answered = [await answer(database, project, review, "ann") for _ in range(40)]
        assert all({turn.first.answer, turn.second.answer} == {"C", "D"} for turn in answered)
        both.append([(seqs[turn.place], turn.first.answer == "D") for turn in answered])
    assert [seq for seq, _ in both[0]] == [seq for seq, _ in both[1]]  # the draw is the seed's
    assert both[0] != both[1]
    a_first = sum(first for side_by_side in both for _, first in side_by_side)
    assert 15 < a_first < 65  # outside of it a fair coin lands less than once in ten million times


async def test_a_pair_that_comes_back_keeps_its_sides(database, vault, project):
    _, review = await reviewed(database, vault, project, pairs=10)
    shown = [await turns.take_turn(database, project, review.id, "ann")]
    for _ in range(10):
        shown.append(await turns.take_turn(database, project, review.id, "ann"))
        await database_ages(database)
    assert shown == [shown[0]] * 11


async def test_a_turn_stays_in_front_of_its_labeller_and_of_nobody_else(database, vault, project):
    _, review = await reviewed(database, vault, project, pairs=3)
    mine = await turns.take_turn(database, project, review.id, "ann")
    assert await turns.take_turn(database, project, review.id, "ann") == mine
    theirs = await turns.take_turn(database, project, review.id, "ben")
    assert theirs.place != mine.place
    assert (await turns.get_queue(database, project, review.id, "ben")).left == 2
    await database_ages(database)
    given_away = await turns.take_turn(database, project, review.id, "cid")
    assert given_away.place == min(mine.place, theirs.place)
    after = await turns.take_turn(database, project, review.id, "ann")  # hers has gone to somebody else
    assert after.place != given_away.place


async def database_ages(database) -> None:
    """Make every turn an hour older."""
    async with database.transaction() as tx:
        await tx.execute(text("UPDATE review_turns SET taken_at = taken_at - interval '61 minutes'"))


@pytest.mark.parametrize("per_pair", [1, 2])
async def test_labellers_at_once_never_get_more_than_a_pair_needs(database, vault, project, per_pair):
    _, review = await reviewed(database, vault, project, pairs=10, per_pair=per_pair)

    async def label(name: str) -> list[int]:
        places = []
        while (turn := await turns.take_turn(database, project, review.id, name)) is not None:
            places.append(turn.place)
            picks = dict.fromkeys(review.axes, "tie")
            await turns.answer_turn(database, project, review.id, name, turn.place, picks=picks)
        return places

    found = await asyncio.gather(*(label(name) for name in ("ann", "ben", "cid", "dan")))
    assert all(len(set(places)) == len(places) for places in found)
    assert Counter(place for places in found for place in places) == dict.fromkeys(range(10), per_pair)
    assert (await reviews.get_review(database, project, review.id)).done == 10


async def test_an_answer_twice_is_one_and_another_needs_an_undo(database, vault, project):
    job, review = await reviewed(database, vault, project)
    turn = await answer(database, project, review, "ann", "second")
    ask = {"database": database, "project": project, "review_id": review.id, "labeller": "ann", "place": turn.place}
    again = await turns.answer_turn(**ask, picks=dict.fromkeys(review.axes, "second"))
    assert again.done == 1
    with pytest.raises(Conflict, match="undo first"):
        await turns.answer_turn(**ask, picks=dict.fromkeys(review.axes, "first"))
    number = await number_of(database, job.id)
    assert await count_rows(database, "labels", job_id=number) == len(review.axes)
    undone = await turns.undo_turn(database, project, review.id, "ann")
    assert (undone.place, undone.picks) == (turn.place, dict.fromkeys(review.axes, "second"))
    assert (undone.first, undone.second) == (turn.first, turn.second)
    assert await count_rows(database, "labels", job_id=number) == 0
    assert await turns.take_turn(database, project, review.id, "ann") == undone  # a page loaded again
    await turns.answer_turn(**ask, picks=dict.fromkeys(review.axes, "first"))
    assert await count_rows(database, "labels", job_id=number) == len(review.axes)


async def test_undo_takes_back_the_last_answer_only_and_keeps_what_was_in_front(database, vault, project):
    _, review = await reviewed(database, vault, project)
    with pytest.raises(Conflict, match="nothing to undo"):
        await turns.undo_turn(database, project, review.id, "ann")
    places = [(await answer(database, project, review, "ann")).place for _ in range(3)]
    waiting = await turns.take_turn(database, project, review.id, "ann")
    assert (await turns.undo_turn(database, project, review.id, "ann")).place == places[-1]
    assert (await answer(database, project, review, "ann", "tie")).place == places[-1]
    assert (await turns.take_turn(database, project, review.id, "ann")).place == waiting.place
    assert [(await turns.undo_turn(database, project, review.id, "ann")).place for _ in range(3)] == places[::-1]


@pytest.mark.parametrize(("seconds", "together"), [((5.0, 0.5), 5.5), ((5.0, None), None), ((None, 0.5), None)])
async def test_a_pair_taken_back_keeps_its_time(database, vault, project, seconds, together):
    """Half a second after an undo is not how long the pair took; where one of the two times is unknown, the sum is."""
    job, review = await reviewed(database, vault, project)
    await answer(database, project, review, "ann", seconds=seconds[0])
    await turns.undo_turn(database, project, review.id, "ann")
    assert (await turns.get_queue(database, project, review.id, "ann")).seconds is None  # not done, so not counted
    await answer(database, project, review, "ann", "second", seconds=seconds[1])
    assert (await turns.get_queue(database, project, review.id, "ann")).seconds == together
    labels = await rows(
        database, "SELECT seconds FROM labels WHERE job_id = :job", job=await number_of(database, job.id)
    )
    assert {row.seconds for row in labels} == {together}


async def test_answers_that_do_not_fit_are_refused(database, vault, project):
    job = await started(database, vault, project, rubric="reasoning-trace")
    review = await reviews.create_review(database, project, job.id, Asked(3, axes=["overall", job.axes[0]]))
    turn = await turns.take_turn(database, project, review.id, "ann")
    ask = {"database": database, "project": project, "review_id": review.id, "labeller": "ann"}
    good = dict.fromkeys(review.axes, "tie")
    for picks, field in ((good | {"nonsense": "tie"}, "picks"), ({"overall": "tie"}, f"picks.{job.axes[0]}")):
        with pytest.raises(Invalid) as told:
            await turns.answer_turn(**ask, place=turn.place, picks=picks)
        assert [problem.field for problem in told.value.problems] == [field]
    for place in (turn.place + 1, 99):
        with pytest.raises(NotFound, match="not in front of you"):
            await turns.answer_turn(**ask, place=place, picks=good)
    with pytest.raises(NotFound, match="not in front of you"):
        await turns.answer_turn(**ask | {"labeller": "ben"}, place=turn.place, picks=good)


async def test_a_closed_review_takes_nothing_and_keeps_what_it_has(database, vault, project):
    _, review = await reviewed(database, vault, project)
    done = await answer(database, project, review, "ann")
    turn = await turns.take_turn(database, project, review.id, "ann")
    closed = await reviews.close_review(database, project, review.id, actor="lead")
    assert closed.closed_at is not None
    assert await reviews.close_review(database, project, review.id, actor="lead") == closed
    picks = dict.fromkeys(review.axes, "first")
    for late in (
        turns.take_turn(database, project, review.id, "ann"),
        turns.undo_turn(database, project, review.id, "ann"),
        turns.answer_turn(database, project, review.id, "ann", turn.place, picks=picks),
    ):
        with pytest.raises(Conflict, match="closed"):
            await late
    replay = await turns.answer_turn(database, project, review.id, "ann", done.place, picks=picks)
    assert (replay.open, replay.done) == (False, 1)
    assert await turns.list_queues(database, project, "ann") == []
    async with database.transaction() as tx:
        told = [(entry.actor, entry.verb) for entry in await audit.trail(tx, project) if review.id in entry.object]
    assert told == [("system", "create"), ("lead", "close")]


async def test_another_project_sees_no_review(database, vault, project, stranger):
    job, review = await reviewed(database, vault, project)
    await turns.take_turn(database, project, review.id, "ann")
    for foreign in (
        reviews.create_review(database, stranger, job.id, Asked(1)),
        reviews.list_reviews(database, stranger, job.id),
        reviews.get_review(database, stranger, review.id),
        reviews.close_review(database, stranger, review.id),
        turns.get_queue(database, stranger, review.id, "ann"),
        turns.take_turn(database, stranger, review.id, "ann"),
        turns.answer_turn(database, stranger, review.id, "ann", 0, picks={}),
        turns.undo_turn(database, stranger, review.id, "ann"),
    ):
        with pytest.raises(NotFound):
            await foreign
    assert await turns.list_queues(database, stranger, "ann") == []


async def test_a_pair_labelled_elsewhere_is_not_asked_again_and_counts_as_done(database, vault, project):
    job, first = await reviewed(database, vault, project, pairs=10, seed=1)
    done = [await answer(database, project, first, "ann") for _ in range(4)]
    second = await reviews.create_review(database, project, job.id, Asked(10, seed=2))
    assert second.done == 4
    queue = await turns.get_queue(database, project, second.id, "ann")
    assert (queue.done, queue.left) == (0, 6)
    assert (await turns.get_queue(database, project, second.id, "ben")).left == 6
    said = [await answer(database, project, second, "ann") for _ in range(6)]
    assert not {turn.first.text for turn in done} & {
        text for turn in said for text in (turn.first.text, turn.second.text)
    }
    assert await turns.take_turn(database, project, second.id, "ann") is None
    assert [one.done for one in await reviews.list_reviews(database, project, job.id)] == [10, 10]


async def test_deleting_a_job_deletes_its_reviews(database, vault, project):
    job, review = await reviewed(database, vault, project)
    await answer(database, project, review, "ann")
    number = await number_of(database, job.id)
    of = (await rows(database, "SELECT id FROM reviews WHERE job_id = :job", job=number))[0].id
    await judge(database, job.id)
    await finish(database, job.id)
    await verbs.delete(database, project, job.id)
    with pytest.raises(NotFound):
        await reviews.get_review(database, project, review.id)
    for table, about in (
        ("labels", "job_id"),
        ("reviews", "job_id"),
        ("review_turns", "review_id"),
        ("review_pairs", "review_id"),
    ):
        assert await count_rows(database, table, **{about: number if about == "job_id" else of}) == 0


async def test_a_turn_holds_nothing_a_labeller_must_not_know(database, vault, project):
    async with database.transaction() as tx:
        await images.add_image(tx, project, ImageInfo(PICTURE, "image/png", 40, 30, 3), b"png")
    about = {
        "tags": {"modality": "SECRET-TAG"}, "cluster": "SECRET-CLUSTER", "answer": "SECRET-REFERENCE",
        "options": {"D": "yes", "C": "no"}, "images": (Image(sha256=PICTURE), Image(sha256="cd" * 32)),
    }  # fmt: skip
    pairs = [pair("SECRET-ITEM", **about | {"images": (Image(sha256=PICTURE),), "question": "What is it?"})]
    job = await started(database, vault, project, name="SECRET-JOB", pairs=pairs)
    await judge(database, job.id)
    review = await reviews.create_review(database, project, job.id, Asked(1, filters={"tag": "modality:SECRET-TAG"}))
    queue = await turns.get_queue(database, project, review.id, "ann")
    turn = await turns.take_turn(database, project, review.id, "ann")
    assert [asdict(picture) for picture in turn.images] == [{"sha256": PICTURE, "width": 40, "height": 30}]
    assert list(turn.options.items()) == [("D", "yes"), ("C", "no")]
    traces = json.dumps([turn.first.text, turn.second.text]).replace("SECRET-ITEM: ", "")
    shown = json.dumps([asdict(turn) | {"first": "", "second": ""}, asdict(queue)]) + traces
    for secret in ("SECRET", "base-7b", "tuned-7b", "stub", "filtered", "random", job.id, "seq", "verdict"):
        assert secret not in shown
