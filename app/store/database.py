"""The connection to PostgreSQL: one engine a process, transactions that are retried whole."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, TypeVar

import sqlalchemy
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine

from app.domain.errors import Unavailable

T = TypeVar("T")
# What services hand from one function of the store to the next, without knowing what it is.
Transaction = AsyncConnection
# Serialization failure and deadlock: PostgreSQL asks for the whole transaction again.
RETRYABLE = ("40001", "40P01")
TRIES = 4
FIRST_PAUSE = 0.02
# A question every statement must answer within: no lock or lost network holds a worker for ever.
STATEMENT_SECONDS = 60


def async_url(url: str) -> str:
    """The URL with the driver this project uses; users write postgresql://."""
    _, _, rest = url.partition("://")
    return f"postgresql+asyncpg://{rest}"


class Database:
    """PostgreSQL as services see it. Raises domain Unavailable when it cannot be reached."""

    def __init__(self, url: str, *, connections: int = 10) -> None:
        self._engine = create_async_engine(
            async_url(url),
            pool_size=connections,
            max_overflow=0,
            pool_timeout=10,
            hide_parameters=True,  # an error that is logged must not quote a trace
            pool_pre_ping=False,  # a ping per checkout costs a round trip; lost connections are retried below
            connect_args={
                "timeout": 10,
                "command_timeout": STATEMENT_SECONDS,
                "server_settings": {"application_name": "tracejudge", "jit": "off"},
            },
        )

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncConnection]:
        """One transaction: commits on exit, rolls back on error."""
        try:
            async with self._engine.begin() as connection:
                yield connection
        except (OperationalError, InterfaceError, OSError, sqlalchemy.exc.TimeoutError) as problem:
            raise unavailable(problem) from problem
        except DBAPIError as problem:
            if problem.connection_invalidated or _is_outage(problem):
                raise unavailable(problem) from problem
            raise

    async def run(self, work: Callable[[AsyncConnection], Awaitable[T]]) -> T:
        """Run `work` in a transaction; again, from its start, after a deadlock or serialization failure."""
        for attempt in range(TRIES):
            try:
                async with self.transaction() as tx:
                    return await work(tx)
            except DBAPIError as problem:
                if _code(problem) not in RETRYABLE or attempt == TRIES - 1:
                    raise
                await asyncio.sleep(random.uniform(0, FIRST_PAUSE * 2**attempt))  # noqa: S311 - jitter, not a secret
        raise AssertionError("unreachable")

    async def close(self) -> None:
        await self._engine.dispose()


async def driver_of(tx: AsyncConnection) -> Any:
    """Asyncpg's connection under a transaction, for COPY. A statement of SQLAlchemy's must have opened it before:
    COPY would otherwise run outside it.
    """
    driver = (await tx.get_raw_connection()).driver_connection
    assert driver is not None  # noqa: S101 - only a detached connection has none
    return driver


def unavailable(problem: Exception) -> Unavailable:
    """The domain's word for a database that cannot be reached."""
    return Unavailable(f"the database cannot be reached ({type(problem).__name__}); try again in a moment")


def _code(problem: DBAPIError) -> str | None:
    return getattr(problem.orig, "sqlstate", None)


def _is_outage(problem: DBAPIError) -> bool:
    """Shutting down, starting up, too many connections, or a connection that died."""
    code = _code(problem)
    return code is None or code.startswith(("08", "57P", "53"))
