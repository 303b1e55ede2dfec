"""The leaderboard over HTTP: jobs and imports pooled, refused by name, in every format, and never another project's."""

from __future__ import annotations

import uuid

import pytest

from app.client import Client
from app.domain.judgment import Pick
from tests.integration.api.conftest import JUDGE, draft, upload
from tests.integration.api.test_jobs import problem
from tests.integration.services.judging import judge
from tests.world.pairs import ndjson, pairs

OTHER_JUDGE = JUDGE | {"name": "other", "served_model": "stub-2"}


def mostly_a(_judge: int, seq: int, slot) -> Pick:
    """A wins, B wins every fourth pair, and every seventh depends on the order."""
    if seq % 7 == 6:
        return Pick.FIRST
    return Pick.FIRST if (slot.order == 0) == (seq % 4 != 3) else Pick.SECOND


async def judged(http, database, models, count=24, **choices) -> str:
    job = await draft(http, name=f"{models[0]} {models[1]}", **choices)
    assert (await upload(http, job, ndjson(pairs(count, models=models)))).status_code == 200
    assert (await http.post(f"/v1/jobs/{job}/start")).status_code == 202
    await judge(database, job, mostly_a)
    return job


async def board(http, *jobs, **asked) -> dict:
    answer = await http.get("/v1/leaderboard", params={"job": list(jobs), **asked})
    assert answer.status_code == 200, answer.text
    return answer.json()


@pytest.fixture
async def two(http, database) -> tuple[str, str]:
    """Two jobs on the same items that share a model."""
    return await judged(http, database, ("large", "middle")), await judged(http, database, ("middle", "small"))


async def test_jobs_are_pooled_and_clusters_reach_across_them(http, two):
    told = await board(http, *two)
    results = told["results"]
    assert [line["model"] for line in results["models"]] == ["large", "middle", "small"]
    assert results["fit"]["pairs"] == 48
    alone = (await board(http, two[0]))["results"]
    assert results["fit"]["clusters"] == alone["fit"]["clusters"] < 24
    matrix = results["win_probabilities"]
    assert matrix["met"][0] == [0, 24, 0]
    assert 0.5 < matrix["low"][0][2] < matrix["estimate"][0][2] < matrix["high"][0][2]
    assert [job["id"] for job in told["envelope"]["jobs"]] == list(two)
    report = (await http.get(f"/v1/jobs/{two[0]}/report")).json()["results"]
    assert alone["models"] == report["models"]
    assert await board(http, two[0], two[0]) | {"envelope": 0} == await board(http, two[0]) | {"envelope": 0}


async def test_the_same_pairs_judged_again_count_once(http, database, two):
    again = await judged(http, database, ("large", "middle"))
    results = (await board(http, *two, again))["results"]
    assert results["fit"]["pairs"] == 48
    assert [job["duplicates"] for job in results["jobs"]] == [0, 0, 24]


async def test_jobs_that_differ_are_a_409_that_names_what_and_which(http, database, two):
    third = await judged(http, database, ("large", "small"), judges=[OTHER_JUDGE], policy="drop", count=20)
    refused = problem(await http.get("/v1/leaderboard", params={"job": [*two, third]}), 409, "conflict")
    assert [one["field"] for one in refused["problems"]] == ["judges", "policy", "items"]
    assert "stub-2" in refused["problems"][0]["reason"]
    assert "large small" in refused["problems"][0]["reason"]
    results = (await board(http, *two, third, allow_mixed=True))["results"]
    assert len(results["strata"]["groups"]) == 2
    assert results["fit"]["pairs"] > 48


async def test_a_tag_narrows_the_pairs_and_davidson_takes_picks(http, two):
    results = (await board(http, *two, tag="modality:CT"))["results"]
    assert results["fit"]["pairs"] == 12
    davidson = (await board(http, *two, ties="davidson", anchor="small"))["results"]
    assert davidson["fit"]["picks"] == 96
    assert davidson["models"][-1]["strength"] == 0
    problem(await http.get("/v1/leaderboard", params={"job": two, "tag": "modality:PET"}), 422, "invalid")


