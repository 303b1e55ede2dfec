"""Turns of a blind review: which pair is in front of whom, what they said of it, and the pair as they see it.

A review is held (`find_review(..., hold=True)`) by whoever moves a turn, so that two labellers never get one place.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import orjson
from sqlalchemy import bindparam, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncConnection

from app.store.reviews import Review

# A pair in front of a labeller is kept for them so long, in seconds; then somebody else may have it.
KEPT = 3_600


@dataclass(frozen=True, slots=True)
class TurnRow:
    """One labeller with one pair. `shown`: an Order. `picks`: words by axis, said before an undo."""

    place: int
    seq: int
    shown: int
    done: bool
    picks: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Free:
    """A pair that a labeller could be given."""

    place: int
    seq: int


@dataclass(frozen=True, slots=True)
class Counts:
    """How many pairs of a review a labeller has done, how many are left for them, how many would be if others gave up
    the pairs in front of them, and the labeller's median time for one.
    """

    done: int
    left: int
    waiting: int
    seconds: float | None


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture as it is shown."""

    sha256: str
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class ShownPair:
    """The parts of a pair a labeller may see; `a` and `b`: text and answer."""

    question: str
    options: Mapping[str, str]
    images: Sequence[Picture]
    a: tuple[str, str | None]
    b: tuple[str, str | None]


# A pair is free for a labeller who has not labelled it, on any axis of the review, here or elsewhere; and while others
# are fewer than it needs: those who have it in front of them, those who are done, those who labelled it elsewhere.
_FREE = """
    WITH others AS (
      SELECT place, labeller, done_at IS NOT NULL AS done FROM review_turns
      WHERE review_id = :review AND labeller <> :me
        AND (done_at IS NOT NULL OR taken_at > clock_timestamp() - make_interval(secs => :kept))
      UNION
      SELECT rp.place, l.labeller, true FROM review_pairs rp JOIN labels l ON l.job_id = :job AND l.seq = rp.seq
      WHERE rp.review_id = :review AND l.labeller <> :me AND l.axis = ANY(CAST(:axes AS text[]))
      GROUP BY rp.place, l.labeller HAVING count(*) = cardinality(CAST(:axes AS text[]))
    ), spoken AS (
      SELECT place, count(DISTINCT labeller) AS people, count(DISTINCT labeller) FILTER (WHERE done) AS done
      FROM others GROUP BY place
    ), mine AS (
      SELECT rp.place, rp.seq, coalesce(s.people, 0) < :per_pair AS free, coalesce(s.done, 0) < :per_pair AS owed
      FROM review_pairs rp LEFT JOIN spoken s USING (place)
      WHERE rp.review_id = :review
        AND NOT EXISTS (
          SELECT FROM labels l WHERE l.job_id = :job AND l.seq = rp.seq AND l.labeller = :me
            AND l.axis = ANY(CAST(:axes AS text[]))))
"""


async def next_free(tx: AsyncConnection, review: Review, labeller: str) -> Free | None:
    """The free pair this labeller took last, else the first free place; None when nothing is left for them."""
    found = await tx.execute(
        text(
            f"""
            {_FREE} SELECT m.place, m.seq FROM mine m
            LEFT JOIN review_turns t ON t.review_id = :review AND t.place = m.place AND t.labeller = :me
            WHERE m.free ORDER BY t.taken_at DESC NULLS LAST, m.place LIMIT 1
            """  # noqa: S608 - a constant goes in
        ),
        _of(review, labeller),
    )
    row = found.one_or_none()
    return None if row is None else Free(row.place, row.seq)


