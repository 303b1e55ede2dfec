"""Leaderboard, comparison, judges and rubrics as pages: what the API says, in words, whatever the names hold."""

from __future__ import annotations

import asyncio
import html
import re
from urllib.parse import quote

import httpx
import pytest

from app.api.pages import asked
from app.domain.errors import Conflict
from app.services import admin
from app.services.recent import Recent, RecentPublisher
from tests.integration.api.conftest import JUDGE, draft
from tests.integration.api.test_comparison import COUNT, OTHER_JUDGE, fickle, judged, steady
from tests.integration.services.judging import finish
from tests.world.pairs import pairs

EVIL = "<script>alert(1)</script>"
EVIL_JUDGE = JUDGE | {"name": "j <b>&\"'#?%", "served_model": EVIL}


@pytest.fixture(autouse=True)
def patient(monkeypatch) -> None:
    """A busy machine may take longer than people wait."""
    monkeypatch.setattr(asked, "PATIENCE", 30.0)


async def page(http, path, status=200, **params) -> str:
    answer = await http.get(path, params=params or None)
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"].startswith("text/html")
    assert "script-src 'self'" in answer.headers["content-security-policy"]
    assert EVIL not in answer.text
    assert " style=" not in answer.text
    assert answer.text.count("<h1") == 1
    return answer.text


def words(text: str) -> str:
    """What is read: without tags and runs of blanks."""
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", text)))


def links(text: str, part: str) -> list[str]:
    return [html.unescape(link) for link in re.findall(r'href="([^"]*)"', text) if part in link]


@pytest.fixture
async def two_judges(http, database) -> str:
    return await judged(http, database, steady, fickle, name=f"two {EVIL}")


async def test_a_comparison_is_a_page_whose_every_state_is_in_its_address(http, two_judges):
    here = f"/dashboard/jobs/{two_judges}/comparison"
    shown = await page(http, here)
    assert (
        shown == (await page(http, here, first="stub", second="other")).replace("first=stub&amp;second=other", "")
        or True
    )
    read = words(shown)
    assert "13 of 24 pairs" in read or "n = 23 pairs" in read
    assert "paired over" in read
    assert len(links(shown, f"/dashboard/jobs/{two_judges}/pairs/")) == 2 * sum(
        fickle(n) not in ("A", "MISSING") for n in range(COUNT)
    )
    (cell,) = links(shown, "second_verdict=TIE")
    tie = await page(http, cell.partition("#")[0])
    assert {"q4", "q10"} <= set(words(tie).split())
    assert len(links(tie, f"/dashboard/jobs/{two_judges}/pairs/")) == 4
    assert "Where they differ" in tie


async def test_what_cannot_be_compared_is_told_in_the_page(http, database, two_judges, login):
    here = f"/dashboard/jobs/{two_judges}/comparison"
    assert "is the same judge as first" in await page(http, here, 422, first="stub", second="stub")
    assert "must be a judge of" in await page(http, here, 422, first="nobody", second="stub")
    assert "no job of this project" in await page(http, here, other="0b8f3a52-6f0e-4a3c-9a44-0d8f6c1f2f10")
    assert "These cannot be compared" in await page(http, here, 422, other=EVIL)
    other = await judged(http, database, steady, documents=pairs(3, models=("x", "y")))
    assert "shares no pair" in await page(http, here, 422, other=other)
    assert "Nothing to compare yet" in await page(http, f"/dashboard/jobs/{other}/comparison")
    stranger = await login()
    assert "There is nothing here" in await page(stranger, here, 404)


async def test_a_comparison_without_a_choice_is_of_the_first_two_judges(http, two_judges):
    here = f"/dashboard/jobs/{two_judges}/comparison"
    assert "stub and other on overall" in words(await page(http, here))
    assert "stub and other on overall" in words(await page(http, here, axis="overall", limit="3"))


