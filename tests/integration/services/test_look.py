"""Lists of pairs and judgments: the same verdicts as the report's, whole when paged, narrowed as asked."""

from __future__ import annotations

import base64
import random

import pytest
from sqlalchemy import text

from app.domain.errors import Invalid
from app.domain.judgment import Outcome, Pick
from app.domain.order import Order
from app.domain.trace import Image
from app.domain.verdict import Policy, PolicyName, Stance, Verdict
from app.reports.reading import policy_of, settle_axis
from app.services import look, pair_search
from app.services.admin import create_project
from app.services.filters import read_filters
from app.services.job_sheet import read_sheet
from app.store import images
from app.store.images import ImageInfo
from app.store.jobs import open_job
from app.store.sheet import job_facts
from tests.integration.services.judging import judge, prefers_a
from tests.integration.services.looking import all_pages
from tests.integration.services.samples import JUDGE, ODDS_JUDGE, draft, pair, started, upload

PICTURE = "ab" * 32


def erratic(judge_no, seq, slot):
    """Anything may happen, the same every time."""
    source = random.Random(f"{judge_no} {seq} {slot}")
    return source.choice([*Pick, *Pick, *Pick, Outcome.REFUSAL, Outcome.ENDPOINT_ERROR, None])


def never(one):
    return False


@pytest.mark.parametrize(
    "policy",
    [
        Policy(),
        Policy(quorum=2),
        Policy(PolicyName.DROP),
        Policy(PolicyName.SINGLE),
        Policy(PolicyName.DEBIAS, epsilon=0.5),
    ],
    ids=lambda policy: f"{policy.name}-{policy.quorum}",
)
async def test_pairs_have_the_verdicts_of_the_report(database, vault, project, policy):
    job = await started(
        database, vault, project, JUDGE, ODDS_JUDGE, pairs=[pair(f"q{number}") for number in range(40)],
        policy=policy, repeats=2, seed=3, rubric="reasoning-trace",
    )  # fmt: skip
    await judge(database, job.id, erratic)
    async with database.transaction() as tx:
        facts = await job_facts(tx, project, job.id)
    sheet = await read_sheet(database, facts)
    shown = await all_pages(look.list_pairs, database, project, job.id, limit=7)
    assert [one["seq"] for one in shown] == list(range(40))
    for axis in job.axes:
        settled = settle_axis(sheet, axis, policy_of(sheet, None))
        assert [Verdict[one["axes"][axis]["verdict"]] for one in shown] == settled.verdict.tolist()
        stances = [[Stance[one["axes"][axis]["stances"][name]] for name in job.judges] for one in shown]
        assert stances == settled.stances.tolist()
    assert len({one["axes"]["overall"]["verdict"] for one in shown}) > 2


async def test_an_axis_about_pictures_needs_a_judge_that_saw_some(database, vault, project):
    async with database.transaction() as tx:
        await images.add_image(tx, project, ImageInfo(PICTURE, "image/png", 1, 1, 3), b"png")
    blind = await started(database, vault, project, rubric="reasoning-trace", pairs=[pair("q1")])
    seeing = await started(
        database, vault, project, rubric="reasoning-trace", pairs=[pair("q1", images=(Image(sha256=PICTURE),))]
    )
    verdicts = []
    for job in (blind, seeing):
        await judge(database, job.id)
        shown = (await look.list_pairs(database, project, job.id)).items[0]
        verdicts.append((shown["axes"]["perception"]["verdict"], shown["axes"]["overall"]["verdict"]))
    assert verdicts == [("MISSING", "A"), ("A", "A")]


async def test_a_pair_is_shown_with_both_sides(database, vault, project):
    job = await started(database, vault, project, pairs=[pair("q1", cluster="article-9")])
    await judge(database, job.id)
    shown = (await look.list_pairs(database, project, job.id, filters={"axis": "overall"})).items
    assert shown == [{
        "seq": 0, "item": "q1", "cluster": "article-9", "tags": {"modality": "CT"},
        "a": {"model": "base-7b", "sample": 0, "answer": "D", "correct": False},
        "b": {"model": "tuned-7b", "sample": 0, "answer": "C", "correct": True},
        "axes": {"overall": {"verdict": "A", "stances": {"stub": "A"}, "labels": {}}},
    }]  # fmt: skip


async def test_a_draft_shows_its_pairs_without_verdicts(database, vault, project):
    job = await draft(database, vault, project)
    await upload(database, project, job.id, [pair(f"q{number}") for number in range(5)])
    shown = await all_pages(look.list_pairs, database, project, job.id, limit=2)
    assert [(one["item"], one["seq"], one["axes"]) for one in shown] == [(f"q{n}", None, {}) for n in range(5)]
    assert (await look.list_pairs(database, project, job.id, filters={"verdict": "A"})).items == []


