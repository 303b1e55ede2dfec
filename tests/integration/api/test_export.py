"""Pairs and judgments as Parquet over a real database: the rows of the NDJSON, typed, narrowed alike."""

from __future__ import annotations

import io
import json
from datetime import UTC, datetime

import httpx
import pytest
from pyarrow import Table
from pyarrow import parquet as pq

from app.api import parquet
from app.client import Client, ProblemError
from app.domain.judgment import Outcome, Pick
from app.services.look import list_judgments
from tests.integration.api.conftest import JUDGE, draft, upload
from tests.integration.api.test_jobs import problem
from tests.integration.services.judging import judge, prefers_a
from tests.world.pairs import ndjson, pairs

PARQUET = {"Accept": "application/vnd.apache.parquet"}
LINES = {"Accept": "application/x-ndjson"}
LISTS = ("judgments", "pairs")
SECOND_JUDGE = JUDGE | {"name": "odds", "method": "logprobs"}


def say(judge_no, seq, slot):
    """Picks, ties and refusals, and units nobody asked."""
    return {1: Pick.TIE, 3: Outcome.REFUSAL, 5: None}.get(seq % 7, prefers_a(judge_no, seq, slot))


@pytest.fixture
async def job(http, database) -> str:
    """Judged, by two judges on all axes; 25 pairs."""
    made = await draft(http, judges=[JUDGE, SECOND_JUDGE], rubric="reasoning-trace")
    assert (await upload(http, made, ndjson(pairs(25)))).status_code == 200
    assert (await http.post(f"/v1/jobs/{made}/start")).status_code == 202
    assert await judge(database, made, say)
    return made


async def both(http: httpx.AsyncClient, job: str, what: str, **filters: str) -> tuple[list[dict], Table]:
    lines = await http.get(f"/v1/jobs/{job}/{what}", headers=LINES, params=filters)
    table = await http.get(f"/v1/jobs/{job}/{what}", headers=PARQUET, params=filters)
    assert (lines.status_code, table.status_code) == (200, 200), (lines.text, table.text)
    assert table.headers["content-type"] == PARQUET["Accept"]
    return [json.loads(line) for line in lines.text.splitlines()], pq.read_table(io.BytesIO(table.content))


def unfolded(row: dict) -> dict:
    """A Parquet row as the NDJSON has it: written the other way round than app/api/parquet.py."""
    found: dict = {}
    for column, value in row.items():
        outer, dot, inner = column.partition(".")
        if dot:
            found.setdefault(outer, {})[inner] = value
        elif isinstance(value, datetime):
            found[column] = value.isoformat()
        elif column in ("picks", "axes"):
            found[column] = {one.pop("axis"): one for one in value}
        elif column == "tags":
            found[column] = {tag["name"]: tag["value"] for tag in value}
        else:
            found[column] = value
    for axis in found.get("axes", {}).values():
        axis["stances"] = {one["judge"]: one["stance"] for one in axis["stances"]}
        axis["labels"] = {one["side"]: one["people"] for one in axis["labels"]}
    return found


@pytest.mark.parametrize("what", LISTS)
async def test_every_row_is_the_row_of_the_lines(http, job, what):
    lines, table = await both(http, job, what)
    assert len(lines) >= 25
    assert [unfolded(row) for row in table.to_pylist()] == lines
    assert len({line["seq"] for line in lines}) == (25 if what == "pairs" else 22)  # three pairs were never judged


async def test_columns_have_types_that_need_no_parsing(http, job):
    _, judgments = await both(http, job, "judgments")
    types = {field.name: str(field.type) for field in judgments.schema}
    assert types["created_at"] == "timestamp[us, tz=UTC]"
    assert types["prompt_hash"] == "string"
    assert (types["censored"], types["latency_ms"], types["usage.cached_tokens"]) == ("bool", "double", "int64")
    assert types["picks"] == (
        "list<element: struct<axis: string, pick: string, side: string, log_odds: double, reason: string>>"
    )
    assert judgments["created_at"][0].as_py().astimezone(UTC).date() == datetime.now(UTC).date()
    assert set(judgments["prompt_hash"].to_pylist()) == {(b"h" * 32).hex()}
    _, shown = await both(http, job, "pairs")
    assert {"a.model", "a.correct", "b.sample"} < set(shown.column_names)


