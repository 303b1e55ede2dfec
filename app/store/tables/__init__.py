"""All tables. Facts only: verdicts, rates and reports are derived when they are read.

Reading guide: a job owns its items, traces and pairs; `start` numbers the pairs (`seq`, the target number) and
cuts them into shards; finished units are rows of `judgments` (narrow, for statistics) and `replies` (wide, for
people). Every table of a job starts its key with job_id. Why neither is partitioned: docs/decisions.
"""

from __future__ import annotations

from app.store.tables import access, jobs, judging, judgments, outside, reviews
from app.store.tables.columns import metadata

__all__ = ["access", "jobs", "judging", "judgments", "metadata", "outside", "reviews"]
