"""The API application: `uvicorn --factory app.api.app:create`."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from app import bootstrap
from app.api import (
    access,
    dashboard,
    errors,
    events,
    health,
    imports,
    jobs,
    judges,
    labels,
    leaderboard,
    openapi,
    plan,
    reports,
    results,
    rubrics,
    uploads,
)
from app.api.gate import Gate
from app.api.metrics import Metrics
from app.api.pages import assets, overview, sign_in
from app.api.stopping import when_told_to_stop
from app.bootstrap.logs import configure_logging
from app.services.dashboard import Dashboard
from app.services.feed import Feeds
from app.services.recent import RecentPublisher
from app.settings import Settings

ROUTERS = (
    dashboard.router, jobs.router, events.router, uploads.router, results.router, reports.router, reports.shapes, judges.router, rubrics.router,
    access.router, imports.router, labels.router, leaderboard.router, plan.router, health.router,
)  # fmt: skip
PAGES = (assets.router, sign_in.router, overview.router)


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
        api.state.publisher = RecentPublisher(api.state.running.database)
        api.state.feeds = Feeds(api.state.running.database)
        api.state.dashboard = Dashboard(api.state.running.database, api.state.publisher.headlines)
        warming = asyncio.create_task(api.state.publisher.warm())
        try:
            with when_told_to_stop(api.state.feeds.close):
                yield
        finally:
            warming.cancel()
            api.state.feeds.close()
            await api.state.running.close()

    # A trailing slash is another address: a redirect would send the caller's key once more, perhaps elsewhere.
    api = FastAPI(lifespan=lifespan, redirect_slashes=False, generate_unique_id_function=lambda route: route.name)
    api.state.metrics = Metrics()
    for router in (*ROUTERS, *PAGES):
        api.include_router(router)
    errors.install(api)
    openapi.install(api)
    api.add_middleware(Gate, allowed_hosts=settings.allowed_hosts, metrics=api.state.metrics)
    return api
