"""The part of the client about blind review: drawing pairs as a lead, labelling them as a labeller."""

from __future__ import annotations

from collections.abc import Mapping

import httpx

from app.client.link import Json, Link, path, read
from app.wire.pages import PageOut
from app.wire.reviews import PickName, QueueOut, ReviewOut, TurnOut


class ReviewCalls:
    """What `Client` offers for reviews."""

    _link: Link

    def create_review(self, job_id: str, review: Json) -> ReviewOut:
        """Draw pairs of a job from the JSON of POST /v1/jobs/{id}/reviews."""
        return read(ReviewOut, self._link.send("POST", path("jobs", job_id, "reviews"), json=review))

    def reviews(self, job_id: str) -> list[ReviewOut]:
        """A job's reviews, newest first."""
        return read(PageOut[ReviewOut], self._link.send("GET", path("jobs", job_id, "reviews"), again=True)).items

    def get_review(self, review_id: str) -> ReviewOut:
        return read(ReviewOut, self._link.send("GET", path("reviews", review_id), again=True))

    def close_review(self, review_id: str) -> ReviewOut:
        """End a review; what was labelled stays."""
        return read(ReviewOut, self._link.send("POST", path("reviews", review_id, "close"), again=True))

    def queues(self) -> list[QueueOut]:
        """The open reviews of the project, as this key's holder sees them."""
        return read(PageOut[QueueOut], self._link.send("GET", "/v1/queues", again=True)).items

    def get_queue(self, review_id: str) -> QueueOut:
        return read(QueueOut, self._link.send("GET", path("queues", review_id), again=True))

    def take_turn(self, review_id: str) -> TurnOut | None:
        """The pair in front of this key's holder, else the next; None when nothing is left for them."""
        answer = self._link.send("POST", path("queues", review_id, "turn"), again=True)
        return None if answer.status_code == httpx.codes.NO_CONTENT else read(TurnOut, answer)

    def answer_turn(
        self, review_id: str, place: int, picks: Mapping[str, PickName], *, seconds: float | None = None
    ) -> QueueOut:
        """Say which side is better on every axis; the same answer again changes nothing."""
        body = {"picks": dict(picks), "seconds": seconds}
        address = path("queues", review_id, "turns", str(place))
        return read(QueueOut, self._link.send("PUT", address, json=body, again=True))

    def undo_turn(self, review_id: str) -> TurnOut:
        """Take the last answer back."""
        return read(TurnOut, self._link.send("DELETE", path("queues", review_id, "turns", "last")))