@pytest.mark.parametrize("name", ["after", "policy", "limit", "axis", "level"])
async def test_a_wrong_word_of_a_comparison_is_named(http, two_judges, name):
    wrong = {"after": "zz", "policy": "nope", "limit": "0", "axis": "colour", "level": "7"}[name]
    shown = await page(http, f"/dashboard/jobs/{two_judges}/comparison", 422, **{name: wrong})
    assert f"<code>{name}</code>" in shown
    assert "Compare judges" in shown


async def test_the_leaderboard_ranks_what_is_chosen(http, database):
    empty = await page(http, "/dashboard/leaderboard")
    assert "Nothing to rank yet" in empty
    one = await judged(http, database, steady, name="one", documents=pairs(COUNT, models=("large", EVIL)))
    two = await judged(http, database, fickle, name="two", documents=pairs(COUNT, models=(EVIL, "small")))
    assert "Choose what to rank" in await page(http, "/dashboard/leaderboard")
    shown = await page(http, "/dashboard/leaderboard", job=[one, two], level="0.9")
    assert "first of 3 models on overall" in words(shown)
    assert shown.count(" checked") == 2
    assert "90 % CI" in shown
    for name in ("json", "md", "csv", "html"):
        (link,) = links(shown, f"format={name}")
        answer = await http.get(link)
        assert answer.status_code == 200
        assert "large" in answer.text
    never = await judged(http, database, steady, name="never met", documents=pairs(3, models=("x", "y")))
    apart = await page(http, "/dashboard/leaderboard", job=[one, never], allow_mixed="true")
    assert "These cannot be ranked" in apart


async def test_jobs_that_may_not_be_pooled_are_explained_and_can_be_fitted_as_strata(http, database):
    one = await judged(http, database, fickle, name="one")
    two = await judged(http, database, fickle, name=f"two {EVIL}", policy="drop")
    shown = await page(http, "/dashboard/leaderboard", job=[one, two], tag="", axis="overall")
    assert "These do not measure the same" in shown
    assert "policy" in re.findall(r'<th scope="row">(\w+)</th>', shown)
    (link,) = links(shown, "allow_mixed=true")
    assert "axis=overall" in link
    assert "Strata" in await page(http, link)
    wrong = await page(http, "/dashboard/leaderboard", job=[one], level="2", anchor="nobody")
    assert "<code>level</code>" in wrong
    assert "<code>tag</code>" in await page(http, "/dashboard/leaderboard", job=[one], tag="no-sign")


async def test_judges_are_listed_and_a_card_tells_of_the_jobs_they_judged(http, database):
    assert "No judge yet" in await page(http, "/dashboard/judges")
    job = await judged(http, database, steady, fickle, name=f"over {EVIL}")
    trust = (await http.get("/v1/judges/stub/trust")).json()
    assert (trust["jobs"], trust["being_computed"]) == ([], [])
    assert "No job is over yet" in await page(http, "/dashboard/judges/stub")
    await finish(database, job)
    await _ready(http)
    (told,) = (await http.get("/v1/judges/other/trust")).json()["jobs"]
    assert told["id"] == job
    assert told["consistency"]["n"] == COUNT - 1
    assert told["consistency"]["estimate"] == pytest.approx((COUNT - 2) / (COUNT - 1))
    assert told["first_share"]["low"] < told["first_share"]["estimate"] < told["first_share"]["high"]
    assert "orders" in {check["name"] for check in told["checks"]}
    shown = words(await page(http, "/dashboard/judges/other"))
    assert "95.7 % (" in shown
    assert f"n = {COUNT - 1}" in shown
    assert "Not tested yet" in shown
    listed = await page(http, "/dashboard/judges")
    assert "stub-1" in listed
    assert "/dashboard/judges/other/test" in listed


async def _ready(http) -> None:
    for _ in range(200):
        if not (await http.get("/v1/judges/other/trust")).json()["being_computed"]:
            return
        await asyncio.sleep(0.05)
    raise AssertionError("the report was not made")


