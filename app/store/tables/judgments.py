"""Finished units: narrow rows for statistics, wide ones for people, and what a retry replaced."""

from __future__ import annotations

from sqlalchemy import (
    REAL,
    Boolean,
    Column,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    SmallInteger,
    Table,
    Text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from app.store.tables.columns import created_at, metadata, of_job


def _unit() -> list[Column[int]]:
    """The key of a unit within its job."""
    return [
        Column("judge_no", SmallInteger, nullable=False),
        Column("seq", Integer, nullable=False),
        Column("repeat", SmallInteger, nullable=False),
        Column("axis_group", SmallInteger, nullable=False),
        Column("presented", SmallInteger, nullable=False),  # an Order
    ]


UNIT = ("job_id", "judge_no", "seq", "repeat", "axis_group", "presented")

judgments = Table(
    "judgments",
    metadata,
    of_job(),
    *_unit(),
    Column("outcome", SmallInteger, nullable=False),
    Column("picks", ARRAY(SmallInteger), nullable=False),  # a Pick per axis of the group, 0 for none
    Column("log_odds", ARRAY(REAL)),  # log P(FIRST)/P(SECOND) per axis, in nats
    PrimaryKeyConstraint(*UNIT),
)

replies = Table(
    "replies",
    metadata,
    of_job(),
    *_unit(),
    Column("reasons", JSONB, nullable=False),  # axis -> the judge's reason
    Column("detail", Text, nullable=False),
    Column("raw", LargeBinary, nullable=False),
    Column("prompt_hash", LargeBinary, nullable=False),
    Column("served_model", Text),
    Column("logprob_kind", Text),
    Column("censored", Boolean, nullable=False),
    Column("images_sent", SmallInteger, nullable=False),
    Column("calls", SmallInteger, nullable=False),
    Column("prompt_tokens", Integer),
    Column("completion_tokens", Integer),
    Column("cached_tokens", Integer),
    Column("latency_ms", REAL, nullable=False),
    created_at(),
    PrimaryKeyConstraint(*UNIT),
)

judgments_superseded = Table(
    "judgments_superseded",
    metadata,
    of_job(),
    *_unit(),
    Column("generation", Integer, nullable=False),  # the retry that replaced it
    Column("outcome", SmallInteger, nullable=False),
    Column("detail", Text, nullable=False),
    Column("raw", LargeBinary, nullable=False),
    Column("prompt_hash", LargeBinary, nullable=False),
    Column("calls", SmallInteger, nullable=False),
    created_at(),
    PrimaryKeyConstraint(*UNIT, "generation"),
)
