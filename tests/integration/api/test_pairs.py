"""One pair told whole, its images, and the pages that show pairs: everything there, hostile text as text."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import re

import httpx
import pytest
from PIL import Image
from sqlalchemy import text

from app.domain.judgment import Outcome, Pick
from app.services import pair_search, pair_view
from tests.integration.api.conftest import draft, upload
from tests.integration.services.judging import judge, prefers_a

HOSTILE = "</script><script>alert(1)</script> \x1b[31m \u202eevil ![x](http://foreign.invalid/a.png)"
SHORT = "The left border is sharp, so it is C."
LONG = "step of the proof " * 2_600 + "THE-END"
PAIRS = 6


def png(shade: int) -> bytes:
    content = io.BytesIO()
    Image.new("L", (12, 8), shade).save(content, "PNG")
    return content.getvalue()


def line(number: int) -> dict:
    item = {
        "id": f"q{number}", "question": f"What is it? {HOSTILE}", "options": {"A": "air", "C": f"cyst {HOSTILE}"},
        "answer": "C", "tags": {"modality": "CT" if number % 2 else "MR"}, "cluster": f"article-{number}",
    }  # fmt: skip
    if number == 0:
        pictures = [{"data": "data:image/png;base64," + base64.b64encode(png(shade)).decode()} for shade in (9, 99)]
        item["images"] = pictures
    return {
        "item": item,
        "a": {"model": "base-7b", "trace": SHORT if number else f"{SHORT} {HOSTILE}", "answer": "C"},
        "b": {"model": "tuned-7b", "trace": LONG if number == 1 else SHORT.replace("sharp", "blurred"), "answer": "A"},
    }


@pytest.fixture(scope="module")
def told() -> dict:
    """What the job of the module is called and how its items are numbered."""
    return {}


@pytest.fixture
async def job(told, login, database, project) -> tuple[httpx.AsyncClient, str, dict[str, int]]:
    """A client, a judged job whose judge prefers A, flips on q2, abstains on q3 and left q4 alone; item -> number."""
    if not told:
        told["http_project"] = project
        http = await login(project=project)
        made = await draft(http, rubric="reasoning-trace", axes=["rationale", "overall"])
        body = b"".join(json.dumps(line(number)).encode() + b"\n" for number in range(PAIRS))
        assert (await upload(http, made, body)).status_code == 200
        assert (await http.post(f"/v1/jobs/{made}/start")).status_code == 202
        rows = (await http.get(f"/v1/jobs/{made}/pairs")).json()["items"]
        told |= {"job": made, "seqs": {row["item"]: row["seq"] for row in rows}}
        said = {"q2": Pick.FIRST, "q3": Outcome.REFUSAL, "q4": None}
        by_seq = {told["seqs"][item]: pick for item, pick in said.items()}
        await judge(database, made, lambda no, seq, slot: by_seq.get(seq, prefers_a(no, seq, slot)))
        labels = "".join(
            json.dumps({"item": item, "model_a": "base-7b", "model_b": "tuned-7b", "winner": winner, "judge": who,
                        "axis": "overall", "order": "BA"}) + "\n"
            for item, who, winner in (("q0", "ann", "A"), ("q0", "ben", "B"), ("q0", "cyd", "A"), ("q5", "ann", "B"))
        )  # fmt: skip
        added = await http.post(
            f"/v1/jobs/{made}/labels", content=labels, headers={"Content-Type": "application/x-ndjson"}
        )
        assert added.status_code == 201, added.text
    return await login(project=told["http_project"]), told["job"], told["seqs"]


async def get(job, item: str, **words: str) -> dict:
    http, job_id, seqs = job
    answer = await http.get(f"/v1/jobs/{job_id}/pairs/{seqs[item]}", params=words)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def show(job, item: str, **words: str) -> str:
    http, job_id, seqs = job
    answer = await http.get(f"/dashboard/jobs/{job_id}/pairs/{seqs[item]}", params=words)
    assert answer.status_code == 200, answer.text
    return answer.text


async def test_a_pair_is_told_whole(job):
    found = await get(job, "q0")
    wanted = line(0)
    assert (found["pairs"], found["item"]["question"]) == (PAIRS, wanted["item"]["question"])
    assert found["item"]["options"] == wanted["item"]["options"]
    assert (found["item"]["answer"], found["item"]["cluster"]) == ("C", "article-0")
    assert (found["a"]["text"], found["a"]["length"]) == (wanted["a"]["trace"], len(wanted["a"]["trace"]))
    assert (found["a"]["correct"], found["b"]["correct"], found["b"]["model"]) == (True, False, "tuned-7b")
    assert found["axes"]["overall"] == {"verdict": "A", "stances": {"stub": "A"}, "labels": {"A": 2, "B": 1}}
    assert [(one["order"], one["axes"], one["picks"]["overall"]["side"]) for one in found["judgments"]] == [
        ("AB", ["rationale", "overall"], "A"),
        ("BA", ["rationale", "overall"], "A"),
    ]
    assert [(one["labeller"], one["side"], one["shown"], one["review"]) for one in found["labels"]] == [
        ("ann", "A", "BA", None), ("ben", "B", "BA", None), ("cyd", "A", "BA", None),
    ]  # fmt: skip


async def test_images_are_served_as_they_came(job):
    http, _, _ = job
    found = (await get(job, "q0"))["item"]["images"]
    assert [(one["width"], one["height"], one["missing"]) for one in found] == [(12, 8, None)] * 2
    for one, shade in zip(found, (9, 99), strict=True):
        answer = await http.get(f"/v1/images/{one['sha256']}")
        assert (answer.status_code, answer.content) == (200, png(shade))
        assert answer.headers["content-type"] == "image/png"
        assert answer.headers["content-security-policy"] == "default-src 'none'; sandbox"
        assert "private" in answer.headers["cache-control"]


async def test_an_image_is_of_its_project_and_for_labellers_too(job, login, told):
    sha256 = hashlib.sha256(png(9)).hexdigest()
    labeller = await login("labeller", project=told["http_project"])
    assert (await labeller.get(f"/v1/images/{sha256}")).content == png(9)
    assert (await (await login()).get(f"/v1/images/{sha256}")).status_code == 404
    assert (await job[0].get(f"/v1/images/{'0' * 64}")).status_code == 404
    assert (await job[0].get("/v1/images/nothing")).status_code == 422
    del labeller.headers["Authorization"]
    assert (await labeller.get(f"/v1/images/{sha256}")).status_code == 401


async def test_an_image_is_asked_for_again_by_those_who_still_may_see_it(job, login, told):
    """A browser keeps the bytes, but not past the session, nor for somebody of another project."""
    sha256 = hashlib.sha256(png(9)).hexdigest()
    mine = await login(project=told["http_project"])
    first = await mine.get(f"/v1/images/{sha256}")
    assert first.headers["cache-control"] == "private, no-cache"
    known = {"If-None-Match": first.headers["etag"]}
    again = await mine.get(f"/v1/images/{sha256}", headers=known)
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", first.headers["etag"])
    assert again.headers["cache-control"] == "private, no-cache"
    assert (await mine.get(f"/v1/images/{sha256}", headers={"If-None-Match": '"other"'})).content == png(9)
    weak = {"If-None-Match": f'"other", W/{known["If-None-Match"]}'}
    assert (await mine.get(f"/v1/images/{sha256}", headers=weak)).status_code == 304
    assert (await (await login()).get(f"/v1/images/{sha256}", headers=known)).status_code == 404
    del mine.headers["Authorization"]
    assert (await mine.get(f"/v1/images/{sha256}", headers=known)).status_code == 401


async def test_a_picture_that_is_not_there_says_why(http, database):
    made = await draft(http)
    body = {**line(2), "item": {**line(2)["item"], "images": [{"url": "https://images.example/a.png?token=secret"}]}}
    assert (await upload(http, made, json.dumps(body).encode())).status_code == 200
    assert (await http.post(f"/v1/jobs/{made}/start")).status_code == 202
    waiting = await http.get(f"/v1/jobs/{made}/pairs/0")
    assert waiting.json()["item"]["images"][0]["missing"] == "it has not been fetched yet"
    async with database.transaction() as tx:
        failed = text(
            "UPDATE items SET images_state = 'failed', images_error = :why WHERE images::text LIKE '%secret%'"
        )
        await tx.execute(failed, {"why": "it answered 404"})
    gone = await http.get(f"/v1/jobs/{made}/pairs/0")
    assert gone.json()["item"]["images"][0]["missing"] == "it answered 404"
    assert "secret" not in waiting.text + gone.text
    assert "Image 1 of 1 is missing: it answered 404" in (await http.get(f"/dashboard/jobs/{made}/pairs/0")).text


async def test_a_pair_that_is_not_there_says_what_is(job, http, login):
    mine, job_id, _ = job
    gone = await mine.get(f"/v1/jobs/{job_id}/pairs/17")
    assert (gone.status_code, gone.json()["detail"]) == (404, "pair 17 is not in this job; it has pairs 0 to 5")
    assert (await http.get(f"/v1/jobs/{job_id}/pairs/0")).status_code == 404  # another project's
    page = await mine.get(f"/dashboard/jobs/{job_id}/pairs/17")
    assert (page.status_code, "pair 17 is not in this job" in page.text.lower()) == (404, True)
    empty = await draft(http)
    refused = await http.get(f"/v1/jobs/{empty}/pairs/0")
    assert (refused.status_code, "draft" in refused.json()["detail"]) == (404, True)
    assert (await mine.get(f"/v1/jobs/{job_id}/pairs/-1")).status_code == 422


async def test_neighbours_are_those_of_the_list(job, monkeypatch):
    seqs = job[2]
    last = await get(job, next(item for item, seq in seqs.items() if seq == PAIRS - 1))
    assert (last["previous"], last["next"]) == ({"seq": PAIRS - 2, "matches": True}, None)
    wanted = sorted(seqs[item] for item in ("q0", "q1", "q5"))
    by_seq = {seq: item for item, seq in seqs.items()}
    middle = await get(job, by_seq[wanted[1]], verdict="A")
    assert (middle["previous"], middle["next"]) == (
        {"seq": wanted[0], "matches": True},
        {"seq": wanted[2], "matches": True},
    )
    assert (await get(job, by_seq[wanted[2]], verdict="A"))["next"] is None
    monkeypatch.setattr(pair_search, "STEPS", (1,))
    monkeypatch.setattr(pair_view, "NEIGHBOUR_ROWS", 2)
    far = await get(job, by_seq[1], human="labelled", verdict="INCONSISTENT")
    assert far["next"] in (None, {"seq": 2, "matches": False})
    near = await get(job, by_seq[2], verdict="UNDECIDED")
    assert (near["previous"], near["next"]) == ({"seq": 1, "matches": False}, {"seq": 3, "matches": False})


async def test_the_list_of_pairs_is_a_page(job):
    http, job_id, seqs = job
    page = (await http.get(f"/dashboard/jobs/{job_id}/pairs")).text
    assert f"{PAIRS} pairs." in page
    assert all(f'href="/dashboard/jobs/{job_id}/pairs/{seq}"' in page for seq in seqs.values())
    flips = (await http.get(f"/dashboard/jobs/{job_id}/pairs?stance=INCONSISTENT&axis=&judge=")).text
    assert "1 of 6 pairs fit." in flips
    assert f"/pairs/{seqs['q2']}?stance=INCONSISTENT" in flips
    assert '<option value="INCONSISTENT" selected>' in flips
    both = (await http.get(f"/dashboard/jobs/{job_id}/pairs?human=disagree")).text
    assert re.findall(r"/pairs/(\d+)\?", both) == [str(seqs["q5"])]


async def test_a_long_list_goes_on_and_an_empty_one_says_so(job, monkeypatch):
    http, job_id, _ = job
    first = (await http.get(f"/dashboard/jobs/{job_id}/pairs?limit=4")).text
    following = re.search(r'rel="next" href="([^"]+)"', first)[1].replace("&amp;", "&")
    second = (await http.get(following)).text
    shown = [set(re.findall(r'<th scope="row"><a href="[^"]+">(q\d)', page)) for page in (first, second)]
    assert (len(shown[0]), shown[0] | shown[1]) == (4, {f"q{number}" for number in range(PAIRS)})
    assert "No pair fits" in (await http.get(f"/dashboard/jobs/{job_id}/pairs?verdict=UNDECIDED")).text
    monkeypatch.setattr(pair_search, "STEPS", (2,))
    monkeypatch.setattr(pair_search, "MOST_ROWS", 4)
    some = (await http.get(f"/dashboard/jobs/{job_id}/pairs?verdict=UNDECIDED&limit=1")).text
    assert "Searched 2 of 6 pairs" in some
    assert "Search on" in some


@pytest.mark.parametrize(("words", "kept"), [
    ("verdict=C", '<option value="C" selected>'), ("tag=radiology", 'value="radiology"'),
    ("axis=colour", '<option value="colour" selected>'), ("limit=0&verdict=A", '<option value="A" selected>'),
    ("judge=nobody", '<option value="nobody" selected>'), ("limit=many", ""), ("colour=red", ""), ("after=no", ""),
])  # fmt: skip
async def test_a_filter_that_does_not_fit_is_named_beside_the_form(job, words, kept):
    http, job_id, _ = job
    answer = await http.get(f"/dashboard/jobs/{job_id}/pairs?{words}")
    name = words.partition("=")[0]
    assert (answer.status_code, f"<code>{name}</code>" in answer.text) == (422, True), answer.text
    assert 'aria-label="Narrow the list"' in answer.text
    assert kept in answer.text
    assert (f'id="wrong-{name}"' in answer.text) is (name in ("verdict", "tag", "axis", "judge"))
    assert "Show all pairs" in answer.text


async def test_a_draft_says_by_which_command_pairs_are_sent(http):
    draft_id = await draft(http)
    for page in (f"/dashboard/jobs/{draft_id}", f"/dashboard/jobs/{draft_id}/pairs"):
        shown = (await http.get(page)).text
        assert f"--data-binary @pairs.jsonl http://api/v1/jobs/{draft_id}/pairs</pre>" in shown


async def test_a_pair_is_a_page_with_what_differs_marked(job):
    page = await show(job, "q5")
    assert '<mark class="only">sharp</mark>' in page
    assert '<mark class="only">blurred</mark>' in page
    assert '<dt class="right">C</dt>' in page
    assert "<dt>A</dt>" in page
    assert "because of overall" in page
    assert "B, tuned-7b" in page  # what ann said
    assert "unmarked" in await show(job, "q5", marks="off")


async def test_orders_that_disagree_are_told_in_words(job):
    assert "The orders disagree: each favours another side" in await show(job, "q2")
    assert "The orders disagree" not in await show(job, "q5")
    assert "refusal" in await show(job, "q3")
    assert "Not judged yet." in await show(job, "q4")


async def test_hostile_text_is_text(job):
    page = await show(job, "q0")
    assert "<script>alert" not in page
    assert not {"\x1b", "\u202e"} & set(page)
    assert "&lt;/script&gt;" in page
    assert "␛" in page
    assert "⟨U+202E⟩" in page
    assert not re.search(r"<img[^>]+foreign", page)


async def test_a_long_trace_is_cut_with_a_way_to_the_whole(job):
    page = await show(job, "q1")
    assert "THE-END" not in page
    assert "6,807 more characters" in page
    assert "whole=yes" in page
    assert "THE-END" in await show(job, "q1", whole="yes")


async def test_the_page_asks_for_nothing_but_our_own_files(job):
    page = await show(job, "q0")
    outside = re.findall(r'(?:src|href)="(?!/|#|\?)([^"]+)"', page)
    assert not outside
    assert page.count('<img src="/v1/images/') == 2
