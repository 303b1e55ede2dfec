"""Jobs as they move: one look at the database a second and job, however many listen, and none when nobody does."""

from __future__ import annotations

import asyncio
import hashlib
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace

import orjson
import structlog

from app.domain.errors import NotFound, Unavailable
from app.domain.job import Job
from app.services import admin, look
from app.store.database import Database

log = structlog.get_logger()
LOOK_SECONDS = 1.0
KEY_SECONDS = 5.0  # between two looks at the keys of all who listen to a job


@dataclass(frozen=True, slots=True)
class Seen:
    """A job as it was seen. `id` names its state: equal in every process, whatever the time to go is guessed to be."""

    id: str
    job: Job


class Feed:
    """One job, watched. Who reads slowly misses states in between and gets the newest."""

    def __init__(self, database: Database, project: int, job_id: str, seconds: float) -> None:
        self.listeners: Counter[int | None] = Counter()  # by the key they came with
        self.deleted = self.closed = False
        self._ended: set[int] = set()  # keys of listeners that work no more
        self._database, self._project, self._job_id, self._seconds = database, project, job_id, seconds
        self._seen: Seen | None = None
        self._moved = asyncio.Event()
        self._first: asyncio.Task[None] | None = None
        self._watch: asyncio.Task[None] | None = None

    async def begin(self) -> None:
        """Have a first look, shared by all who come meanwhile; NotFound, Unavailable."""
        self._first = self._first or asyncio.create_task(self._look())
        await asyncio.shield(self._first)
        self._watch = self._watch or asyncio.create_task(self._keep_looking())

    def is_over(self, key: int | None = None) -> bool:
        """Whether nothing more is told to who came with this key: it works no more, or the feed has ended."""
        return self.deleted or self.closed or key in self._ended

    async def news(self, known: str, patience: float, key: int | None = None) -> Seen | None:
        """The present state, as soon as it is another than `known`; None when that took longer than `patience`
        seconds, or when it is over.
        """
        give_up = asyncio.get_running_loop().time() + patience
        while not self.is_over(key):
            if self._seen is not None and self._seen.id != known:
                return self._seen
            try:
                async with asyncio.timeout_at(give_up):
                    await self._moved.wait()
            except TimeoutError:
                break
        return None

    def close(self) -> None:
        """Tell all who listen that nothing more will come."""
        self.closed = True
        self._tell()

    def stop(self) -> None:
        """Look no more: nobody listens."""
        for task in (self._first, self._watch):
            if task is not None:
                task.cancel()

    async def _keep_looking(self) -> None:
        """Until stopped. An outage is waited for: those who listen stay, and hear what has moved after it."""
        clock = asyncio.get_running_loop().time
        keys_seen = clock()
        while not (self.deleted or self.closed):
            await asyncio.sleep(self._seconds)
            try:
                if clock() - keys_seen >= KEY_SECONDS:
                    await self._look_at_keys()
                    keys_seen = clock()
                await self._look()
            except NotFound:
                self.deleted = True
                self._tell()
            except Unavailable as problem:
                log.warning("feed.postponed", job=self._job_id, reason=problem.detail)
            except Exception:  # the edge of a task: nobody awaits it
                log.exception("feed.failed", job=self._job_id)

    async def _look(self) -> None:
        job = await look.get_job(self._database, self._project, self._job_id)
        now = Seen(state_of(job), job)
        moved = self._seen is None or self._seen.id != now.id
        self._seen = now
        if moved:
            self._tell()

    async def _look_at_keys(self) -> None:
        """A key may be revoked while somebody listens with it."""
        shown = {key for key in self.listeners if key is not None}
        self._ended = shown - await admin.working_keys(self._database, shown)
        if self._ended:
            self._tell()

    def _tell(self) -> None:
        self._moved.set()
        self._moved = asyncio.Event()


class Feeds:
    """The feeds of a process."""

    def __init__(self, database: Database, *, seconds: float = LOOK_SECONDS) -> None:
        self._database, self._seconds = database, seconds
        self._feeds: dict[tuple[int, str], Feed] = {}
        self._closed = False

    @asynccontextmanager
    async def listen(self, project: int, job_id: str, listener: int | None = None) -> AsyncIterator[Feed]:
        """The feed of a job, watched at least as long as the block runs, for who came with the key of this id.
        NotFound for another project's job.
        """
        if self._closed:
            raise Unavailable("this process is being stopped; try again in a moment")
        key = project, job_id
        feed = self._feeds.setdefault(key, Feed(self._database, project, job_id, self._seconds))
        feed.listeners[listener] += 1
        try:
            await feed.begin()
            yield feed
        finally:
            feed.listeners -= Counter([listener])  # forgets whom nothing is left of
            if not feed.listeners:
                feed.stop()
                del self._feeds[key]

    def close(self) -> None:
        """End every feed, for good: the process is about to stop."""
        self._closed = True
        for feed in self._feeds.values():
            feed.close()


def state_of(job: Job) -> str:
    """A short name of everything a job shows but the time to go, which moves by itself."""
    shown = orjson.dumps(replace(job, eta_seconds=None), option=orjson.OPT_SORT_KEYS)
    return hashlib.blake2b(shown, digest_size=9).hexdigest()