async def test_models_that_never_met_are_named(http, database, two):
    apart = await judged(http, database, ("x", "y"))
    told = problem(await http.get("/v1/leaderboard", params={"job": [*two, apart]}), 422, "not-comparable")
    assert "large, middle, small; x, y" in told["detail"]


async def test_imports_join_in(http, two):
    rows = "model_a,model_b,winner,item\n" + "".join(
        f"small,tiny,{'AAB'[n % 3]},q{n}\n" for n in range(24)
    )  # the clusters are the items: those of the jobs are articles
    made = await http.post(
        "/v1/imports", params={"name": "elsewhere"}, content=rows, headers={"Content-Type": "text/csv"}
    )
    assert made.status_code == 201, made.text
    other = made.json()["id"]
    refused = problem(await http.get("/v1/leaderboard", params={"job": [*two, other]}), 409, "conflict")
    assert {"rubric", "judges", "items"} <= {one["field"] for one in refused["problems"]}
    results = (await board(http, *two, other, allow_mixed=True))["results"]
    assert {line["model"] for line in results["models"]} == {"large", "middle", "small", "tiny"}
    assert (await board(http, other))["results"]["models"] == (await http.get(f"/v1/jobs/{other}/report")).json()[
        "results"
    ]["models"]
    twice = await http.post("/v1/imports", params={"name": "again"}, content=rows, headers={"Content-Type": "text/csv"})
    assert (await board(http, other, twice.json()["id"]))["results"]["fit"]["pairs"] == 24


@pytest.mark.parametrize(
    ("form", "accept", "kind"),
    [("md", "*/*", "text/markdown"), (None, "text/csv", "text/csv"), ("html", "*/*", "text/html"),
     (None, "*/*", "application/json")],
)  # fmt: skip
async def test_every_format(http, two, form, accept, kind):
    asked = {"job": two} | ({"format": form} if form else {})
    answer = await http.get("/v1/leaderboard", params=asked, headers={"Accept": accept})
    assert answer.headers["content-type"].startswith(kind)
    assert "large" in answer.text
    if kind == "text/html":
        assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        ({"level": 2}, "level"), ({"ties": "rao"}, "ties"), ({"anchor": "nobody"}, "anchor"), ({"axis": "no"}, "axis"),
        ({"tag": "modality"}, "tag"), ({"format": "docx"}, "format"), ({"colour": "red"}, "colour"),
    ],
)  # fmt: skip
async def test_parameters_that_do_not_fit_are_named(http, two, asked, field):
    told = problem(await http.get("/v1/leaderboard", params={"job": two} | asked), 422, "invalid")
    assert told["problems"][0]["field"] == field


async def test_jobs_that_are_not_there_or_not_ours_look_alike(http, login, two):
    stranger = await login()
    ours = problem(await stranger.get("/v1/leaderboard", params={"job": two[0]}), 404, "not-found")
    none = problem(await stranger.get("/v1/leaderboard", params={"job": str(uuid.uuid4())}), 404, "not-found")
    assert ours["detail"][:24] == none["detail"][:24]
    assert problem(await http.get("/v1/leaderboard"), 422, "invalid")["problems"][0]["field"] == "job"
    problem(await http.get("/v1/leaderboard", params={"job": "x"}), 422, "invalid")


async def test_a_draft_has_nothing_to_rank(http):
    told = problem(await http.get("/v1/leaderboard", params={"job": await draft(http)}), 422, "invalid")
    assert "no pair of two models is decided" in told["detail"]


def test_the_client_asks_for_it(client: Client):
    rows = "model_a,model_b,winner\n" + "a,b,A\nb,a,A\na,b,tie\n" * 4
    made = client.import_verdicts("small", [rows.encode()], content_type="text/csv")
    assert client.leaderboard([made.id], "md").startswith(b"# Leaderboard")