@pytest.fixture(scope="module")
async def erratic_job(database, vault):
    """A judged job of two judges, and its pairs as shown without filters."""
    project = (await create_project(database, "erratic")).id
    pairs = [
        pair(f"q{number}", tags={"modality": "CT" if number % 2 else "MR", "odd:tag": "x"}) for number in range(60)
    ]
    job = await started(database, vault, project, JUDGE, ODDS_JUDGE, pairs=pairs)
    await judge(database, job.id, erratic)
    shown = await all_pages(look.list_pairs, database, project, job.id, limit=1000)
    return project, job.id, shown


@pytest.mark.parametrize(
    ("filters", "keep"),
    [
        ({"verdict": "a"}, lambda one: one["axes"]["overall"]["verdict"] == "A"),
        ({"verdict": "UNDECIDED"}, lambda one: one["axes"]["overall"]["verdict"] == "UNDECIDED"),
        ({"stance": "FLIP"}, lambda one: "FLIP" in one["axes"]["overall"]["stances"].values()),
        (
            {"stance": "inconsistent", "judge": "odds"},
            lambda one: one["axes"]["overall"]["stances"]["odds"] in ("FLIP", "PARTIAL"),
        ),
        ({"tag": "modality:CT"}, lambda one: one["tags"]["modality"] == "CT"),
        ({"tag": "modality=MR", "verdict": "B"}, lambda one: one["tags"]["modality"] == "MR"
            and one["axes"]["overall"]["verdict"] == "B"),
        ({"tag": "modality:US"}, never),
    ],
)  # fmt: skip
async def test_pairs_are_narrowed(database, erratic_job, filters, keep):
    project, job, everything = erratic_job
    expected = [one["seq"] for one in everything if keep(one)]
    assert [
        one["seq"] for one in await all_pages(look.list_pairs, database, project, job, limit=4, **filters)
    ] == expected
    assert expected or filters == {"tag": "modality:US"}


async def test_pairs_are_narrowed_on_another_axis(database, erratic_job):
    project, job, everything = erratic_job
    axis = next(name for name in everything[0]["axes"] if name != "overall")
    expected = [one["seq"] for one in everything if one["axes"][axis]["verdict"] == "TIE"]
    found = await all_pages(look.list_pairs, database, project, job, limit=9, axis=axis, verdict="TIE")
    assert [one["seq"] for one in found] == expected
    assert all(list(one["axes"]) == [axis] for one in found)


async def test_pairs_are_narrowed_by_the_reason_of_a_unit(database, erratic_job):
    project, job, _ = erratic_job
    refused = await all_pages(look.list_judgments, database, project, job, limit=1000, reason="refusal", judge="stub")
    found = await all_pages(look.list_pairs, database, project, job, limit=5, reason="refusal", judge="stub")
    assert [one["seq"] for one in found] == sorted({one["seq"] for one in refused})
    assert found


async def test_a_search_backwards_finds_the_same(database, erratic_job):
    project, job_id, _ = erratic_job
    async with database.transaction() as tx:
        job = await open_job(tx, project, job_id)
        wanted = read_filters(job, {"verdict": "B"}, look.PAIR_FILTERS)
        forth = await pair_search.search(tx, job, wanted, after=-1, limit=100)
        back = await pair_search.search(tx, job, wanted, after=job.pairs, limit=100, back=True)
        before = await pair_search.search(tx, job, wanted, after=forth.seqs[2], limit=1, back=True)
        nothing = await pair_search.search(tx, job, wanted, after=forth.seqs[0], limit=1, back=True)
    assert forth.seqs == back.seqs[::-1] != []
    assert (before.seqs, nothing.seqs, nothing.ended) == ([forth.seqs[1]], [], True)


async def test_a_page_ends_early_rather_than_read_everything(database, vault, project, monkeypatch):
    monkeypatch.setattr(pair_search, "STEPS", (1, 2))
    monkeypatch.setattr(pair_search, "MOST_ROWS", 6)
    job = await started(database, vault, project)
    await judge(database, job.id)
    page = await look.list_pairs(database, project, job.id, limit=1, filters={"verdict": "B"})
    assert page.items == []
    assert page.next is not None
    assert (page.searched, page.pairs, page.total) == (3, 10, None)
    assert await all_pages(look.list_pairs, database, project, job.id, limit=3, verdict="B") == []
    assert len(await all_pages(look.list_pairs, database, project, job.id, limit=3, verdict="A")) == 10


async def test_judgments_are_all_there_once(database, erratic_job):
    project, job, _ = erratic_job
    found = await all_pages(look.list_judgments, database, project, job, limit=37)
    keys = [(one["judge"], one["seq"], one["repeat"], one["order"], *one["picks"]) for one in found]
    progress = (await look.get_job(database, project, job)).progress
    assert len(found) == progress.done + progress.abstained + progress.failed
    assert len({(one["judge"], one["seq"], one["order"], tuple(one["picks"])) for one in found if one["picks"]}) == len(
        [one for one in found if one["picks"]]
    )
    assert [key[:2] for key in keys] == sorted((key[:2] for key in keys), key=lambda key: (key[0] != "stub", key[1]))


