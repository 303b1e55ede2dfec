"""Looking at one pair: all that is known of it, and the pairs before and after it in a list."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from app.domain.errors import NotFound
from app.domain.order import Order
from app.domain.plan import plan_of
from app.services.filters import Filters, read_filters
from app.services.look import PAIR_FILTERS, shown_judgment, shown_pairs
from app.services.pair_search import search
from app.store import whole_pair
from app.store.database import Database, Transaction
from app.store.images import ImageInfo
from app.store.jobs import OpenJob, open_job
from app.store.labels import SIDES
from app.store.whole_pair import PairLabel, TraceRow, WholePair

# A neighbour in a narrowed list is looked for among so many rows, some ten milliseconds of them.
NEIGHBOUR_ROWS = 5_000
EVERYTHING = Filters()


async def get_pair(
    database: Database, project: int, job_id: str, seq: int, *, filters: Mapping[str, str] | None = None
) -> dict[str, Any]:
    """A pair of a started job. `filters` narrow the list in which its neighbours are looked for. NotFound for another
    project's job, and for a number that the job does not have.
    """
    async with database.transaction() as tx:
        job = await open_job(tx, project, job_id)
        wanted = read_filters(job, filters or {}, PAIR_FILTERS)
        found = await whole_pair.whole_pair(tx, job.id, seq) if job.started and seq < job.pairs else None
        if found is None:
            raise NotFound(_missing(job, seq))
        shown = (await shown_pairs(tx, job, [seq], EVERYTHING))[0]
        judgments = await whole_pair.judgments_of(tx, job.id, len(job.judges), seq, found.item)
        groups = [plan_of(job.spec, judge).groups for judge in job.judges]
        asked = [groups[row.unit.judge_no][row.unit.group] for row in judgments]
        return {
            "seq": seq,
            "pairs": job.pairs,
            "item": await _item(tx, project, found),
            "a": _trace(found.a),
            "b": _trace(found.b),
            "axes": shown["axes"],
            "judgments": [
                {**shown_judgment(job, row, axes), "axes": list(axes)}
                for row, axes in zip(judgments, asked, strict=True)
            ],
            "labels": [_label(row) for row in await whole_pair.labels_of(tx, job.id, seq)],
            "previous": await _neighbour(tx, job, wanted, seq, back=True),
            "next": await _neighbour(tx, job, wanted, seq, back=False),
        }


def _missing(job: OpenJob, seq: int) -> str:
    if not job.started:
        return "the job is a draft: its pairs have numbers once it is started"
    has = f"pairs 0 to {job.pairs - 1}" if job.pairs else "no pairs"
    return f"pair {seq} is not in this job; it has {has}"


async def _item(tx: Transaction, project: int, found: WholePair) -> dict[str, Any]:
    hashes = [image["sha256"] for image in found.images if "sha256" in image]
    stored = await whole_pair.image_infos(tx, project, hashes) if hashes else {}
    return {
        "id": found.item,
        "question": found.question,
        "options": dict(found.options),
        "answer": found.answer,
        "tags": dict(found.tags),
        "cluster": found.cluster,
        "images": [_image(image, found, stored) for image in found.images],
    }


def _image(image: Mapping[str, str], found: WholePair, stored: Mapping[str, ImageInfo]) -> dict[str, Any]:
    """A picture, or why there is none. Its address stays here: it may hold somebody's token."""
    sha256 = image.get("sha256")
    info = stored.get(sha256) if sha256 else None
    if info is not None:
        return {**asdict(info), "missing": None}
    if sha256 is not None:
        missing = "it is not stored any more"
    elif found.images_state == "pending":
        missing = "it has not been fetched yet"
    else:
        missing = found.images_error or "it could not be fetched"
    return {"sha256": sha256, "media_type": None, "width": None, "height": None, "bytes": None, "missing": missing}


def _trace(row: TraceRow) -> dict[str, Any]:
    return asdict(row)


def _label(row: PairLabel) -> dict[str, Any]:
    return {
        "labeller": row.labeller,
        "axis": row.axis,
        "side": SIDES[row.side or 0],
        "shown": None if row.shown is None else Order(row.shown).name,
        "design": row.design,
        "seconds": row.seconds,
        "review": row.review,
        "created_at": row.created_at,
    }


async def _neighbour(tx: Transaction, job: OpenJob, wanted: Filters, seq: int, *, back: bool) -> dict[str, Any] | None:
    """The pair before or after in the list; the one with the next number, marked so, where looking on costs too much.
    None at the end of the list.
    """
    beside = seq - 1 if back else seq + 1
    plain = beside if 0 <= beside < job.pairs else None
    if plain is None or not wanted.narrow:
        return None if plain is None else {"seq": plain, "matches": True}
    found = await search(tx, job, wanted, after=seq, limit=1, most_rows=NEIGHBOUR_ROWS, back=back)
    if found.seqs:
        return {"seq": found.seqs[0], "matches": True}
    return None if found.ended else {"seq": plain, "matches": False}
