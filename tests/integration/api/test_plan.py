"""Planning over HTTP, with a judged job or an import as the pilot."""

from __future__ import annotations

import uuid

import pytest

from app.client import Client
from tests.integration.api.test_jobs import problem
from tests.integration.api.test_leaderboard import judged


async def plan(http, **asked) -> dict:
    answer = await http.get("/v1/plan", params=asked)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_a_plan_without_a_pilot(http):
    found = await plan(http, half_width="2%", effect=0.05, tokens_per_call="3500/300", tokens_per_second=8_000)
    half_width, effect = found["plans"]
    assert half_width["units"] == 2 * half_width["pairs"]
    assert half_width["gpu_seconds"] == pytest.approx(half_width["units"] * 3_800 / 8_000)
    assert effect["power"] >= 0.8
    assert {one["source"] for one in found["assumptions"]} == {"given", "default"}


async def test_a_judged_job_is_a_pilot(http, database):
    job = await judged(http, database, ("tuned", "base"))
    found = await plan(http, half_width="2%", pilot=job)
    rate = (await http.get(f"/v1/jobs/{job}/report")).json()["results"]["headline"]["win_rate"]
    assert found["plans"][0]["rate"] == pytest.approx(rate["estimate"])
    told = {one["name"]: one for one in found["assumptions"]}
    assert told["pairs of a cluster"]["source"] == "pilot"
    assert told["tokens of a call, prompt / reply"]["source"] == "pilot"
    assert any("the pilot has only" in text for text in found["warnings"])


async def test_an_import_is_a_pilot_without_tokens(http):
    rows = "model_a,model_b,winner,item\n" + "".join(f"a,b,{'AABT'[n % 4]},q{n}\n" for n in range(40))
    rows = rows.replace(",T,", ",tie,")
    made = await http.post("/v1/imports", params={"name": "x"}, content=rows, headers={"Content-Type": "text/csv"})
    found = await plan(http, half_width="2%", pilot=made.json()["id"])
    assert found["plans"][0]["tokens_in"] is None
    assert next(one["value"] for one in found["assumptions"] if one["name"].startswith("ties")) == "25.0 %"


@pytest.mark.parametrize(
    ("asked", "field"),
    [({}, "half_width"), ({"half_width": "60%"}, "half_width"), ({"half_width": "x%"}, "half_width"),
     ({"half_width": "2%", "ties": "120%"}, "ties"), ({"margin": 0.05, "rate": 0.7}, "rate"),
     ({"half_width": "2%", "colour": "red"}, "colour"),
     ({"half_width": "2%", "tokens_per_call": "x"}, "tokens_per_call")],
)  # fmt: skip
async def test_what_does_not_fit_is_named(http, asked, field):
    told = problem(await http.get("/v1/plan", params=asked), 422, "invalid")
    assert field in [one["field"] for one in told["problems"]]


async def test_anothers_pilot_is_not_there(http, login, database):
    job = await judged(http, database, ("tuned", "base"), count=8)
    stranger = await login()
    problem(await stranger.get("/v1/plan", params={"half_width": "2%", "pilot": job}), 404, "not-found")
    problem(await http.get("/v1/plan", params={"half_width": "2%", "pilot": str(uuid.uuid4())}), 404, "not-found")


def test_the_client_asks_for_it(client: Client):
    assert client.plan(half_width="2%").plans[0].pairs > 1_000
