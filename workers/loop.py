"""The persistent event loop of a worker process: connections outlive tasks, slices overlap on it."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import CancelledError, Future

import structlog
import uvloop

from app.bootstrap import App, build
from app.bootstrap.working import build_worker
from app.services.worker import Worker
from app.settings import Settings

log = structlog.get_logger()
START_SECONDS = 60


class WorkerLoop:
    """One thread with one loop, started when Celery's worker starts."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._loop = uvloop.new_event_loop()
        self._ready: Future[Worker] = Future()
        self._duties: asyncio.Task[None] | None = None
        self._draining: Future[None] | None = None

    def start(self) -> None:
        """Start the thread; returns when the worker is ready to take slices."""
        threading.Thread(target=self._run, name="loop", daemon=True).start()
        self._ready.result(START_SECONDS)

    def take_slice(self) -> None:
        """Work on one slice; blocks the calling Celery thread until it is given back."""
        worker = self._ready.result(START_SECONDS)
        try:
            asyncio.run_coroutine_threadsafe(worker.take_slice(), self._loop).result()
        except CancelledError:
            log.info("slice.cancelled")

    def drain(self) -> None:
        """Begin to stop: no new calls; what is in flight is stored and given back."""
        if self._ready.done():
            self._draining = asyncio.run_coroutine_threadsafe(self._ready.result().drain(), self._loop)

    def stop(self) -> None:
        """Wait for the drain, then end the duties and close the connections."""
        if self._draining is not None:
            self._draining.result(self._settings.drain_seconds + 1)
        if self._duties is not None:
            self._loop.call_soon_threadsafe(self._duties.cancel)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        try:
            self._loop.run_until_complete(self._live())
        except asyncio.CancelledError:
            log.info("worker.stopped")
        except Exception as problem:
            if not self._ready.done():
                self._ready.set_exception(problem)
            raise

    async def _live(self) -> None:
        app: App = await build(self._settings)
        try:
            worker = build_worker(app)
            self._duties = asyncio.create_task(worker.run())
            self._ready.set_result(worker)
            await self._duties
        finally:
            await app.close()
