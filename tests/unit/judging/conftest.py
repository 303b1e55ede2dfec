"""Fixtures of the judging tests; what they are made of stands in scripted.py."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from app.domain.judge import Method
from app.judging.pool import Patience
from tests.unit.judging.scripted import HASTY, JUDGE, Answer, Bench, ScriptedTransport


@pytest.fixture
def bench():
    """Make a Bench: bench(*answers, otherwise=..., judge fields...)."""

    def make(*answers: Answer, otherwise: Any = None, patience: Patience = HASTY, **fields: Any) -> Bench:
        transport = ScriptedTransport(answers)
        if otherwise is not None:
            transport.otherwise = otherwise if callable(otherwise) else lambda _: otherwise
        return Bench(transport, replace(JUDGE, **fields), patience)

    return make


@pytest.fixture
def logprobs_bench(bench):
    def make(*answers: Answer, **more: Any) -> Bench:
        return bench(*answers, method=Method.LOGPROBS, **more)

    return make
