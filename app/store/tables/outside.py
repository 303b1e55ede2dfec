"""What comes from elsewhere, and what goes out: imports, human labels, webhooks."""

from __future__ import annotations

from sqlalchemy import (
    REAL,
    Boolean,
    Column,
    DateTime,
    Double,
    ForeignKey,
    Index,
    Integer,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB, UUID

from app.store.tables.columns import big_key, created_at, metadata, of_job, of_project, small_key

imports = Table(
    "imports",
    metadata,
    small_key(),
    Column("public_id", UUID(as_uuid=False), nullable=False, unique=True, server_default=text("gen_random_uuid()")),
    of_project(),
    Column("name", Text, nullable=False),
    Column("spec", JSONB, nullable=False),  # primary_axis, policy, seed: what a report takes as fixed
    Column("rows", Integer, nullable=False, server_default="0"),  # moves with every file; the report's cache key
    created_at(),
)

imported_verdicts = Table(
    "imported_verdicts",
    metadata,
    Column("import_id", Integer, ForeignKey("imports.id", ondelete="CASCADE"), primary_key=True),
    Column("line", Integer, primary_key=True),
    Column("item", Text),
    Column("judge", Text, nullable=False),
    Column("axis", Text, nullable=False),
    Column("model_a", Text, nullable=False),
    Column("model_b", Text, nullable=False),
    Column("score", Double),  # 1 = A wins, 0 = B wins, 0.5 = tie; NULL = abstained
    Column("presented", SmallInteger),  # NULL = a final stance
    Column("repeat", SmallInteger, nullable=False, server_default="0"),
    Column("count", Integer, nullable=False, server_default="1"),
    Column("cluster", Text),
    Column("length_a", Integer),
    Column("length_b", Integer),
    Column("tags", JSONB, nullable=False),
    Column("human", Boolean, nullable=False, server_default="false"),
    Column("design", Text, nullable=False, server_default="unknown"),  # how a labelled pair was drawn
    Column("inclusion_probability", Double),
)

labels = Table(
    "labels",
    metadata,
    big_key(),
    of_job(),
    Column("seq", Integer, nullable=False),
    Column("axis", Text, nullable=False),
    Column("labeller", Text, nullable=False),
    Column("side", SmallInteger),  # a Side; NULL = could not tell
    Column("shown", SmallInteger),  # the Order the labeller saw; NULL = not told
    Column("design", Text, nullable=False),  # how the pair came to be labelled
    Column("inclusion_probability", Double),
    Column("seconds", REAL),
    created_at(),
    Column("review_id", Integer, ForeignKey("reviews.id", ondelete="SET NULL")),  # NULL = labelled elsewhere
    UniqueConstraint("job_id", "seq", "axis", "labeller"),
    Index("ix_labels_review_id", "review_id", postgresql_where=text("review_id IS NOT NULL")),
)

outbox = Table(
    "outbox",
    metadata,
    big_key(),
    of_job(),
    Column("event", Text, nullable=False),
    Column("body", JSONB, nullable=False),
    created_at(),
    Column("not_before", DateTime(timezone=True), nullable=False, server_default=func.clock_timestamp()),
    Column("tries", SmallInteger, nullable=False, server_default="0"),
    Column("delivered_at", DateTime(timezone=True)),
    Index("ix_outbox_due", "not_before", postgresql_where=text("delivered_at IS NULL")),
)