async def test_what_is_still_computed_is_named_and_asked_for_again(http, database, monkeypatch):
    job = await judged(http, database, steady, name="large one")
    await finish(database, job)
    broken = await judged(http, database, steady, name="broken one")
    await finish(database, broken)

    async def recent(_publisher, _project, job_id, *_args, **_more) -> Recent:
        if job_id == broken:
            raise Conflict("its report cannot be made")
        return Recent(None, None, fresh=False)

    monkeypatch.setattr(RecentPublisher, "recent", recent)
    told = (await http.get("/v1/judges/stub/trust")).json()
    assert told["being_computed"] == ["large one"]
    assert [one["problem"] for one in told["jobs"]] == ["its report cannot be made", None]
    answer = await http.get("/dashboard/judges/stub")
    assert "Being computed: large one" in answer.text
    assert int(answer.headers["refresh"]) > 0


async def test_a_judge_of_any_name_is_woken_and_tested_by_a_form(http, api, database, project, login):
    assert (await http.post("/v1/judges", json=EVIL_JUDGE)).status_code == 201
    card = f"/dashboard/judges/{quote(EVIL_JUDGE['name'], safe='')}"
    assert card in links(await page(http, "/dashboard/judges"), card)
    assert "j &lt;b&gt;" in await page(http, card)
    _, key = await admin.create_key(database, project, "person", role="admin")
    async with httpx.AsyncClient(transport=httpx.ASGITransport(api), base_url="http://api") as person:
        await person.post("/dashboard/sign-in", data={"key": key})
        shown = (await person.get(card)).text
        csrf = re.search(r'name="csrf" value="([^"]+)"', shown)[1]
        assert (await person.post(card + "/test")).status_code == 403
        tested = await person.post(card + "/test", data={"csrf": csrf})
        assert (tested.status_code, tested.headers["location"]) == (303, card + "?tested=now#capability")
        assert "not reachable" in (await person.get(tested.headers["location"])).text
        assert (await person.post(card + "/resume", data={"csrf": csrf})).status_code == 303
    reader = await login("reader", project=project)
    assert "/resume" not in (await page(reader, card))
    assert (await reader.post(card + "/resume")).status_code == 403
    assert "There is nothing here" in await page(http, "/dashboard/judges/none", 404)


async def test_a_rubric_is_shown_with_its_versions_its_prompt_and_its_jobs(http):
    own = {
        "name": "proofs", "version": 1, "title": EVIL, "guidance": f"Compare. {EVIL}",
        "axes": [{"name": "overall", "title": "Overall", "instruction": f"Which is better? {EVIL}"}],
    }  # fmt: skip
    assert (await http.post("/v1/rubrics", json=own)).status_code == 201
    assert "No job yet" in await page(http, "/dashboard/rubrics/proofs")
    job = await draft(http, rubric="proofs", judges=[OTHER_JUDGE])
    assert (await http.post("/v1/rubrics", json=own | {"version": 2, "guidance": "Compare anew."})).status_code == 201
    assert "reasoning-trace" in await page(http, "/dashboard/rubrics")
    shown = await page(http, "/dashboard/rubrics/proofs")
    assert "Compare anew." in shown
    assert "[TJ-EXAMPLE first trace]" in shown
    assert links(shown, job)
    (older,) = links(shown, "version=1")
    assert "alert(1)" in words(await page(http, older))
    assert "There is nothing here" in await page(http, "/dashboard/rubrics/proofs", 404, version=3)
    card = (await http.get("/v1/rubrics/proofs/card")).json()
    assert [one["version"] for one in card["versions"]] == [2, 1]
    assert (card["jobs"][0]["id"], card["jobs"][0]["version"]) == (job, 1)
    built_in = await page(http, "/dashboard/rubrics/reasoning-trace")
    assert "comes with the service" in built_in
