"""The leaderboard of several jobs and imports: read each, let `reports.leaderboard` pool and fit."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import numpy as np

from app.domain.errors import Invalid, NotFound, Problem
from app.domain.imported import Verdicts
from app.domain.pairing import Placed, place
from app.domain.plan import plan_of
from app.domain.template import template_hash
from app.reports.board_formats import Board
from app.reports.comparable import Entrant
from app.reports.leaderboard import Asked, leaderboard
from app.services.imported_sheet import sheet_of
from app.services.job_sheet import read_sheet
from app.services.kept import Kept
from app.store import imported_rows, imports
from app.store import sheet as stored
from app.store.database import Database
from app.store.identities import pair_identities
from app.store.workers import software_version

MOST_PAIRS = 5_000_000
MOST_KEPT = 16
_turn = asyncio.Semaphore(1)  # one at a time: the pairs of many jobs are in memory


async def make_leaderboard(database: Database, project: int, job_ids: Sequence[str], asked: Asked) -> Board:
    """The leaderboard of jobs and imports, in the order given; one that is named twice counts once.

    Raises NotFound for another project's, Conflict where they may not be pooled, NotComparable where models never met,
    Invalid for a parameter that does not fit.
    """
    ids = tuple(dict.fromkeys(job_ids))
    sources = [await find_source(database, project, job_id) for job_id in ids]
    pairs = sum(source.pairs if isinstance(source, stored.JobFacts) else source.rows for source in sources)
    if pairs > MOST_PAIRS:
        told = Problem(f"these hold more than {MOST_PAIRS:,} pairs together", "job")
        raise Invalid("too many pairs for one leaderboard", (told,))
    async with _turn:
        tags = (asked.tag[0],) if asked.tag else ()
        entrants = [
            await (_job if isinstance(source, stored.JobFacts) else _import)(database, source, tags)
            for source in sources
        ]
        results = await asyncio.to_thread(leaderboard, entrants, asked)
    return Board(_envelope(entrants), results)


class Boards:
    """The leaderboards of this process: each is made once at a time and kept while its jobs stay as they are."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._boards: Kept[tuple[object, ...], Board] = Kept(MOST_KEPT, lambda _: 1)

    async def board(self, project: int, job_ids: Sequence[str], asked: Asked) -> Board:
        """As `make_leaderboard`."""
        ids = tuple(dict.fromkeys(job_ids))
        states = [_state(await find_source(self._database, project, job_id)) for job_id in ids]
        key = (project, *states, asked)
        return await self._boards.get(key, lambda: make_leaderboard(self._database, project, ids, asked))


def _state(source: stored.JobFacts | imports.ImportFacts) -> tuple[object, ...]:
    """What moves whenever a judgment does."""
    if isinstance(source, stored.JobFacts):
        return source.public_id, source.name, source.status, source.counters, source.pairs
    return source.public_id, source.name, source.rows


async def find_source(database: Database, project: int, job_id: str) -> stored.JobFacts | imports.ImportFacts:
    """The job or import of that id. NotFound for another project's."""
    async with database.transaction() as tx:
        facts = await stored.job_facts(tx, project, job_id)
        found = facts or await imports.import_facts(tx, project, job_id)
    if found is None:
        raise NotFound(f"there is no job or import {job_id}")
    return found


async def _job(database: Database, facts: Any, tags: Sequence[str]) -> Entrant:
    sheet = await read_sheet(database, facts, tags=tags)
    async with database.transaction() as tx:
        identities = await pair_identities(tx, facts.id)
    return Entrant(
        id=facts.public_id,
        name=facts.name,
        sheet=sheet,
        item=identities.item,
        pair=identities.pair,
        cluster=identities.cluster,
        templates={axis: _template(facts, axis) for axis in facts.spec.axes},
    )


def _template(facts: stored.JobFacts, axis: str) -> str:
    """How the judges of a job are asked about an axis."""
    hashes = set()
    for frozen in facts.judges:
        (group,) = (group for group in plan_of(facts.spec, frozen.judge).groups if axis in group)
        hashes.add(template_hash(frozen.rubric, group, frozen.judge.method))
    return " ".join(sorted(hashes))


async def _import(database: Database, facts: Any, _tags: Sequence[str]) -> Entrant:
    async with database.transaction() as tx:
        verdicts = await imported_rows.verdicts_of(tx, facts.id)
    return await asyncio.to_thread(imported_entrant, facts, verdicts)


def imported_entrant(facts: imports.ImportFacts, verdicts: Verdicts) -> Entrant:
    """An import as an entrant: a row with an item is known elsewhere by that item and its models."""
    placed = place(verdicts)
    item = _items(verdicts, placed)
    low, high = np.minimum(verdicts.model_a, verdicts.model_b), np.maximum(verdicts.model_a, verdicts.model_b)
    of = zip(low[placed.first].tolist(), high[placed.first].tolist(), strict=True)
    names = [sorted((verdicts.models[one], verdicts.models[other])) for one, other in of]
    return Entrant(
        id=facts.public_id,
        name=facts.name,
        sheet=sheet_of(facts, verdicts),
        item=item,
        pair=[
            None if name is None else _digest(name, *(model.encode() for model in models))
            for name, models in zip(item, names, strict=True)
        ],
        cluster=_clusters(verdicts, placed),
        templates={},
    )


def _items(verdicts: Verdicts, placed: Placed) -> list[bytes | None]:
    """Of every pair: a digest of its item's name, None where it has none or stands for one of several verdicts."""
    digests = [_digest(b"imported item", name.encode()) for name in verdicts.item.names]
    code = np.where(placed.shared, verdicts.item.code, len(digests))[placed.first]
    table = [*digests, None]
    return [table[of] for of in code.tolist()]


def _clusters(verdicts: Verdicts, placed: Placed) -> list[str | None]:
    """Of every pair: the cluster it was given, else its item, else None; numbered so by `place`."""
    table = [*verdicts.cluster.names, *verdicts.item.names]
    return [table[of] if of < len(table) else None for of in placed.cluster.tolist()]


def _digest(*parts: bytes) -> bytes:
    """SHA-256 of parts, told apart."""
    return hashlib.sha256(b"".join(hashlib.sha256(part).digest() for part in parts)).digest()


def _envelope(entrants: Sequence[Entrant]) -> dict[str, Any]:
    jobs = [
        {"id": entrant.id, "name": entrant.name, "status": entrant.sheet.envelope["job"]["status"]}
        for entrant in entrants
    ]
    return {
        "jobs": jobs,
        "as_of": datetime.now(UTC).isoformat(timespec="seconds"),
        "software": {"name": "tracejudge", "version": software_version()},
    }
