"""Blind review as a labeller meets it: the open reviews, one pair at a time, and what has been done."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from http import HTTPStatus

from fastapi import APIRouter, Request
from pydantic import ValidationError
from starlette.responses import RedirectResponse, Response

from app.api import reviews
from app.api.auth import Labeller, Running
from app.api.forms import form_of
from app.api.pages.frame import page
from app.api.reviews import Place, ReviewId
from app.domain.errors import Conflict, Invalid
from app.wire.problems import problems_of
from app.wire.reviews import PicksIn, QueueOut, TurnOut

router = APIRouter(prefix="/review", include_in_schema=False)

UNFINISHED = "Please choose one of the four for every question."


@router.get("")
async def home(request: Request, who: Labeller, running: Running) -> Response:
    """The reviews that are open, each with the labeller's own progress."""
    found = await reviews.list_queues(who, running)
    return page(request, "review_home.html", queues=found.items)


@router.get("/{review_id}")
async def pair(request: Request, review_id: ReviewId, who: Labeller, running: Running) -> Response:
    """The pair in front of the labeller, else the next one, else why there is none."""
    queue = await reviews.get_queue(review_id, who, running)
    turn = await reviews.take_turn(review_id, who, running) if queue.open else None
    if turn is not None:
        return _shown(request, queue, turn)
    if queue.open and queue.done and not queue.waiting:
        return RedirectResponse(f"/review/{review_id}/done", HTTPStatus.SEE_OTHER)
    return page(request, "review_rest.html", queue=queue)


@router.get("/{review_id}/done")
async def done(request: Request, review_id: ReviewId, who: Labeller, running: Running) -> Response:
    """What the labeller has done, with thanks."""
    return page(request, "review_done.html", queue=await reviews.get_queue(review_id, who, running))


@router.post("/{review_id}/undo")
async def undo(review_id: ReviewId, who: Labeller, running: Running) -> Response:
    """Bring the last pair back. Where there is none, the page that comes says how things are."""
    with suppress(Conflict):
        await reviews.undo_turn(review_id, who, running)
    return RedirectResponse(f"/review/{review_id}", HTTPStatus.SEE_OTHER)


@router.post("/{review_id}/{place}")
async def answer(request: Request, review_id: ReviewId, place: Place, who: Labeller, running: Running) -> Response:
    """Store what was chosen and go to the next pair; where a choice is missing, the same pair with what is there;
    where the answer comes too late, why it was not saved and what to do.
    """
    form = await form_of(request)
    queue = await reviews.get_queue(review_id, who, running)
    picks = {axis.name: form[f"axis-{n}"] for n, axis in enumerate(queue.axes) if form.get(f"axis-{n}")}
    if queue.open and len(picks) < len(queue.axes):
        turn = await reviews.take_turn(review_id, who, running)
        if turn is not None and turn.place == place:
            return _shown(request, queue, turn, picks=picks, problem=UNFINISHED)
    try:
        await reviews.answer_turn(review_id, place, _picks(picks, form.get("seconds", "")), who, running)
    except Conflict as error:
        queue = await reviews.get_queue(review_id, who, running)
        return page(request, "review_unsaved.html", status=HTTPStatus.CONFLICT, queue=queue, why=error.detail)
    return RedirectResponse(f"/review/{review_id}", HTTPStatus.SEE_OTHER)


def _shown(
    request: Request,
    queue: QueueOut,
    turn: TurnOut,
    *,
    picks: Mapping[str, str] | None = None,
    problem: str = "",
) -> Response:
    """`picks`: other than those the turn has."""
    status = HTTPStatus.UNPROCESSABLE_ENTITY if problem else HTTPStatus.OK
    chosen = turn.picks if picks is None else picks
    return page(request, "review_turn.html", status=status, queue=queue, turn=turn, picks=chosen, problem=problem)


def _picks(picks: Mapping[str, str], seconds: str) -> PicksIn:
    """What the form says; without scripts nobody has counted the seconds."""
    try:
        return PicksIn.model_validate({"picks": picks, "seconds": float(seconds) if seconds else None})
    except ValidationError as error:
        raise Invalid("this answer cannot be read", problems_of(error.errors())) from None
    except ValueError:
        raise Invalid("this answer cannot be read: seconds is a number") from None
