"""Fixtures of the judging tests; what they are made of stands in loopback.py."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from app.judging.httpx_engine import HttpxTransport
from app.judging.pool import JudgePool, Patience
from tests.integration.judging.loopback import Work
from tests.stub_judge.handle import StubJudge


@pytest.fixture
async def work():
    """Start a stub judge with these options and a pool: `async with work(slots=4) as w`."""

    @asynccontextmanager
    async def start(patience: Patience | None = None, **options: Any) -> AsyncIterator[Work]:
        pool = JudgePool(HttpxTransport(), patience=patience or Patience(backoff=0.02, unsaid_wait=0.02))
        try:
            with StubJudge.start(**options) as stub:
                yield Work(stub, pool)
        finally:
            await pool.aclose()

    return start
