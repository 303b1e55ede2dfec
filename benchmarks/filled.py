"""A finished job of any size, written straight into the tables by SQL: what a report has to read, without judging."""

from __future__ import annotations

import asyncio

import asyncpg
from cryptography.fernet import Fernet

from app.domain.job import NewJob
from app.domain.judge import Judge
from app.services.admin import create_project
from app.services.submit import create_draft
from app.services.vault import Vault
from app.store import numbering
from app.store.database import Database
from app.store.migrate import upgrade

REPLY = 700  # bytes of a raw reply
SHARD_UNITS = 256

# Clusters of 1, 2, 3, 4 pairs in turn; three models that meet in turn; one pair in 50 without the tag.
_ITEMS = """
INSERT INTO items (job_id, name, fingerprint, question, options, answer, tags, cluster, images, images_state)
SELECT $1, 'item-' || i, sha256(i::text::bytea), 'question', '[]', 'C',
  CASE WHEN i % 50 = 0 THEN '{"source": "ward"}'
       ELSE jsonb_build_object('modality', (ARRAY['CT', 'MR', 'X-ray', 'ultrasound', 'text'])[1 + i % 5],
                               'source', 'article ' || i / 3) END,
  'article ' || (i / 10) * 4 + (ARRAY[0, 1, 1, 2, 2, 2, 3, 3, 3, 3])[1 + i % 10], '[]', 'ready'
FROM generate_series(0, $2::int - 1) i
"""
_TRACES = """
INSERT INTO traces (job_id, item_id, model, sample, fingerprint, text, length, answer, correct, leak)
SELECT $1, i.id, (ARRAY['base-7b', 'tuned-7b', 'other-32b'])[1 + (n + side) % 3], 0,
  sha256((n * 2 + side)::text::bytea), 'text', 500 + (n * 719 + side * 10429) % 4000, 'C',
  (n * 31 + side * 17) % 10 < 6, n % 1000 = 0
FROM (SELECT id, split_part(name, '-', 2)::int AS n FROM items WHERE job_id = $1) i, generate_series(0, 1) side
"""
_PAIRS = """
INSERT INTO pairs (job_id, item_id, a_id, b_id)
SELECT $1, item_id, min(id), max(id) FROM traces WHERE job_id = $1 GROUP BY item_id ORDER BY item_id
"""
# Two units of a hundred abstain; the rest pick by a hash: the better of the models more often, and first more often.
_JUDGMENTS = """
INSERT INTO judgments (job_id, judge_no, seq, repeat, axis_group, presented, outcome, picks)
SELECT $1, 0, seq, 0, 0, presented, CASE WHEN lost THEN 3 ELSE 0 END,
  CASE WHEN lost THEN '{0,0,0,0}'::smallint[] ELSE ARRAY[
    pick(h & 255, presented), pick(h >> 8 & 255, presented), pick(h >> 16 & 255, presented),
    pick(h >> 24 & 255, presented)] END
FROM (SELECT s.seq, o.presented, hashint8(s.seq * 2 + o.presented)::bigint & 4294967295 AS h,
        hashint4(s.seq * 3 + o.presented) % 100 IN (1, 2) AS lost
      FROM generate_series(0, $2::int - 1) s (seq), (VALUES (0::smallint), (1::smallint)) o (presented)) unit
"""
_PICK = """
CREATE FUNCTION pg_temp.pick(h bigint, presented smallint) RETURNS smallint LANGUAGE sql IMMUTABLE AS $$
  SELECT (CASE WHEN h < 30 THEN 3 WHEN h < 165 THEN 1 + presented ELSE 2 - presented END)::smallint $$
"""
_REPLIES = """
INSERT INTO replies (job_id, judge_no, seq, repeat, axis_group, presented, reasons, detail, raw, prompt_hash,
  served_model, censored, images_sent, calls, prompt_tokens, completion_tokens, cached_tokens, latency_ms)
SELECT job_id, judge_no, seq, repeat, axis_group, presented, '{}', '', $2, sha256((seq * 2 + presented)::text::bytea),
  'stub-1', false, 0, 1, 1500, 200, 900, 210.5
FROM judgments WHERE job_id = $1
"""
_SHARDS = """
UPDATE shards s SET judged = n.judged, abstained = n.abstained, calls = n.judged + n.abstained,
  prompt_tokens = 1500 * (n.judged + n.abstained), completion_tokens = 200 * (n.judged + n.abstained)
FROM (SELECT seq - seq % $2::int AS first_seq, count(*) FILTER (WHERE outcome = 0) AS judged,
        count(*) FILTER (WHERE outcome <> 0) AS abstained
      FROM judgments WHERE job_id = $1 GROUP BY 1) n
WHERE s.job_id = $1 AND s.first_seq = n.first_seq
"""
_JOB = """
UPDATE jobs SET status = 'completed', pairs = $2::int, units = 2 * $2::int, started_at = clock_timestamp(),
  finished_at = clock_timestamp() WHERE id = $1
"""


async def fill(url: str, pairs: int) -> tuple[int, str]:
    """Project and id of a completed job: `pairs` pairs of as many items, both orders, one judge, four axes a call."""
    await asyncio.to_thread(upgrade, url)  # it has a loop of its own
    database = Database(url)
    try:
        project = (await create_project(database, "bench")).id
        judge = Judge(name="stub", urls=("http://127.0.0.1:9/v1",), served_model="stub-1")
        new = NewJob(name="bench", judges=((judge, None),), rubric="reasoning-trace")
        vault = Vault(Fernet.generate_key().decode())
        job = (await create_draft(database, vault, project, new, hosts="*", may_write_judges=True)).id
        connection = await asyncpg.connect(url)
        number: int = await connection.fetchval("SELECT id FROM jobs WHERE public_id = $1::uuid", job)
        await _content(connection, number, pairs)
        async with database.transaction() as tx:
            await numbering.number_targets(tx, number, 1)
            await numbering.cut_shards(tx, number, 0, targets=pairs, units_each=2, shard_units=SHARD_UNITS)
        await _judged(connection, number, pairs)
        await connection.close()
    finally:
        await database.close()
    return project, job


async def _content(connection: asyncpg.Connection, job: int, pairs: int) -> None:
    await connection.execute("SET session_replication_role = replica")  # a foreign key is looked up for every row
    await connection.execute(_ITEMS, job, pairs)
    await connection.execute(_TRACES, job)
    await connection.execute(_PAIRS, job)
    await connection.execute("ANALYZE items, traces, pairs")


async def _judged(connection: asyncpg.Connection, job: int, pairs: int) -> None:
    await connection.execute(_PICK)
    await connection.execute(_JUDGMENTS.replace("pick(", "pg_temp.pick("), job, pairs)
    await connection.execute(_REPLIES, job, b"r" * REPLY)
    await connection.execute(_SHARDS, job, SHARD_UNITS // 2)
    await connection.execute(_JOB, job, pairs)
    await connection.execute("VACUUM ANALYZE")
