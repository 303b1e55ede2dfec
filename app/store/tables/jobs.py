"""Jobs and what they hold: items, traces, pairs, uploads, images."""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    DateTime,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB, UUID

from app.store.tables.columns import big_key, created_at, metadata, of_job, of_project, one_of, small_key

JOB_STATUSES = (
    "draft", "preparing", "running", "paused", "completed", "completed_with_failures", "cancelled",
)  # fmt: skip

jobs = Table(
    "jobs",
    metadata,
    small_key(),
    Column("public_id", UUID(as_uuid=False), nullable=False, unique=True, server_default=text("gen_random_uuid()")),
    of_project(),
    Column("name", Text, nullable=False),
    Column("status", Text, nullable=False, server_default="draft"),
    Column("status_reason", Text),
    Column("rubric", JSONB, nullable=False),
    Column("spec", JSONB, nullable=False),  # primary_axis, policy, orders, repeats, budget, metadata, webhook_url
    Column("seed", BigInteger, nullable=False),
    Column("fence_secret", LargeBinary, nullable=False),
    Column("pairs", Integer, nullable=False, server_default="0"),
    Column("units", BigInteger, nullable=False, server_default="0"),
    Column("generation", Integer, nullable=False, server_default="0"),  # counts retries
    Column("identical_pairs", Integer, nullable=False, server_default="0"),  # both sides hold the same text
    Column("leaks", Integer, nullable=False, server_default="0"),  # traces that name a model of their pair
    Column("asked", JSONB),  # of a finished job, kept: how its judges were asked (app.store.asked)
    created_at(),
    Column("started_at", DateTime(timezone=True)),
    Column("finished_at", DateTime(timezone=True)),
    one_of("status", JOB_STATUSES),
    Index(None, "project_id", "id"),
    Index("ix_jobs_active", "status", postgresql_where=text("status IN ('preparing', 'running', 'paused')")),
)

job_judges = Table(
    "job_judges",
    metadata,
    of_job(primary=True),
    Column("judge_no", SmallInteger, primary_key=True),
    Column("judge_id", Integer, ForeignKey("judges.id"), nullable=False, index=True),
    Column("spec", JSONB, nullable=False),  # the judge as it was at submit
)

items = Table(
    "items",
    metadata,
    big_key(),
    of_job(),
    Column("name", Text, nullable=False),  # the id its owner gave it
    Column("fingerprint", LargeBinary, nullable=False),
    Column("question", Text, nullable=False),
    Column("options", JSON, nullable=False),
    Column("answer", Text),
    Column("tags", JSONB, nullable=False),
    Column("cluster", Text, nullable=False),
    Column("images", JSONB, nullable=False),  # [{"sha256"} or {"url"}, ...]; a fetched URL gains its sha256
    Column("images_state", Text, nullable=False),
    Column("images_error", Text),
    UniqueConstraint("job_id", "name"),
    one_of("images_state", ("ready", "pending", "failed")),
    Index("ix_items_unready", "job_id", "images_state", postgresql_where=text("images_state <> 'ready'")),
    # Answer "has this job pictures?" and "is this picture still used?" without burdening items that have none.
    Index("ix_items_with_images", "job_id", postgresql_where=text("images <> '[]'::jsonb")),
    Index(
        "ix_items_images",
        "images",
        postgresql_using="gin",
        postgresql_ops={"images": "jsonb_path_ops"},
        postgresql_where=text("images <> '[]'::jsonb"),
    ),
)

# Traces and pairs are written by the million, and every foreign key costs as much as the row: only the chain
# pair -> item, trace -> item -> job carries them. `job_id`, `a_id` and `b_id` are right by construction (promotion
# is the one writer).

traces = Table(
    "traces",
    metadata,
    big_key(),
    Column("job_id", Integer, nullable=False),
    Column("item_id", BigInteger, ForeignKey("items.id", ondelete="CASCADE"), nullable=False),
    Column("model", Text, nullable=False),
    Column("sample", Integer, nullable=False),
    Column("fingerprint", LargeBinary, nullable=False),
    Column("text", Text, nullable=False),  # STORAGE EXTERNAL: kept apart from the row and not compressed
    Column("length", Integer, nullable=False),  # in characters, so that statistics need not read the text
    Column("answer", Text),
    Column("correct", Boolean),  # the final answer equals the item's; NULL when either is unknown
    Column("leak", Boolean, nullable=False),  # the text names one of the models of its pair
    UniqueConstraint("item_id", "model", "sample"),
    Index(None, "job_id"),
)

pairs = Table(
    "pairs",
    metadata,
    big_key(),
    Column("job_id", Integer, nullable=False),
    Column("item_id", BigInteger, ForeignKey("items.id", ondelete="CASCADE"), nullable=False),
    Column("a_id", BigInteger, nullable=False),
    Column("b_id", BigInteger, nullable=False),
    Column("seq", Integer),  # the target number, given by start
    # One pair of two traces, whichever way round.
    Index("uq_pairs_traces", "item_id", text("LEAST(a_id, b_id)"), text("GREATEST(a_id, b_id)"), unique=True),
    Index("ix_pairs_target", "job_id", "seq", unique=True),
)

uploads = Table(
    "uploads",
    metadata,
    big_key(),
    of_job(),
    created_at(),
)

# Here for minutes: unlogged, without a foreign key, and rows up to a page are kept whole (toast_tuple_target).
staged_pairs = Table(
    "staged_pairs",
    metadata,
    Column("upload_id", BigInteger, primary_key=True),
    Column("line", Integer, primary_key=True),
    Column("item_name", Text, nullable=False),
    Column("item_fingerprint", LargeBinary, nullable=False),
    Column("question", Text, nullable=False),
    Column("options", JSON, nullable=False),
    Column("item_answer", Text),
    Column("tags", JSONB, nullable=False),
    Column("cluster", Text, nullable=False),
    Column("images", JSONB, nullable=False),
    *(
        Column(f"{side}_{name}", kind, nullable=nullable)
        for side in ("a", "b")
        for name, kind, nullable in (
            ("model", Text, False),
            ("sample", Integer, False),
            ("fingerprint", LargeBinary, False),
            ("text", Text, False),
            ("length", Integer, False),
            ("answer", Text, True),
            ("correct", Boolean, True),
            ("leak", Boolean, False),
        )
    ),
    prefixes=["UNLOGGED"],
)

images = Table(
    "images",
    metadata,
    of_project(),
    Column("sha256", LargeBinary, nullable=False),  # of the bytes as received
    Column("media_type", Text, nullable=False),
    Column("width", Integer, nullable=False),
    Column("height", Integer, nullable=False),
    Column("bytes", Integer, nullable=False),
    Column("seen_at", DateTime(timezone=True), nullable=False, server_default=func.clock_timestamp()),
    PrimaryKeyConstraint("project_id", "sha256"),
)

image_bytes = Table(
    "image_bytes",
    metadata,
    Column("project_id", Integer, nullable=False),
    Column("sha256", LargeBinary, nullable=False),
    Column("data", LargeBinary, nullable=False),  # STORAGE EXTERNAL: pictures do not compress again
    PrimaryKeyConstraint("project_id", "sha256"),
    ForeignKeyConstraint(["project_id", "sha256"], ["images.project_id", "images.sha256"], ondelete="CASCADE"),
)

# The last headline of a job: what an overview shows without reading a million judgments.
headlines = Table(
    "headlines",
    metadata,
    of_job(primary=True),
    Column("state", Text, nullable=False),  # what it was computed from
    Column("as_of", DateTime(timezone=True), nullable=False, server_default=func.clock_timestamp()),
    Column("headline", JSONB),
)