@pytest.mark.parametrize(
    ("what", "filters", "rows"),
    [
        ("judgments", {"judge": "stub", "reason": "refusal"}, 2 * 4),
        ("judgments", {"axis": "overall", "judge": "odds"}, 2 * 22),
        ("pairs", {"verdict": "TIE", "judge": "odds"}, 4),
        ("pairs", {"tag": "modality:no such"}, 0),
    ],
)
async def test_filters_narrow_it_as_they_narrow_the_lines(http, job, what, filters, rows):
    lines, table = await both(http, job, what, **filters)
    assert len(lines) == rows
    assert [unfolded(row) for row in table.to_pylist()] == lines


async def test_a_job_without_rows_is_a_file_without_rows_and_with_all_columns(http, job):
    empty = await draft(http)
    for what in LISTS:
        lines, table = await both(http, empty, what)
        assert (lines, table.num_rows) == ([], 0)
        assert table.schema == (await both(http, job, what))[1].schema


async def test_a_draft_has_pairs_without_numbers(http):
    made = await draft(http)
    assert (await upload(http, made, ndjson(pairs(3)))).status_code == 200
    lines, table = await both(http, made, "pairs")
    assert [unfolded(row) for row in table.to_pylist()] == lines
    assert table["seq"].to_pylist() == [None] * 3


async def test_errors_before_the_first_row_are_problems(http, job, login):
    url = f"/v1/jobs/{job}/judgments"
    problem(await http.get(url, headers=PARQUET, params={"verdict": "A"}), 422, "invalid")
    problem(await http.get(url, headers=PARQUET, params={"judge": "nobody"}), 422, "invalid")
    problem(await (await login()).get(url, headers=PARQUET), 404, "not-found")


async def test_of_several_accepted_the_first_that_streams_is_sent(http, job):
    for accept, kind in (
        ("application/vnd.apache.parquet;q=1, application/x-ndjson", "application/vnd.apache.parquet"),
        ("application/x-ndjson, application/vnd.apache.parquet", "application/x-ndjson"),
        ("application/json", "application/json"),
        ("*/*", "application/json"),
    ):
        answer = await http.get(f"/v1/jobs/{job}/pairs", headers={"Accept": accept}, params={"limit": 1})
        assert answer.headers["content-type"] == kind


async def test_row_groups_are_whole_however_short_the_pages(database, project, job, monkeypatch):
    monkeypatch.setattr(parquet, "GROUP", 10)

    async def following(after: str):
        return await list_judgments(database, project, job, after=after, limit=3)

    first = await list_judgments(database, project, job, limit=3)
    pieces = [piece async for piece in parquet.row_groups(parquet.JUDGMENTS, first, following)]
    index = pq.ParquetFile(io.BytesIO(b"".join(pieces))).metadata
    groups = [index.row_group(number).num_rows for number in range(index.num_row_groups)]
    assert set(groups[:-1]) == {10}
    assert len(pieces) == len(groups) + 1  # and the footer
    assert index.num_rows == len((await list_judgments(database, project, job, limit=1_000)).items)


def test_the_client_streams_both_lists_in_both_formats(client: Client):
    job = client.create_job({"judges": [JUDGE]}).id
    client.upload_pairs(job, pairs(2_300, words=5))
    client.start(job)
    lines = [json.loads(line) for line in b"".join(client.export(job, "pairs")).splitlines()]
    pieces = list(client.export(job, "pairs", "parquet"))
    assert len(pieces) > 1
    table = pq.ParquetFile(io.BytesIO(b"".join(pieces)))
    assert table.metadata.num_row_groups == 3
    assert [unfolded(row) for row in table.read().to_pylist()] == lines
    assert len(lines) == 2_300
    assert list(client.export(job)) == []
    left = client.export(job, "pairs", "parquet")
    assert next(left).startswith(b"PAR1")
    left.close()  # a reader that goes away harms nobody
    assert client.get_job(job).id == job
    with pytest.raises(ProblemError, match="cannot be narrowed"):
        next(client.export(job, "pairs", "parquet", judge="nobody"))
