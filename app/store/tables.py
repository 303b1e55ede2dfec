"""All tables. Facts only: verdicts, rates and reports are derived when they are read.

Reading guide: a job owns its items, traces and pairs; `start` numbers the pairs (`seq`, the target number) and
cuts them into shards; finished units are rows of `judgments` (narrow, for statistics) and `replies` (wide, for
people). Every table of a job starts its key with job_id. Why neither is partitioned: docs/decisions.
"""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    REAL,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Computed,
    DateTime,
    ForeignKey,
    ForeignKeyConstraint,
    Identity,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, UUID

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

JOB_STATUSES = (
    "draft", "preparing", "running", "paused", "completed", "completed_with_failures", "cancelled",
)  # fmt: skip
JUDGE_STATUSES = ("unverified", "ready", "waiting", "paused")


def _one_of(column: str, values: tuple[str, ...]) -> CheckConstraint:
    listed = ", ".join(f"'{value}'" for value in values)
    return CheckConstraint(f"{column} IN ({listed})", name=column)


def _created() -> Column[object]:
    return Column("created_at", DateTime(timezone=True), nullable=False, server_default=func.clock_timestamp())


def _job(*, primary: bool = False) -> Column[int]:
    return Column("job_id", Integer, ForeignKey("jobs.id", ondelete="CASCADE"), primary_key=primary, nullable=False)


def _project() -> Column[int]:
    return Column("project_id", Integer, ForeignKey("projects.id", ondelete="CASCADE"), nullable=False)


def _key() -> Column[int]:
    return Column("id", BigInteger, Identity(always=True), primary_key=True)


def _small_key() -> Column[int]:
    return Column("id", Integer, Identity(always=True), primary_key=True)


# Who ------------------------------------------------------------------------------------------------------------

projects = Table(
    "projects",
    metadata,
    _small_key(),
    Column("name", Text, nullable=False, unique=True),
    _created(),
)

api_keys = Table(
    "api_keys",
    metadata,
    _small_key(),
    _project(),
    Column("name", Text, nullable=False),
    Column("prefix", Text, nullable=False),  # the first characters, to recognise a key by
    Column("digest", LargeBinary, nullable=False, unique=True),  # SHA-256 of the key; the key itself is not kept
    Column("scopes", ARRAY(Text), nullable=False),
    _created(),
    Column("revoked_at", DateTime(timezone=True)),
)

audit = Table(
    "audit",
    metadata,
    _key(),
    Column("project_id", Integer, nullable=False),  # no foreign key: the trail outlives what it tells of
    Column("at", DateTime(timezone=True), nullable=False, server_default=func.clock_timestamp()),
    Column("actor", Text, nullable=False),
    Column("verb", Text, nullable=False),
    Column("object", Text, nullable=False),
)

idempotency_keys = Table(
    "idempotency_keys",
    metadata,
    _project(),
    Column("key", Text, nullable=False),
    Column("request_digest", LargeBinary, nullable=False),
    Column("status", SmallInteger),  # NULL while the first request is still at work
    Column("body", LargeBinary),
    _created(),
    PrimaryKeyConstraint("project_id", "key"),
)

# What judges ----------------------------------------------------------------------------------------------------

judges = Table(
    "judges",
    metadata,
    _small_key(),
    _project(),
    Column("name", Text, nullable=False),
    Column("spec", JSONB, nullable=False),
    Column("secret", LargeBinary),  # the endpoint's API key, encrypted; never leaves in the clear
    Column("status", Text, nullable=False, server_default="unverified"),
    Column("status_reason", Text),
    Column("canary_at", DateTime(timezone=True)),  # when a process last took the canary
    Column("canaries", Integer, nullable=False, server_default="0"),
    Column("capability", JSONB),
    _created(),
    UniqueConstraint("project_id", "name"),
    _one_of("status", JUDGE_STATUSES),
)

