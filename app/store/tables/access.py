"""Who may do what, and what was done."""

from __future__ import annotations

from sqlalchemy import (
    Column,
    DateTime,
    ForeignKey,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    SmallInteger,
    Table,
    Text,
    func,
)
from sqlalchemy.dialects.postgresql import ARRAY

from app.store.tables.columns import big_key, created_at, metadata, of_project, small_key

projects = Table(
    "projects",
    metadata,
    small_key(),
    Column("name", Text, nullable=False, unique=True),
    created_at(),
)

api_keys = Table(
    "api_keys",
    metadata,
    small_key(),
    of_project(),
    Column("name", Text, nullable=False),
    Column("prefix", Text, nullable=False),  # the first characters, to recognise a key by
    Column("digest", LargeBinary, nullable=False, unique=True),  # SHA-256 of the key; the key itself is not kept
    Column("scopes", ARRAY(Text), nullable=False),
    created_at(),
    Column("revoked_at", DateTime(timezone=True)),
    Column("expires_at", DateTime(timezone=True)),
)

sessions = Table(
    "sessions",
    metadata,
    big_key(),
    Column("digest", LargeBinary, nullable=False, unique=True),  # SHA-256 of the cookie; the cookie itself is not kept
    Column("key_id", Integer, ForeignKey("api_keys.id", ondelete="CASCADE"), nullable=False),
    created_at(),
    Column("expires_at", DateTime(timezone=True), nullable=False),
)

audit = Table(
    "audit",
    metadata,
    big_key(),
    Column("project_id", Integer, nullable=False),  # no foreign key: the trail outlives what it tells of
    Column("at", DateTime(timezone=True), nullable=False, server_default=func.clock_timestamp()),
    Column("actor", Text, nullable=False),
    Column("verb", Text, nullable=False),
    Column("object", Text, nullable=False),
)

idempotency_keys = Table(
    "idempotency_keys",
    metadata,
    of_project(),
    Column("key", Text, nullable=False),
    Column("request_digest", LargeBinary, nullable=False),
    Column("status", SmallInteger),  # NULL while the first request is still at work
    Column("body", LargeBinary),
    created_at(),
    PrimaryKeyConstraint("project_id", "key"),
)
