"""Labelling in a review: whose turn is which pair, what they say of it, and taking the last one back."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from app.domain.errors import Conflict, Invalid, NotFound, Problem
from app.domain.judgment import Side
from app.domain.order import Order
from app.domain.review import said_of, side_of
from app.store import review_turns, reviews
from app.store.database import Database, Transaction
from app.store.review_turns import Picture, TurnRow
from app.store.reviews import Review

CLOSED = "this review is closed: nothing more is to be labelled in it"
CLOSED_MEANWHILE = "the review was closed while you were choosing: nothing more is to be labelled in it"
ANSWERED = "another answer of yours for this pair is stored already: undo first, then answer anew"


@dataclass(frozen=True, slots=True)
class QueueAxis:
    """An axis as a labeller meets it."""

    name: str
    title: str
    question: str


@dataclass(frozen=True, slots=True)
class Queue:
    """A review as one labeller sees it. `waiting`: pairs in front of others, which may come back. `seconds`: the
    labeller's median time for a pair.
    """

    id: str
    title: str
    axes: Sequence[QueueAxis]
    pairs: int
    done: int
    left: int
    waiting: int
    open: bool
    seconds: float | None


@dataclass(frozen=True, slots=True)
class Shown:
    """One trace as a labeller sees it."""

    text: str
    answer: str | None


@dataclass(frozen=True, slots=True)
class Turn:
    """One pair in front of one labeller. Nothing here may say whose traces these are or what was judged of them."""

    review: str
    place: int
    question: str
    options: Mapping[str, str]
    images: Sequence[Picture]
    first: Shown
    second: Shown
    picks: Mapping[str, str]


async def list_queues(database: Database, project: int, labeller: str) -> list[Queue]:
    """The open reviews of a project, newest first."""
    async with database.transaction() as tx:
        return [await _queue(tx, review, labeller) for review in await reviews.open_reviews(tx, project)]


async def get_queue(database: Database, project: int, review_id: str, labeller: str) -> Queue:
    """A review as this labeller sees it; NotFound for another project's."""
    async with database.transaction() as tx:
        return await _queue(tx, await reviews.find_review(tx, project, review_id), labeller)


async def take_turn(database: Database, project: int, review_id: str, labeller: str) -> Turn | None:
    """The pair in front of this labeller, else the next one nobody else has; None when nothing is left for them.

    Conflict when the review is closed.
    """
    async with database.transaction() as tx:
        review = await _held(tx, project, review_id)
        free = await review_turns.next_free(tx, review, labeller)
        if free is None:
            return None
        # A coin and no seed: whoever knew the seed would know whose trace stands first. The turn keeps how it fell.
        coin = Order(secrets.randbits(1))
        return await _turn(tx, review, await review_turns.put_turn(tx, review, free, labeller, coin))


async def answer_turn(
    database: Database,
    project: int,
    review_id: str,
    labeller: str,
    place: int,
    *,
    picks: Mapping[str, str],
    seconds: float | None = None,
) -> Queue:
    """Store what a labeller says of the pair at a place: first, second, tie or unable on every axis of the review.

    The same answer again changes nothing. NotFound for a pair that is not in front of them; Conflict when it is
    answered otherwise already, labelled elsewhere meanwhile, or the review is closed; Invalid for axes that do not
    fit.
    """
    async with database.transaction() as tx:
        review = await reviews.find_review(tx, project, review_id, hold=True)
        _check_axes(review, picks)
        turn = await review_turns.find_turn(tx, review, labeller, place)
        if turn is None:
            raise NotFound("this pair is not in front of you")
        said = {axis: side_of(picks[axis], Order(turn.shown)) for axis in review.axes}
        if turn.done:
            if await review_turns.sides_said(tx, review, turn, labeller) != said:
                raise Conflict(ANSWERED)
        else:
            await _finish(tx, review, turn, labeller, said=said, seconds=seconds)
        return await _queue(tx, review, labeller)


async def undo_turn(database: Database, project: int, review_id: str, labeller: str) -> Turn:
    """Take the last answer back: its labels go, the pair is in front of the labeller again, with what they said.

    Conflict when there is none, or the review is closed.
    """
    async with database.transaction() as tx:
        review = await _held(tx, project, review_id)
        turn = await review_turns.last_done(tx, review, labeller)
        if turn is None:
            raise Conflict("there is nothing to undo: you have labelled no pair of this review")
        sides = await review_turns.sides_said(tx, review, turn, labeller)
        picks = {axis: said_of(_side(side), Order(turn.shown)) for axis, side in sides.items()}
        await review_turns.reopen_turn(tx, review, turn, labeller, picks)
        again = TurnRow(turn.place, turn.seq, turn.shown, done=False, picks=picks)
        return await _turn(tx, review, again)


async def _finish(
    tx: Transaction,
    review: Review,
    turn: TurnRow,
    labeller: str,
    *,
    said: Mapping[str, Side | None],
    seconds: float | None,
) -> None:
    if review.closed_at is not None:
        raise Conflict(CLOSED_MEANWHILE)
    await review_turns.keep_labels_still(tx, review.job)
    if not await review_turns.finish_turn(tx, review, turn, labeller, sides=said, seconds=seconds):
        raise Conflict("you have labelled this pair elsewhere meanwhile: go on with the next")


async def _held(tx: Transaction, project: int, review_id: str) -> Review:
    """A review in which turns may be moved."""
    review = await reviews.find_review(tx, project, review_id, hold=True)
    if review.closed_at is not None:
        raise Conflict(CLOSED)
    return review


def _check_axes(review: Review, picks: Mapping[str, str]) -> None:
    unknown = sorted(set(picks) - set(review.axes))
    missing = [axis for axis in review.axes if axis not in picks]
    problems = [Problem(f"one of {', '.join(review.axes)}", field="picks") for _ in unknown[:1]]
    problems += [Problem("needs a pick, too", field=f"picks.{axis}") for axis in missing]
    if problems:
        raise Invalid("a pair gets a pick on every axis of the review", tuple(problems))


async def _queue(tx: Transaction, review: Review, labeller: str) -> Queue:
    counts = await review_turns.counts(tx, review, labeller)
    axes = [review.rubric.axis(name) for name in review.axes]
    return Queue(
        id=review.public_id,
        title=review.title,
        axes=[QueueAxis(axis.name, axis.title, axis.instruction) for axis in axes],
        pairs=review.pairs,
        done=counts.done,
        left=counts.left,
        waiting=counts.waiting,
        open=review.closed_at is None,
        seconds=counts.seconds,
    )


async def _turn(tx: Transaction, review: Review, turn: TurnRow) -> Turn:
    pair = await review_turns.shown_pair(tx, review.job, turn.seq)
    sides = (Shown(*pair.a), Shown(*pair.b))
    first, second = sides if turn.shown == Order.AB else sides[::-1]
    return Turn(
        review=review.public_id,
        place=turn.place,
        question=pair.question,
        options=pair.options,
        images=pair.images,
        first=first,
        second=second,
        picks=turn.picks,
    )


def _side(side: int | None) -> Side | None:
    return None if side is None else Side(side)
