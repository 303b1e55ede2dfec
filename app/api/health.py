"""Whether the process lives, whether it can work, and what it has done."""

from __future__ import annotations

import redis.asyncio as redis
from fastapi import APIRouter, Request, Response, status
from redis.exceptions import RedisError

from app.api import metrics
from app.api.auth import Running
from app.domain.errors import Unavailable
from app.settings import Settings
from app.store import migrate
from app.store.database import Database
from app.wire.health import Check, HealthOut, ReadyOut

router = APIRouter(tags=["health"])

BROKER_SECONDS = 2.0


@router.get("/healthz")
async def healthz() -> HealthOut:
    """The process answers; nothing else is looked at."""
    return HealthOut(status="ok")


@router.get("/readyz", responses={503: {"model": ReadyOut, "description": "not ready"}})
async def readyz(running: Running, response: Response) -> ReadyOut:
    """Ready when the database answers and has the newest schema. A broker that is down only costs latency, so it is
    told but does not make the service unready.
    """
    database = await _database(running.database)
    ready = ReadyOut(ready=database == "ok", database=database, broker=await _broker(running.settings))
    if not ready.ready:
        response.status_code = status.HTTP_503_SERVICE_UNAVAILABLE
    return ready


@router.get("/metrics", response_class=Response, responses={200: {"content": {"text/plain": {}}}})
async def prometheus(request: Request) -> Response:
    """Requests by route and status, and how long they took, for Prometheus."""
    page: bytes = request.app.state.metrics.page()
    return Response(page, media_type=metrics.MEDIA_TYPE)


async def _database(database: Database) -> Check:
    try:
        async with database.transaction() as tx:
            found = await migrate.revision(tx)
    except Unavailable:
        return "down"
    return "ok" if found == migrate.newest() else "not at the newest migration"


async def _broker(settings: Settings) -> Check:
    if settings.broker_url is None:
        return "not set"
    client = redis.from_url(
        settings.broker_url.get_secret_value(), socket_timeout=BROKER_SECONDS, socket_connect_timeout=BROKER_SECONDS
    )
    try:
        await client.ping()
    except (RedisError, OSError):
        return "down"
    finally:
        await client.aclose()
    return "ok"