async def counts(tx: AsyncConnection, review: Review, labeller: str) -> Counts:
    """How far a labeller is."""
    found = await tx.execute(
        text(
            f"""
            {_FREE} SELECT count(*) AS done,
              (SELECT count(*) FROM mine WHERE free) AS free,
              (SELECT count(*) FROM mine WHERE owed AND NOT free) AS waiting,
              percentile_cont(0.5) WITHIN GROUP (ORDER BY seconds) AS seconds
            FROM review_turns WHERE review_id = :review AND labeller = :me AND done_at IS NOT NULL
            """  # noqa: S608 - as above
        ),
        _of(review, labeller),
    )
    return Counts(*found.one())


async def put_turn(tx: AsyncConnection, review: Review, free: Free, labeller: str, shown: int) -> TurnRow:
    """Put a pair in front of a labeller; one that was there already stays as it was shown."""
    found = await tx.execute(
        text(
            """
            INSERT INTO review_turns AS t (review_id, place, labeller, shown)
            VALUES (:review, :place, :labeller, :shown)
            ON CONFLICT (review_id, place, labeller) DO UPDATE SET taken_at = clock_timestamp()
            RETURNING t.shown, t.picks
            """
        ),
        {"review": review.id, "place": free.place, "labeller": labeller, "shown": shown},
    )
    row = found.one()
    return TurnRow(free.place, free.seq, row.shown, done=False, picks=row.picks or {})


async def find_turn(tx: AsyncConnection, review: Review, labeller: str, place: int) -> TurnRow | None:
    """A labeller's turn at a place."""
    return await _turn(tx, "rp.place = :place", review, {"labeller": labeller, "place": place})


async def last_done(tx: AsyncConnection, review: Review, labeller: str) -> TurnRow | None:
    """The turn a labeller ended last."""
    return await _turn(tx, "t.done_at IS NOT NULL", review, {"labeller": labeller})


async def _turn(tx: AsyncConnection, where: str, review: Review, values: Mapping[str, object]) -> TurnRow | None:
    found = await tx.execute(
        text(
            f"""
            SELECT rp.place, rp.seq, t.shown, t.done_at IS NOT NULL AS done, t.picks
            FROM review_turns t JOIN review_pairs rp USING (review_id, place)
            WHERE t.review_id = :review AND t.labeller = :labeller AND {where}
            ORDER BY t.done_at DESC NULLS LAST, rp.place DESC LIMIT 1
            """  # noqa: S608 - one of two conditions goes in
        ),
        {"review": review.id, **values},
    )
    row = found.one_or_none()
    return None if row is None else TurnRow(row.place, row.seq, row.shown, row.done, row.picks or {})


async def finish_turn(
    tx: AsyncConnection,
    review: Review,
    turn: TurnRow,
    labeller: str,
    *,
    sides: Mapping[str, int | None],
    seconds: float | None,
) -> bool:
    """End a turn with a label on every axis. `seconds`: since the turn was taken or reopened. False, with nothing
    ended, where this person has labelled the pair elsewhere meanwhile; then the transaction must not be kept.
    """
    about = {"review": review.id, "place": turn.place, "labeller": labeller}
    ended = await tx.execute(
        text(
            # Only a reopened turn has picks. Its time is known when that before the undo and that after it are.
            """
            UPDATE review_turns SET done_at = clock_timestamp(), picks = NULL,
              seconds = CAST(:seconds AS real) + CASE WHEN picks IS NULL THEN 0 ELSE seconds END
            WHERE review_id = :review AND place = :place AND labeller = :labeller RETURNING seconds
            """
        ),
        about | {"seconds": seconds},
    )
    written = await tx.execute(
        text(
            """
            INSERT INTO labels (job_id, seq, axis, labeller, side, shown, design, inclusion_probability, seconds,
              review_id)
            SELECT :job, rp.seq, said.axis, :labeller, said.side, :shown, :design, rp.inclusion_probability, :seconds,
              rp.review_id
            FROM review_pairs rp,
              unnest(CAST(:axes AS text[]), CAST(:sides AS smallint[])) WITH ORDINALITY AS said (axis, side, number)
            WHERE rp.review_id = :review AND rp.place = :place ORDER BY said.number
            ON CONFLICT (job_id, seq, axis, labeller) DO NOTHING
            """
        ),
        about | {
            "job": review.job, "shown": turn.shown, "design": review.design, "axes": list(sides),
            "sides": list(sides.values()), "seconds": ended.scalar_one(),
        },
    )  # fmt: skip
    return int(written.rowcount) == len(sides)


