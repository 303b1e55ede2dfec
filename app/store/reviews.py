"""Reviews: the pairs drawn for people to label, how far each review is, and which pairs of a job were drawn at all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import Row, bindparam, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncConnection

from app.domain.errors import NotFound
from app.domain.rubric import Rubric
from app.store.database import driver_of
from app.store.documents import rubric_of
from app.store.jobs import as_uuid


@dataclass(frozen=True, slots=True)
class Review:
    """A review and what it needs of its job. `id` and `job` are internal."""

    id: int
    public_id: str
    job: int
    job_public_id: str
    title: str
    design: str
    filters: Mapping[str, str]
    seed: int
    axes: Sequence[str]
    pairs: int
    population: int
    per_pair: int
    created_at: datetime
    closed_at: datetime | None
    rubric: Rubric


@dataclass(frozen=True, slots=True)
class LabellerRow:
    """How far one labeller is with a review. `seconds`: median over pairs done whose time is known."""

    labeller: str
    done: int
    seconds: float | None


@dataclass(frozen=True, slots=True)
class Planned:
    """What a report must know of a random review: its axes, and how much of what was planned is there."""

    axes: Sequence[str]
    pairs: int
    done: int
    closed: bool


@dataclass(frozen=True, slots=True)
class Drawn:
    """Pairs that random reviews drew for an axis. `settled`: those before the first place without a label; whatever was
    labelled among them is a random sample, while behind it labels may be there for other reasons.
    """

    pairs: frozenset[int]
    settled: frozenset[int]


@dataclass(frozen=True, slots=True)
class NewReview:
    """A review to be stored. `pairs` are drawn from `population`."""

    title: str
    design: str
    filters: Mapping[str, str]
    seed: int
    axes: Sequence[str]
    population: int
    per_pair: int


_REVIEW = """
    SELECT r.id, r.public_id, r.job_id AS job, j.public_id AS job_public_id, r.title, r.design, r.filters,
      r.seed, r.axes, r.pairs, r.population, r.per_pair, r.created_at, r.closed_at, j.rubric
    FROM reviews r JOIN jobs j ON j.id = r.job_id
"""

# Pairs of which as many labellers as needed have said something on every axis, be it in this review or elsewhere.
_DONE = """
    SELECT review_id, count(*) AS done FROM (
      SELECT review_id, seq FROM (
        SELECT r.id AS review_id, l.seq, l.labeller, r.per_pair
        FROM reviews r JOIN review_pairs rp ON rp.review_id = r.id
          JOIN labels l ON l.job_id = r.job_id AND l.seq = rp.seq AND l.axis = ANY(r.axes)
        WHERE r.id = ANY(CAST(:reviews AS int[]))
        GROUP BY r.id, l.seq, l.labeller HAVING count(*) = cardinality(r.axes)) AS finished
      GROUP BY review_id, seq, per_pair HAVING count(*) >= per_pair) AS pairs
    GROUP BY review_id
"""


async def add_review(tx: AsyncConnection, job: int, new: NewReview, seqs: Sequence[int]) -> str:
    """Store a review with its pairs, in the order they were drawn; its public id."""
    made = await tx.execute(
        text(
            """
            INSERT INTO reviews (job_id, title, design, filters, seed, axes, pairs, population, per_pair)
            VALUES (:job, :title, :design, CAST(:filters AS jsonb), :seed, :axes, :pairs, :population, :per_pair)
            RETURNING id, public_id
            """
        ),
        {
            "job": job, "title": new.title, "design": new.design, "filters": orjson.dumps(dict(new.filters)).decode(),
            "seed": new.seed, "axes": list(new.axes), "pairs": len(seqs), "population": new.population,
            "per_pair": new.per_pair,
        },
    )  # fmt: skip
    row = made.one()
    chance = len(seqs) / new.population
    await (await driver_of(tx)).copy_records_to_table(
        "review_pairs",
        columns=("review_id", "place", "seq", "inclusion_probability"),
        records=[(row.id, place, seq, chance) for place, seq in enumerate(seqs)],
    )
    return str(row.public_id)


async def find_review(tx: AsyncConnection, project: int, review_id: str, *, hold: bool = False) -> Review:
    """A review of a project; NotFound for another's. `hold`: nobody else takes or gives a turn until the transaction
    ends.
    """
    where = "WHERE j.project_id = :project AND r.public_id = CAST(:id AS uuid)"
    lock = "FOR NO KEY UPDATE OF r" if hold else ""
    found = await tx.execute(text(f"{_REVIEW} {where} {lock}"), {"project": project, "id": _as_uuid(review_id)})
    row = found.one_or_none()
    if row is None:
        raise _unknown()
    return _review(row)


async def reviews_of(tx: AsyncConnection, job: int) -> list[Review]:
    """A job's reviews, newest first."""
    found = await tx.execute(text(f"{_REVIEW} WHERE r.job_id = :job ORDER BY r.id DESC"), {"job": job})
    return [_review(row) for row in found]


