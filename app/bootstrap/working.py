"""Builds the worker's part of the App."""

from __future__ import annotations

from app.bootstrap import App
from app.bootstrap.broker import doorbell
from app.bootstrap.pictures import fetch_guard, image_limits
from app.judging.httpx_engine import HttpxTransport
from app.judging.pool import JudgePool
from app.services.judge_shard import Bench
from app.services.pace import Pace
from app.services.sweep import Sweeper
from app.services.worker import Worker, new_owner
from app.settings import Settings


def pace_of(settings: Settings) -> Pace:
    """The times of the job protocol, from the settings."""
    return Pace(
        lease=settings.lease_seconds,
        slice=settings.slice_seconds,
        flush_rows=settings.flush_rows,
        flush=settings.flush_seconds,
        sweep=settings.sweep_seconds,
        poll=settings.poll_seconds,
        drain=settings.drain_seconds,
        canary=settings.canary_seconds,
        slices=settings.overlapping_slices,
        upload_ttl=settings.upload_ttl,
    )


def build_worker(app: App) -> Worker:
    """The worker of this process. Call it on the loop it will live on."""
    pace = pace_of(app.settings)
    pool = JudgePool(
        HttpxTransport(),
        max_in_flight=app.settings.max_in_flight,
        max_in_flight_bytes=app.settings.max_in_flight_bytes,
    )
    bench = Bench(app.database, pool, app.vault, pace, new_owner())
    sweeper = Sweeper(app.database, pace, image_limits(app.settings), fetch_guard(app.settings))
    return Worker(bench, sweeper, doorbell(app.settings))
