"""Reviews as their lead sees them: drawing pairs for people to label, how far they are, and closing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from app.domain.errors import Conflict, Invalid, Problem
from app.domain.imported import Design
from app.domain.review import draw
from app.services.population import population_of
from app.store import audit, reviews
from app.store.database import Database, Transaction
from app.store.jobs import OpenJob, hold_job, open_job
from app.store.reviews import LabellerRow, NewReview, Review


@dataclass(frozen=True, slots=True)
class Asked:
    """A review somebody wants. `axes` None = all of the job; `filters`: words by name, empty = all pairs."""

    pairs: int
    title: str = "Review"
    per_pair: int = 1
    axes: Sequence[str] | None = None
    seed: int = 0
    filters: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ReviewState:
    """A review and how far it is. `done`: pairs with all labellers they need."""

    id: str
    job: str
    title: str
    design: str
    filters: Mapping[str, str]
    seed: int
    axes: Sequence[str]
    pairs: int
    population: int
    inclusion_probability: float
    per_pair: int
    done: int
    labellers: Sequence[LabellerRow]
    created_at: datetime
    closed_at: datetime | None


async def create_review(
    database: Database, project: int, job_id: str, asked: Asked, *, actor: str = audit.SYSTEM
) -> ReviewState:
    """Draw pairs of a started job at random and keep them as a review.

    Conflict for a draft; Invalid, naming the field, for axes and filters that do not fit, and for more pairs than
    there are.
    """
    async with database.transaction() as tx:
        job = await open_job(tx, project, job_id)
    if not job.started:
        raise Conflict("the job is a draft: its pairs can be reviewed once it is started")
    axes = _axes(job, asked.axes)
    population = await population_of(database, project, job_id, asked.filters)
    if asked.pairs > len(population):
        there = f"{len(population):,} pairs are left by the filters" if asked.filters else f"{len(population):,} pairs"
        raise Invalid("there are fewer pairs than that", (Problem(f"at most {there}", field="pairs"),))
    seqs = population[draw(len(population), asked.pairs, asked.seed)]
    design = Design.FILTERED if asked.filters else Design.RANDOM
    new = NewReview(
        asked.title, design.value, asked.filters, asked.seed, axes, population=len(population), per_pair=asked.per_pair
    )
    async with database.transaction() as tx:
        held = await hold_job(tx, project, job_id)  # it may have been deleted while its pairs were read
        public_id = await reviews.add_review(tx, held.id, new, seqs.tolist())
        await audit.record(tx, project, actor, "create", f"review {public_id}")
        return await _state(tx, await reviews.find_review(tx, project, public_id))


async def list_reviews(database: Database, project: int, job_id: str) -> list[ReviewState]:
    """A job's reviews, newest first."""
    async with database.transaction() as tx:
        job = await open_job(tx, project, job_id)
        return await _states(tx, await reviews.reviews_of(tx, job.id))


async def get_review(database: Database, project: int, review_id: str) -> ReviewState:
    """A review and how far it is; NotFound for another project's."""
    async with database.transaction() as tx:
        return await _state(tx, await reviews.find_review(tx, project, review_id))


async def close_review(database: Database, project: int, review_id: str, *, actor: str = audit.SYSTEM) -> ReviewState:
    """End a review: nobody labels in it any more, what was labelled stays. Closing a closed one changes nothing."""
    async with database.transaction() as tx:
        review = await reviews.find_review(tx, project, review_id, hold=True)
        if review.closed_at is None:
            await reviews.close_review(tx, review.id)
            await audit.record(tx, project, actor, "close", f"review {review.public_id}")
        return await _state(tx, await reviews.find_review(tx, project, review_id))


def _axes(job: OpenJob, wanted: Sequence[str] | None) -> list[str]:
    """The axes to label, in the job's order."""
    unknown = sorted(set(wanted or ()) - set(job.spec.axes))
    if unknown:
        raise Invalid(
            "the job was not judged on these axes", (Problem(f"one of {', '.join(job.spec.axes)}", field="axes"),)
        )
    return [axis for axis in job.spec.axes if wanted is None or axis in wanted]


async def _state(tx: Transaction, review: Review) -> ReviewState:
    return (await _states(tx, [review]))[0]


async def _states(tx: Transaction, found: Sequence[Review]) -> list[ReviewState]:
    numbers = [review.id for review in found]
    done, labellers = await reviews.done_of(tx, numbers), await reviews.labellers_of(tx, numbers)
    return [
        ReviewState(
            id=review.public_id,
            job=review.job_public_id,
            title=review.title,
            design=review.design,
            filters=review.filters,
            seed=review.seed,
            axes=review.axes,
            pairs=review.pairs,
            population=review.population,
            inclusion_probability=review.pairs / review.population,
            per_pair=review.per_pair,
            done=done.get(review.id, 0),
            labellers=labellers[review.id],
            created_at=review.created_at,
            closed_at=review.closed_at,
        )
        for review in found
    ]
