"""Reports from the database: a sheet is what the tables say, snapshots are shared, a busy job's are not rushed."""

from __future__ import annotations

import asyncio
import random
from hashlib import sha256

import numpy as np
import pytest
from sqlalchemy import text

from app.domain.judgment import Outcome, Pick
from app.domain.trace import Image, Pair
from app.reports.sheet import NOT_PLANNED, PENDING, Parameters
from app.services import publish, verbs
from app.services.job_sheet import read_sheet
from app.services.publish import Publisher
from app.store import asked, images
from app.store.finishing import finish_jobs
from app.store.images import ImageInfo
from app.store.sheet import job_facts
from tests.integration.services.judging import always, judge
from tests.integration.services.samples import JUDGE, ODDS_JUDGE, item, number_of, started, trace

PICTURE = "cd" * 32
MODELS = ("zeta", "alpha", "mu")

ROWS = text(
    """
    SELECT a.model, b.model, i.cluster, coalesce(a.correct::int, -1), coalesce(b.correct::int, -1),
      i.tags->>'modality', a.length, b.length, jsonb_array_length(i.images) > 0, a.leak OR b.leak
    FROM pairs p JOIN items i ON i.id = p.item_id JOIN traces a ON a.id = p.a_id JOIN traces b ON b.id = p.b_id
    WHERE p.job_id = :job ORDER BY p.seq
    """
)

_HASHES = text("UPDATE replies SET prompt_hash = sha256(CAST(CAST(seq % 4 AS text) AS bytea)) WHERE job_id = :job")


def erratic(judge_no, seq, slot):
    source = random.Random(f"{judge_no} {seq} {slot}")
    return source.choice([*Pick, *Pick, Outcome.REFUSAL, Outcome.ENDPOINT_ERROR, None])


def mixed(number: int) -> Pair:
    """Pairs of three models and few clusters, some without an answer, a tag or with a picture."""
    source = random.Random(number)
    one, two = source.sample(MODELS, 2)
    tags = source.choice([{}, {"modality": "CT"}, {"modality": "MR", "organ": "lung"}, {"organ": "MR"}])
    about = item(
        f"q{number}", tags=tags, cluster=source.choice(["c1", "c2", "c3", f"own {number}"]),
        answer=source.choice([None, "C"]), images=source.choice([(), (Image(sha256=PICTURE),)]),
    )  # fmt: skip
    told = [trace(model, f"{number} {source.choice([two, 'no name'])}", source.choice([None, "C", "D"]))
            for model in (one, two)]  # fmt: skip
    return Pair(about, *told)


@pytest.fixture
async def pairs(database, project):
    async with database.transaction() as tx:
        await images.add_image(tx, project, ImageInfo(PICTURE, "image/png", 1, 1, 3), b"png")
    return [mixed(number) for number in range(60)]


async def rows_of(database, job: str) -> list:
    number = await number_of(database, job)
    async with database.transaction() as tx:
        return list(zip(*(await tx.execute(ROWS, {"job": number})).all(), strict=True))


async def sheet_of(database, project, job, *, tags=("modality",)):
    async with database.transaction() as tx:
        facts = await job_facts(tx, project, job)
    return await read_sheet(database, facts, tags=tags)


async def test_a_sheet_says_of_its_pairs_what_one_join_says(database, vault, project, pairs):
    job = await started(database, vault, project, pairs=pairs, rubric="reasoning-trace", seed=5)
    sheet, rows = await sheet_of(database, project, job.id), await rows_of(database, job.id)
    assert tuple(sheet.models[model] for model in sheet.model_a) == rows[0]
    assert tuple(sheet.models[model] for model in sheet.model_b) == rows[1]
    assert sheet.models == tuple(dict.fromkeys(name for both in zip(*rows[:2], strict=True) for name in both))
    clusters = list(dict.fromkeys(rows[2]))
    assert sheet.cluster.tolist() == [clusters.index(name) for name in rows[2]]
    for column, row in zip((sheet.right_a, sheet.right_b), rows[3:5], strict=True):
        assert tuple(column.tolist()) == row
    tag = sheet.tags["modality"]
    assert tag.values == ("CT", "MR")
    assert tuple((*tag.values, None)[code] for code in tag.code) == rows[5]
    for column, row in zip((sheet.length_a, sheet.length_b, sheet.has_images, sheet.leaks), rows[6:], strict=True):
        assert tuple(column.tolist()) == row
    assert len(set(rows[8])) == len(set(rows[9])) == 2
    assert not (await sheet_of(database, project, job.id, tags=("colour",))).tags