async def sides_said(tx: AsyncConnection, review: Review, turn: TurnRow, labeller: str) -> dict[str, int | None]:
    """The labels of an ended turn: a Side by axis, None = could not tell."""
    found = await tx.execute(
        text(
            "SELECT axis, side FROM labels WHERE job_id = :job AND seq = :seq AND labeller = :labeller"
            " AND review_id = :review"
        ),
        {"job": review.job, "seq": turn.seq, "labeller": labeller, "review": review.id},
    )
    return {row.axis: row.side for row in found}


async def reopen_turn(
    tx: AsyncConnection, review: Review, turn: TurnRow, labeller: str, picks: Mapping[str, str]
) -> None:
    """Take an ended turn back: its labels go, the pair is in front of the labeller again, `picks` and its seconds are
    remembered.
    """
    about = {"review": review.id, "labeller": labeller}
    await tx.execute(
        text("DELETE FROM labels WHERE job_id = :job AND seq = :seq AND labeller = :labeller AND review_id = :review"),
        about | {"job": review.job, "seq": turn.seq},
    )
    await tx.execute(
        text(
            """
            UPDATE review_turns SET done_at = NULL, taken_at = clock_timestamp(), picks = CAST(:picks AS jsonb)
            WHERE review_id = :review AND place = :place AND labeller = :labeller
            """
        ),
        about | {"place": turn.place, "picks": orjson.dumps(dict(picks)).decode()},
    )


async def keep_labels_still(tx: AsyncConnection, job: int) -> None:
    """Until the transaction ends no upload of labels of this job begins, nor is one under way."""
    await tx.execute(text("SELECT FROM jobs WHERE id = :job FOR SHARE"), {"job": job})


async def shown_pair(tx: AsyncConnection, job: int, seq: int) -> ShownPair:
    """A pair without all that a labeller must not know."""
    found = await tx.execute(
        text(
            """
            SELECT i.question, i.options, i.images, a.text AS a_text, a.answer AS a_answer, b.text AS b_text,
              b.answer AS b_answer, j.project_id
            FROM pairs p JOIN jobs j ON j.id = p.job_id JOIN items i ON i.id = p.item_id
              JOIN traces a ON a.id = p.a_id JOIN traces b ON b.id = p.b_id
            WHERE p.job_id = :job AND p.seq = :seq
            """
        ),
        {"job": job, "seq": seq},
    )
    row = found.one()
    digests = [image["sha256"] for image in row.images if "sha256" in image]
    pictures = await _pictures(tx, row.project_id, digests) if digests else []
    return ShownPair(row.question, row.options or {}, pictures, (row.a_text, row.a_answer), (row.b_text, row.b_answer))


async def _pictures(tx: AsyncConnection, project: int, digests: Sequence[str]) -> list[Picture]:
    """In the order they are named; one that is gone is left out."""
    found = await tx.execute(
        text(
            """
            SELECT named.sha256, i.width, i.height
            FROM jsonb_array_elements_text(:digests) WITH ORDINALITY AS named (sha256, number)
              JOIN images i ON i.project_id = :project AND i.sha256 = decode(named.sha256, 'hex')
            ORDER BY named.number
            """
        ).bindparams(bindparam("digests", type_=JSONB)),
        {"project": project, "digests": list(digests)},
    )
    return [Picture(*row) for row in found]


def _of(review: Review, labeller: str) -> dict[str, object]:
    return {
        "review": review.id, "job": review.job, "axes": list(review.axes), "per_pair": review.per_pair,
        "me": labeller, "kept": KEPT,
    }  # fmt: skip
