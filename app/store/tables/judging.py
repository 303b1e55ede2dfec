"""Judges, rubrics, shards and workers: how pairs are judged."""

from __future__ import annotations

from sqlalchemy import (
    REAL,
    BigInteger,
    Boolean,
    Column,
    Computed,
    DateTime,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from app.store.tables.columns import big_key, created_at, metadata, of_job, of_project, one_of, small_key

JUDGE_STATUSES = ("unverified", "ready", "waiting", "paused")
BREAKERS = ("closed", "half_open", "open")

judges = Table(
    "judges",
    metadata,
    small_key(),
    of_project(),
    Column("name", Text, nullable=False),
    Column("spec", JSONB, nullable=False),
    Column("secret", LargeBinary),  # the endpoint's API key, encrypted; never leaves in the clear
    Column("status", Text, nullable=False, server_default="unverified"),
    Column("status_reason", Text),
    Column("canary_at", DateTime(timezone=True)),  # when the last canary ended, or until when one may be under way
    Column("canaries", Integer, nullable=False, server_default="0"),
    Column("capability", JSONB),
    created_at(),
    UniqueConstraint("project_id", "name"),
    one_of("status", JUDGE_STATUSES),
)

rubrics = Table(
    "rubrics",
    metadata,
    small_key(),
    of_project(),
    Column("name", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("hash", Text, nullable=False),
    Column("document", JSONB, nullable=False),
    created_at(),
    UniqueConstraint("project_id", "name", "version"),
)

shards = Table(
    "shards",
    metadata,
    big_key(),
    of_job(),
    Column("judge_no", SmallInteger, nullable=False),
    Column("first_seq", Integer, nullable=False),
    Column("end_seq", Integer, nullable=False),  # exclusive
    Column("units", Integer, nullable=False),
    # The lease: who works on it until when. All times are the database's clock.
    Column("owner", Text),
    Column("lease_until", DateTime(timezone=True)),
    Column("fence", Integer, nullable=False, server_default="0"),
    Column("not_before", DateTime(timezone=True)),
    Column("rung_at", DateTime(timezone=True)),
    # Deaths: claims since something was last committed or given back in order.
    Column("claims", SmallInteger, nullable=False, server_default="0"),
    Column("named_seq", Integer),  # the unit a suspect shard is touching now
    Column("named_slot", ARRAY(SmallInteger)),
    Column("named_deaths", SmallInteger, nullable=False, server_default="0"),
    # Counters, moved in the transaction that inserts the rows they count.
    Column("judged", Integer, nullable=False, server_default="0"),
    Column("abstained", Integer, nullable=False, server_default="0"),
    Column("failed", Integer, nullable=False, server_default="0"),
    Column("cancelled", Integer, nullable=False, server_default="0"),
    Column("calls", BigInteger, nullable=False, server_default="0"),
    Column("prompt_tokens", BigInteger, nullable=False, server_default="0"),
    Column("completion_tokens", BigInteger, nullable=False, server_default="0"),
    Column("cached_tokens", BigInteger, nullable=False, server_default="0"),
    Column("fenced_writes", Integer, nullable=False, server_default="0"),
    Column("is_open", Boolean, Computed("judged + abstained + failed + cancelled < units", persisted=True)),
    UniqueConstraint("job_id", "judge_no", "first_seq"),
    ForeignKeyConstraint(["job_id", "judge_no"], ["job_judges.job_id", "job_judges.judge_no"], ondelete="CASCADE"),
    Index("ix_shards_open", "job_id", "judge_no", "id", postgresql_where=text("is_open")),
)

workers = Table(
    "workers",
    metadata,
    Column("owner", Text, primary_key=True),
    Column("host", Text, nullable=False),
    Column("pid", Integer, nullable=False),
    Column("version", Text, nullable=False),
    created_at(),
    Column("seen_at", DateTime(timezone=True), nullable=False, server_default=func.clock_timestamp()),
    Column("slices", Integer, nullable=False, server_default="0"),
)

# How a worker's calls to one replica of a judge fare; a row is as old as its worker's last heartbeat.
lanes = Table(
    "lanes",
    metadata,
    Column("owner", Text, ForeignKey("workers.owner", ondelete="CASCADE"), primary_key=True),
    Column("judge_id", Integer, ForeignKey("judges.id", ondelete="CASCADE"), primary_key=True),
    Column("url", Text, primary_key=True),
    Column("breaker", Text, nullable=False),
    Column("reason", Text),
    Column("slots", REAL, nullable=False),  # calls in flight that the limiter allows
    Column("in_flight", Integer, nullable=False),
    Column("answered", BigInteger, nullable=False),
    Column("latency_ms", REAL),  # of recent calls
    Column("seen_at", DateTime(timezone=True), nullable=False, server_default=func.clock_timestamp()),
    one_of("breaker", BREAKERS),
    Index(None, "judge_id"),
)