async def test_a_sheet_holds_every_pick_where_it_belongs(database, vault, project, pairs):
    job = await started(
        database, vault, project, JUDGE, ODDS_JUDGE, pairs=pairs, rubric="reasoning-trace", repeats=3
    )  # fmt: skip
    await judge(database, job.id, erratic)
    sheet, number = await sheet_of(database, project, job.id), await number_of(database, job.id)
    seen = {axis: np.zeros_like(sheet.picks[axis].picks) for axis in sheet.axes}
    outcomes = np.full_like(sheet.outcomes, PENDING)
    outcomes[:, 0, 1:] = NOT_PLANNED
    odds = {axis: np.full(seen[axis].shape, np.nan, np.float32) for axis in sheet.axes}
    async with database.transaction() as tx:
        stored = (await tx.execute(text("SELECT * FROM judgments WHERE job_id = :job"), {"job": number})).all()
    for row in stored:
        axes = sheet.axes if row.judge_no == 0 else (sheet.axes[row.axis_group],)
        at = (row.seq, row.judge_no, row.presented, row.repeat)
        outcomes[row.seq, row.judge_no, row.axis_group, row.presented, row.repeat] = row.outcome
        for place, axis in enumerate(axes):
            seen[axis][at] = row.picks[place]
            odds[axis][at] = np.nan if row.log_odds is None else row.log_odds[place]
    np.testing.assert_array_equal(sheet.outcomes, outcomes)
    for axis in sheet.axes:
        np.testing.assert_array_equal(sheet.picks[axis].picks, seen[axis])
        np.testing.assert_array_equal(sheet.picks[axis].log_odds, odds[axis])
    assert not np.isnan(odds["overall"]).all()


async def test_how_judges_were_asked_is_kept_when_a_job_ends_and_read_anew_after_a_retry(database, vault, project):
    job = await started(database, vault, project)
    await judge(database, job.id, lambda _judge, seq, _slot: Pick.TIE if seq else Outcome.REFUSAL)
    number = await number_of(database, job.id)
    async with database.transaction() as tx:
        await tx.execute(_HASHES, {"job": number})
        await finish_jobs(tx, job=number)
        while await asked.keep_one(tx):
            pass
    hashes = {sha256(str(seq % 4).encode()).digest() for seq in range(10)}
    assert (await sheet_of(database, project, job.id)).prompt_hash == sha256(b"".join(sorted(hashes))).hexdigest()
    async with database.transaction() as tx:  # what is kept is what is told
        await tx.execute(text("UPDATE replies SET served_model = 'another' WHERE job_id = :job"), {"job": number})
    before = await sheet_of(database, project, job.id)
    await verbs.retry(database, project, job.id, what=("abstained",))
    await judge(database, job.id, always(Pick.TIE))
    after = await sheet_of(database, project, job.id)
    assert "another" not in before.judges[0].served_as
    assert "another" in after.judges[0].served_as


@pytest.fixture
def reads(monkeypatch) -> list[str]:
    """What is read: a line for every sheet and every reading of pairs."""
    told: list[str] = []

    def spy(name: str) -> None:
        real = getattr(publish, name)

        def spied(*arguments, **choices):
            told.append(name)
            return real(*arguments, **choices)

        monkeypatch.setattr(publish, name, spied)

    spy("read_sheet")
    spy("pair_columns")
    return told


async def test_other_parameters_are_reported_from_the_same_sheet(database, vault, project, reads):
    job = await started(database, vault, project)
    await judge(database, job.id)
    publisher = Publisher(database)
    found = await asyncio.gather(*(publisher.report(project, job.id, Parameters(level=level)) for level in (0.9, 0.95)))
    assert found[0].results.headline.win_rate.level == 0.9
    assert sorted(reads) == ["pair_columns", "read_sheet"]
    assert found[1] is await publisher.report(project, job.id, Parameters())
    page = await publisher.document(project, job.id, Parameters(), "json")
    assert page is await publisher.document(project, job.id, Parameters(), "json")


@pytest.mark.parametrize("pace", [(60.0, [5, 5]), (0.0, [5, 9])])
async def test_while_judging_a_snapshot_is_taken_anew_only_now_and_then(database, vault, project, reads, pace):
    seconds, told = pace
    job = await started(database, vault, project)
    publisher = Publisher(database, seconds=seconds)
    decided = []
    for until in (5, 9):
        await judge(database, job.id, lambda _judge, seq, _slot, until=until: Pick.TIE if seq < until else None)
        report = await publisher.report(project, job.id, Parameters())
        decided.append(report.results.headline.win_rate.ties)
    assert decided == told
    assert reads.count("pair_columns") == 1
    await judge(database, job.id, always(Pick.TIE))
    number = await number_of(database, job.id)
    async with database.transaction() as tx:
        await finish_jobs(tx, job=number)
    report = await publisher.report(project, job.id, Parameters())
    assert report.results.headline.win_rate.ties == 10


async def test_the_time_of_calls_is_added_up_and_not_made_up(database, vault, project):
    job = await started(database, vault, project)
    await judge(database, job.id, always(Pick.TIE))
    told = (await sheet_of(database, project, job.id)).envelope["usage"]
    assert told["call_seconds"] == pytest.approx(told["calls"] * 12.5 / 1_000, abs=0.05)
    number = await number_of(database, job.id)
    async with database.transaction() as tx:
        await finish_jobs(tx, job=number)
        while await asked.keep_one(tx):
            pass
        await tx.execute(
            text("UPDATE jobs SET asked = asked #- '{judges,0,call_seconds}' WHERE id = :job"), {"job": number}
        )
    assert (await sheet_of(database, project, job.id)).envelope["usage"]["call_seconds"] is None