async def test_a_judgment_is_shown_with_its_reply(database, vault, project):
    job = await started(database, vault, project, pairs=[pair("q1")], axes=("overall",))
    await judge(database, job.id, prefers_a)
    found = (await look.list_judgments(database, project, job.id)).items
    assert [(one["order"], one["picks"]["overall"]) for one in found] == [
        ("AB", {"pick": "FIRST", "side": "A", "log_odds": 1.5, "reason": "because of overall"}),
        ("BA", {"pick": "SECOND", "side": "A", "log_odds": -1.5, "reason": "because of overall"}),
    ]
    first = found[0]
    assert (first["item"], first["judge"], first["outcome"], first["raw"]) == ("q1", "stub", "judged", '{"raw": true}')
    assert first["usage"] == {"prompt_tokens": 100, "completion_tokens": 20, "cached_tokens": 60}
    assert (first["prompt_hash"], first["served_model"], first["latency_ms"]) == ((b"h" * 32).hex(), "stub-1", 12.5)


@pytest.mark.parametrize(
    ("filters", "keep"),
    [
        ({"judge": "odds"}, lambda one: one["judge"] == "odds"),
        ({"reason": "endpoint_error"}, lambda one: one["outcome"] == "endpoint_error"),
        ({"reason": "JUDGED", "judge": "stub"}, lambda one: one["outcome"] == "judged" and one["judge"] == "stub"),
        ({"tag": "modality:CT"}, lambda one: int(one["item"][1:]) % 2 == 1),
        ({"tag": "odd:tag=x"}, never),  # the first sign counts: a tag "odd" of value "tag=x"
    ],
)
async def test_judgments_are_narrowed(database, erratic_job, filters, keep):
    project, job, _ = erratic_job
    everything = await all_pages(look.list_judgments, database, project, job, limit=1000)
    assert await all_pages(look.list_judgments, database, project, job, limit=50, **filters) == [
        one for one in everything if keep(one)
    ]


async def test_judgments_are_narrowed_to_calls_about_an_axis(database, erratic_job):
    project, job, _ = erratic_job
    found = await all_pages(look.list_judgments, database, project, job, limit=500, axis="overall", reason="judged")
    assert {(one["judge"], len(one["picks"]) > 1) for one in found} == {("stub", True), ("odds", False)}
    assert all("overall" in one["picks"] for one in found)


@pytest.mark.parametrize(
    ("read", "filters", "field"),
    [
        (look.list_pairs, {"verdict": "C"}, "verdict"),
        (look.list_pairs, {"stance": "maybe"}, "stance"),
        (look.list_pairs, {"axis": "beauty"}, "axis"),
        (look.list_pairs, {"judge": "nobody"}, "judge"),
        (look.list_pairs, {"tag": "modality"}, "tag"),
        (look.list_pairs, {"colour": "red"}, "colour"),
        (look.list_pairs, {"human": "maybe"}, "human"),
        (look.list_judgments, {"human": "agree"}, "human"),
        (look.list_judgments, {"reason": "mood"}, "reason"),
        (look.list_judgments, {"verdict": "A"}, "verdict"),
    ],
)
async def test_filters_nobody_knows_are_refused(database, erratic_job, read, filters, field):
    project, job, _ = erratic_job
    with pytest.raises(Invalid) as caught:
        await read(database, project, job, filters=filters)
    assert [problem.field for problem in caught.value.problems] == [field]


@pytest.mark.parametrize("cursor", ["WzFd", "bm9wZQ==", "WzEsMiwzLDQsIjUiXQ=="])
async def test_a_cursor_of_another_list_is_refused(database, erratic_job, cursor):
    project, job, _ = erratic_job
    with pytest.raises(Invalid) as caught:
        await look.list_judgments(database, project, job, after=cursor)
    assert caught.value.problems[0].field == "after"


async def test_a_made_up_place_is_only_a_place(database, erratic_job):
    project, job, _ = erratic_job
    beyond = base64.urlsafe_b64encode(b"[70000, 0, 0, 0, 0]").decode()
    assert (await look.list_judgments(database, project, job, after=beyond)).items == []


async def test_the_time_to_go_follows_the_pace(database, vault, project):
    job = await started(database, vault, project)
    await judge(database, job.id, lambda *unit: Pick.FIRST if unit[2].order is Order.AB else None)
    async with database.transaction() as tx:
        await tx.execute(
            text("UPDATE jobs SET started_at = now() - interval '100 seconds' WHERE public_id = CAST(:id AS uuid)"),
            {"id": job.id},
        )
    assert (await look.get_job(database, project, job.id)).eta_seconds == pytest.approx(100, abs=5)
