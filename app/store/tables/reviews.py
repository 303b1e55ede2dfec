"""Blind review: pairs drawn for people to label, and whose turn is which pair."""

from __future__ import annotations

from sqlalchemy import (
    REAL,
    BigInteger,
    CheckConstraint,
    Column,
    DateTime,
    Double,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    PrimaryKeyConstraint,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, UUID

from app.store.tables.columns import created_at, metadata, of_job, one_of, small_key

DESIGNS = ("random", "filtered", "cascade")

reviews = Table(
    "reviews",
    metadata,
    small_key(),
    Column("public_id", UUID(as_uuid=False), nullable=False, unique=True, server_default=text("gen_random_uuid()")),
    of_job(),
    Column("title", Text, nullable=False),
    Column("design", Text, nullable=False),  # how the pairs were drawn
    Column("filters", JSONB, nullable=False),
    Column("seed", BigInteger, nullable=False),
    Column("axes", ARRAY(Text), nullable=False),
    Column("pairs", Integer, nullable=False),  # how many were planned and drawn
    Column("population", Integer, nullable=False),  # from how many
    Column("per_pair", SmallInteger, nullable=False),  # labellers
    created_at(),
    Column("closed_at", DateTime(timezone=True)),
    one_of("design", DESIGNS),
    CheckConstraint("per_pair IN (1, 2)", name="per_pair"),
    Index(None, "job_id"),
)

review_pairs = Table(
    "review_pairs",
    metadata,
    Column("review_id", Integer, ForeignKey("reviews.id", ondelete="CASCADE"), nullable=False),
    Column("place", Integer, nullable=False),
    Column("seq", Integer, nullable=False),
    Column("inclusion_probability", Double),
    PrimaryKeyConstraint("review_id", "place"),
    UniqueConstraint("review_id", "seq"),
)

# One labeller with one pair.
review_turns = Table(
    "review_turns",
    metadata,
    Column("review_id", Integer, nullable=False),
    Column("place", Integer, nullable=False),
    Column("labeller", Text, nullable=False),
    Column("shown", SmallInteger, nullable=False),  # the Order this labeller sees
    Column("taken_at", DateTime(timezone=True), nullable=False, server_default=func.clock_timestamp()),
    Column("done_at", DateTime(timezone=True)),
    Column("seconds", REAL),  # the pair was in front of the labeller
    Column("picks", JSONB),  # what was said before an undo
    PrimaryKeyConstraint("review_id", "place", "labeller"),
    ForeignKeyConstraint(["review_id", "place"], ["review_pairs.review_id", "review_pairs.place"], ondelete="CASCADE"),
)