rubrics = Table(
    "rubrics",
    metadata,
    _small_key(),
    _project(),
    Column("name", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("hash", Text, nullable=False),
    Column("document", JSONB, nullable=False),
    _created(),
    UniqueConstraint("project_id", "name", "version"),
)

# What is judged -------------------------------------------------------------------------------------------------

jobs = Table(
    "jobs",
    metadata,
    _small_key(),
    Column("public_id", UUID(as_uuid=False), nullable=False, unique=True, server_default=text("gen_random_uuid()")),
    _project(),
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
    _created(),
    Column("started_at", DateTime(timezone=True)),
    Column("finished_at", DateTime(timezone=True)),
    _one_of("status", JOB_STATUSES),
    Index(None, "project_id", "id"),
    Index("ix_jobs_active", "status", postgresql_where=text("status IN ('preparing', 'running', 'paused')")),
)

job_judges = Table(
    "job_judges",
    metadata,
    _job(primary=True),
    Column("judge_no", SmallInteger, primary_key=True),
    Column("judge_id", Integer, ForeignKey("judges.id"), nullable=False, index=True),
    Column("spec", JSONB, nullable=False),  # the judge as it was at submit
)

items = Table(
    "items",
    metadata,
    _key(),
    _job(),
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
    _one_of("images_state", ("ready", "pending", "failed")),
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
    _key(),
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
    _key(),
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
    _key(),
    _job(),
    _created(),
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
    _project(),
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

# How it is judged -----------------------------------------------------------------------------------------------

shards = Table(
    "shards",
    metadata,
    _key(),
    _job(),
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
    _job(),
    *_unit(),
    Column("outcome", SmallInteger, nullable=False),
    Column("picks", ARRAY(SmallInteger), nullable=False),  # a Pick per axis of the group, 0 for none
    Column("log_odds", ARRAY(REAL)),  # log P(FIRST)/P(SECOND) per axis, in nats
    PrimaryKeyConstraint(*UNIT),
)

replies = Table(
    "replies",
    metadata,
    _job(),
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
    _created(),
    PrimaryKeyConstraint(*UNIT),
)

judgments_superseded = Table(
    "judgments_superseded",
    metadata,
    _job(),
    *_unit(),
    Column("generation", Integer, nullable=False),  # the retry that replaced it
    Column("outcome", SmallInteger, nullable=False),
    Column("detail", Text, nullable=False),
    Column("raw", LargeBinary, nullable=False),
    Column("prompt_hash", LargeBinary, nullable=False),
    Column("calls", SmallInteger, nullable=False),
    _created(),
    PrimaryKeyConstraint(*UNIT, "generation"),
)

workers = Table(
    "workers",
    metadata,
    Column("owner", Text, primary_key=True),
    Column("host", Text, nullable=False),
    Column("pid", Integer, nullable=False),
    Column("version", Text, nullable=False),
    _created(),
    Column("seen_at", DateTime(timezone=True), nullable=False, server_default=func.clock_timestamp()),
    Column("slices", Integer, nullable=False, server_default="0"),
)

# What comes from elsewhere --------------------------------------------------------------------------------------

imports = Table(
    "imports",
    metadata,
    _small_key(),
    Column("public_id", UUID(as_uuid=False), nullable=False, unique=True, server_default=text("gen_random_uuid()")),
    _project(),
    Column("name", Text, nullable=False),
    Column("spec", JSONB, nullable=False),
    _created(),
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
    Column("score", REAL),  # 1 = A wins, 0 = B wins, 0.5 = tie; NULL = abstained
    Column("presented", SmallInteger),  # NULL = a final stance
    Column("repeat", SmallInteger, nullable=False, server_default="0"),
    Column("count", Integer, nullable=False, server_default="1"),
    Column("cluster", Text),
    Column("length_a", Integer),
    Column("length_b", Integer),
    Column("tags", JSONB, nullable=False),
)

labels = Table(
    "labels",
    metadata,
    _key(),
    _job(),
    Column("seq", Integer, nullable=False),
    Column("axis", Text, nullable=False),
    Column("labeller", Text, nullable=False),
    Column("side", SmallInteger),  # a Side; NULL = could not tell
    Column("shown", SmallInteger, nullable=False),  # the Order the labeller saw
    Column("design", Text, nullable=False),  # how the pair came to be labelled
    Column("inclusion_probability", REAL),
    Column("seconds", REAL),
    _created(),
    UniqueConstraint("job_id", "seq", "axis", "labeller"),
)

outbox = Table(
    "outbox",
    metadata,
    _key(),
    _job(),
    Column("event", Text, nullable=False),
    Column("body", JSONB, nullable=False),
    _created(),
    Column("not_before", DateTime(timezone=True), nullable=False, server_default=func.clock_timestamp()),
    Column("tries", SmallInteger, nullable=False, server_default="0"),
    Column("delivered_at", DateTime(timezone=True)),
    Index("ix_outbox_due", "not_before", postgresql_where=text("delivered_at IS NULL")),
)
