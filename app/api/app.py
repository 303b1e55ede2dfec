"""The API application: `uvicorn --factory app.api.app:create`."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from app import bootstrap
from app.api import (
    access,
    comparison,
    dashboard,
    errors,
    events,
    health,
    images,
    imports,
    jobs,
    judges,
    labels,
    leaderboard,
    openapi,
    plan,
    reports,
    results,
    reviews,
    rubrics,
    uploads,
)
from app.api.compression import Compression
from app.api.gate import Gate
from app.api.metrics import Metrics
from app.api.pages import assets, job, overview, pair, pairs, review, sign_in
from app.api.pages import comparison as comparison_page
from app.api.pages import judges as judges_page
from app.api.pages import leaderboard as leaderboard_page
from app.api.pages import reviews as reviews_page
from app.api.pages import rubrics as rubrics_page
from app.api.pages import settings as settings_page
from app.api.pages.frame import answer_heads, compile_templates
from app.api.stopping import when_told_to_stop
from app.bootstrap.logs import configure_logging
from app.services.comparison import Comparer
from app.services.dashboard import Dashboard
from app.services.drawing import Easel
from app.services.feed import Feeds
from app.services.leaderboard import Boards
from app.services.recent import RecentPublisher
from app.settings import Settings

ROUTERS = (
    dashboard.router, jobs.router, events.router, uploads.router, images.router, results.router, comparison.router,
    reports.router, reports.shapes, judges.router, rubrics.router, access.router, imports.router, labels.router,
    reviews.router, leaderboard.router, plan.router, health.router,
)  # fmt: skip
PAGES = (
    assets.router, sign_in.router, overview.router, job.router, pairs.router, pair.router, comparison_page.router,
    leaderboard_page.router, judges_page.router, rubrics_page.router, reviews_page.router, review.router,
    settings_page.router,
)  # fmt: skip


async def _warm(publisher: RecentPublisher) -> None:
    """Do what the first visitor would otherwise wait for."""
    await publisher.warm()
    await asyncio.to_thread(compile_templates)


def create(settings: Settings | None = None) -> FastAPI:
    """The application. It connects to the database when it starts, not when it is made. Without settings it is a
    process of its own: it reads the environment, and its log lines become the process's.
    """
    if settings is None:
        configure_logging()
        settings = Settings()

    chosen = settings

    @asynccontextmanager
    async def lifespan(api: FastAPI) -> AsyncIterator[None]:
        api.state.running = await bootstrap.build(chosen)
        easel = Easel()
        api.state.publisher = RecentPublisher(api.state.running.database, draw=easel.draw)
        api.state.feeds = Feeds(api.state.running.database)
        api.state.dashboard = Dashboard(api.state.running.database, api.state.publisher.headlines)
        api.state.comparer = Comparer(api.state.running.database)
        api.state.boards = Boards(api.state.running.database)
        warming = asyncio.create_task(_warm(api.state.publisher))
        try:
            with when_told_to_stop(api.state.feeds.close):
                yield
        finally:
            warming.cancel()
            await api.state.publisher.close()
            easel.close()
            api.state.feeds.close()
            await api.state.running.close()

    # A trailing slash is another address: a redirect would send the caller's key once more, perhaps elsewhere.
    api = FastAPI(lifespan=lifespan, redirect_slashes=False, generate_unique_id_function=lambda route: route.name)
    api.state.metrics = Metrics()
    for router in PAGES:
        answer_heads(router)
    for router in (*ROUTERS, *PAGES):
        api.include_router(router)
    errors.install(api)
    openapi.install(api)
    api.add_middleware(Compression)
    api.add_middleware(Gate, allowed_hosts=settings.allowed_hosts, metrics=api.state.metrics)
    return api