async def open_reviews(tx: AsyncConnection, project: int) -> list[Review]:
    """A project's reviews that are not closed, newest first."""
    found = await tx.execute(
        text(f"{_REVIEW} WHERE j.project_id = :project AND r.closed_at IS NULL ORDER BY r.id DESC"),
        {"project": project},
    )
    return [_review(row) for row in found]


async def close_review(tx: AsyncConnection, review: int) -> None:
    """Close a held review."""
    await tx.execute(text("UPDATE reviews SET closed_at = clock_timestamp() WHERE id = :review"), {"review": review})


async def done_of(tx: AsyncConnection, reviews: Sequence[int]) -> dict[int, int]:
    """How many pairs of each review have all labellers they need; reviews without one are absent."""
    found = await tx.execute(text(_DONE), {"reviews": list(reviews)})
    return {row.review_id: row.done for row in found}


async def labellers_of(tx: AsyncConnection, reviews: Sequence[int]) -> dict[int, list[LabellerRow]]:
    """Who has labelled in each review, by name."""
    found = await tx.execute(
        text(
            """
            SELECT review_id, labeller, count(*) AS done,
              percentile_cont(0.5) WITHIN GROUP (ORDER BY seconds) AS seconds
            FROM review_turns WHERE review_id = ANY(CAST(:reviews AS int[])) AND done_at IS NOT NULL
            GROUP BY review_id, labeller ORDER BY review_id, labeller
            """
        ),
        {"reviews": list(reviews)},
    )
    rows: dict[int, list[LabellerRow]] = {review: [] for review in reviews}
    for row in found:
        rows[row.review_id].append(LabellerRow(row.labeller, row.done, row.seconds))
    return rows


async def planned_of(tx: AsyncConnection, job: int) -> list[Planned]:
    """A job's random reviews, oldest first."""
    found = [review for review in reversed(await reviews_of(tx, job)) if review.design == "random"]
    done = await done_of(tx, [review.id for review in found]) if found else {}
    return [
        Planned(review.axes, review.pairs, done.get(review.id, 0), review.closed_at is not None) for review in found
    ]


async def drawn_at_random(tx: AsyncConnection, job: int) -> dict[str, Drawn]:
    """By axis, the pairs of a job that random reviews drew."""
    found = await tx.execute(
        text(
            """
            SELECT axis, array_agg(DISTINCT rp.seq) AS pairs,
              array_agg(DISTINCT rp.seq) FILTER (WHERE owed.place IS NULL OR rp.place < owed.place) AS settled
            FROM reviews r CROSS JOIN unnest(r.axes) AS axis CROSS JOIN LATERAL (
                SELECT min(rp.place) AS place FROM review_pairs rp WHERE rp.review_id = r.id AND NOT EXISTS (
                  SELECT FROM labels l WHERE l.job_id = r.job_id AND l.seq = rp.seq AND l.axis = axis.axis)) AS owed
              JOIN review_pairs rp ON rp.review_id = r.id
            WHERE r.job_id = :job AND r.design = 'random' GROUP BY axis
            """
        ),
        {"job": job},
    )
    return {row.axis: Drawn(frozenset(row.pairs), frozenset(row.settled or ())) for row in found}


async def numbers_with_tags(tx: AsyncConnection, job: int, tags: Mapping[str, str]) -> list[int]:
    """The numbered pairs whose item has these tags, in order."""
    found = await tx.execute(
        text(
            """
            SELECT p.seq FROM pairs p JOIN items i ON i.id = p.item_id
            WHERE p.job_id = :job AND p.seq IS NOT NULL AND i.tags @> :tags ORDER BY p.seq
            """
        ).bindparams(bindparam("tags", type_=JSONB)),
        {"job": job, "tags": dict(tags)},
    )
    return list(found.scalars())


def _review(row: Row[Any]) -> Review:
    return Review(**{
        **row._asdict(), "public_id": str(row.public_id), "job_public_id": str(row.job_public_id),
        "rubric": rubric_of(row.rubric),
    })  # fmt: skip


def _as_uuid(review_id: str) -> str:
    try:
        return as_uuid(review_id)
    except NotFound:
        raise _unknown() from None


def _unknown() -> NotFound:
    return NotFound("there is no such review")
