"""Reviews as tests make and answer them."""

from __future__ import annotations

from sqlalchemy import text

from app.services import reviews, turns
from app.services.reviews import Asked
from tests.integration.services.samples import started


async def rows(database, statement: str, **values) -> list:
    async with database.transaction() as tx:
        return (await tx.execute(text(statement), values)).all()


async def drawn_pairs(database, review) -> list[int]:
    """The target numbers a review drew, by place."""
    found = await rows(
        database,
        "SELECT seq FROM review_pairs JOIN reviews r ON r.id = review_id WHERE r.public_id = CAST(:id AS uuid)"
        " ORDER BY place",
        id=review.id,
    )
    return [row.seq for row in found]


async def reviewed(database, vault, project, pairs=10, **asked):
    """A job of ten pairs and a review of some of them."""
    job = await started(database, vault, project)
    return job, await reviews.create_review(database, project, job.id, Asked(pairs, **asked))


async def answer(database, project, review, labeller, said="first", **more):
    """Take a turn and answer it, the same on every axis; the turn."""
    turn = await turns.take_turn(database, project, review.id, labeller)
    picks = dict.fromkeys(review.axes, said)
    await turns.answer_turn(database, project, review.id, labeller, turn.place, picks=picks, **more)
    return turn
