"""Blind review: a lead draws pairs of a job, labellers take them one by one and say which side is better."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Response, status

from app.api.auth import JobsReader, JobsWriter, Labeller, Running
from app.api.jobs import JobId
from app.services import reviews, turns
from app.wire.pages import PageOut
from app.wire.reviews import PicksIn, QueueOut, ReviewIn, ReviewOut, TurnOut
from app.wire.shape import LARGEST_INT

router = APIRouter(prefix="/v1", tags=["reviews"])

ReviewId = Annotated[UUID, Path(description="the review's id")]
Place = Annotated[int, Path(ge=0, le=LARGEST_INT, description="the pair's place in the review, as the turn says")]


@router.post("/jobs/{job_id}/reviews", status_code=status.HTTP_201_CREATED)
async def create_review(job_id: JobId, review: ReviewIn, who: JobsWriter, running: Running) -> ReviewOut:
    """Draw pairs of a started job for people to label blind.

    Drawn from all pairs the labels speak for all of them and reach the human-calibrated rate; drawn from what filters
    leave they do not.
    """
    asked = reviews.Asked(
        pairs=review.pairs,
        title=review.title,
        per_pair=review.per_pair,
        axes=review.axes,
        seed=review.seed,
        filters=review.filters.model_dump(exclude_none=True),
    )
    made = await reviews.create_review(running.database, who.project, str(job_id), asked, actor=who.key_name)
    return ReviewOut.model_validate(made)


@router.get("/jobs/{job_id}/reviews")
async def list_reviews(job_id: JobId, who: JobsReader, running: Running) -> PageOut[ReviewOut]:
    """The job's reviews, newest first."""
    found = await reviews.list_reviews(running.database, who.project, str(job_id))
    return PageOut(items=[ReviewOut.model_validate(review) for review in found], next=None)


@router.get("/reviews/{review_id}")
async def get_review(review_id: ReviewId, who: JobsReader, running: Running) -> ReviewOut:
    """A review: how its pairs were drawn, how far it is, who labels."""
    return ReviewOut.model_validate(await reviews.get_review(running.database, who.project, str(review_id)))


@router.post("/reviews/{review_id}/close")
async def close_review(review_id: ReviewId, who: JobsWriter, running: Running) -> ReviewOut:
    """End a review: nobody labels in it any more, what was labelled stays."""
    closed = await reviews.close_review(running.database, who.project, str(review_id), actor=who.key_name)
    return ReviewOut.model_validate(closed)


@router.get("/queues")
async def list_queues(who: Labeller, running: Running) -> PageOut[QueueOut]:
    """The open reviews of the project, as this labeller sees them."""
    found = await turns.list_queues(running.database, who.project, who.key_name)
    return PageOut(items=[QueueOut.model_validate(queue) for queue in found], next=None)


@router.get("/queues/{review_id}")
async def get_queue(review_id: ReviewId, who: Labeller, running: Running) -> QueueOut:
    """A review as this labeller sees it."""
    found = await turns.get_queue(running.database, who.project, str(review_id), who.key_name)
    return QueueOut.model_validate(found)


@router.post(
    "/queues/{review_id}/turn",
    name="take_turn",
    response_model=TurnOut,
    responses={status.HTTP_204_NO_CONTENT: {"description": "nothing is left for this labeller"}},
)
async def post_turn(review_id: ReviewId, who: Labeller, running: Running) -> TurnOut | Response:
    """The pair in front of this labeller, else the next one, kept for them for an hour; its sides are shuffled."""
    turn = await take_turn(review_id, who, running)
    return Response(status_code=status.HTTP_204_NO_CONTENT) if turn is None else turn


async def take_turn(review_id: UUID, who: Labeller, running: Running) -> TurnOut | None:
    """The same for a page: None when nothing is left for this labeller."""
    turn = await turns.take_turn(running.database, who.project, str(review_id), who.key_name)
    return None if turn is None else TurnOut.model_validate(turn)


@router.put("/queues/{review_id}/turns/{place}")
async def answer_turn(review_id: ReviewId, place: Place, picks: PicksIn, who: Labeller, running: Running) -> QueueOut:
    """Say which side is better on every axis. The same answer again changes nothing; another one needs an undo."""
    queue = await turns.answer_turn(
        running.database, who.project, str(review_id), who.key_name, place, picks=picks.picks, seconds=picks.seconds
    )
    return QueueOut.model_validate(queue)


@router.delete("/queues/{review_id}/turns/last")
async def undo_turn(review_id: ReviewId, who: Labeller, running: Running) -> TurnOut:
    """Take this labeller's last answer back: its labels go, the pair is in front of them again."""
    turn = await turns.undo_turn(running.database, who.project, str(review_id), who.key_name)
    return TurnOut.model_validate(turn)
