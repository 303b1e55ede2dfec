"""Blind review over HTTP: who may do what, what a labeller is shown and never shown, and what is refused how."""

from __future__ import annotations

import json
from uuid import uuid4

import pytest

from app.client import ProblemError
from tests.integration.api.conftest import JUDGE, draft, upload
from tests.integration.api.test_jobs import problem
from tests.world.pairs import ndjson, pairs

PAIRS = 12
# All that a labeller is told of a pair and of a review.
TURN = {"review", "place", "question", "options", "images", "first", "second", "picks"}
QUEUE = {"id", "title", "axes", "pairs", "done", "left", "waiting", "open", "seconds"}


@pytest.fixture
async def job(http) -> str:
    made = await draft(http, name="SECRET-JOB")
    assert (await upload(http, made, ndjson(pairs(PAIRS)))).status_code == 200
    assert (await http.post(f"/v1/jobs/{made}/start")).status_code == 202
    return made


async def create(http, job, **asked) -> dict:
    answer = await http.post(f"/v1/jobs/{job}/reviews", json={"pairs": 6, **asked})
    assert answer.status_code == 201, answer.text
    return answer.json()


@pytest.fixture
async def ann(login, project):
    return await login("labeller", project)


async def test_a_review_from_the_draw_to_the_labels(http, ann, job):
    review = await create(http, job, title="Round one", seed=3, axes=["overall"])
    address = f"/v1/queues/{review['id']}"
    (queue,) = (await ann.get("/v1/queues")).json()["items"]
    assert queue == (await ann.get(address)).json()
    assert (queue["title"], queue["pairs"], queue["done"], queue["left"]) == ("Round one", 6, 0, 6)
    assert [axis["name"] for axis in queue["axes"]] == ["overall"]
    assert queue["axes"][0]["question"]
    for place in range(6):
        turn = (await ann.post(f"{address}/turn")).json()
        assert turn["place"] == place
        body = {"picks": {"overall": "first"}, "seconds": 12.5}
        answers = [await ann.put(f"{address}/turns/{place}", json=body) for _ in range(2)]
        assert [answer.status_code for answer in answers] == [200, 200]
        assert answers[1].json() == answers[0].json()
    assert (await ann.post(f"{address}/turn")).status_code == 204
    assert (answers[0].json()["done"], answers[0].json()["left"], answers[0].json()["seconds"]) == (6, 0, 12.5)
    changed = await ann.put(f"{address}/turns/5", json={"picks": {"overall": "tie"}})
    assert "undo first" in problem(changed, 409, "conflict")["detail"]
    undone = await ann.request("DELETE", f"{address}/turns/last")
    assert (undone.json()["place"], undone.json()["picks"]) == (5, {"overall": "first"})
    assert (await ann.put(f"{address}/turns/5", json={"picks": {"overall": "tie"}})).json()["left"] == 0
    listed = (await http.get(f"/v1/jobs/{job}/labels")).json()["items"]
    assert {(one["labeller"], one["design"], one["inclusion_probability"]) for one in listed} == {
        ("labeller-key", "random", 0.5)
    }
    shown = (await http.get(f"/v1/reviews/{review['id']}")).json()
    assert (shown["done"], shown["labellers"]) == (6, [{"labeller": "labeller-key", "done": 6, "seconds": 12.5}])
    assert (await http.get(f"/v1/jobs/{job}/reviews")).json() == {"items": [shown], "next": None}
    closed = (await http.post(f"/v1/reviews/{review['id']}/close")).json()
    assert closed["closed_at"] is not None
    assert (await ann.get("/v1/queues")).json()["items"] == []
    for late in (await ann.post(f"{address}/turn"), await ann.delete(f"{address}/turns/last")):
        assert "closed" in problem(late, 409, "conflict")["detail"]


async def test_a_labeller_is_shown_nothing_that_says_who_wrote_what(http, ann, job):
    review = await create(http, job, filters={"tag": "modality:CT"}, pairs=2)
    stored = [json.loads(line) for line in ndjson(pairs(PAIRS)).splitlines()]
    secrets = {one[side]["model"] for one in stored for side in "ab"}
    secrets |= {value for one in stored for value in one["item"].get("tags", {}).values()}
    secrets |= {one["item"]["id"] for one in stored} | {"SECRET-JOB", JUDGE["name"], JUDGE["served_model"], job}
    secrets |= {"filtered", "random", "inclusion", "modality", "seed", "verdict", "stance", "correct", "sample"}
    queue = (await ann.get("/v1/queues")).json()["items"][0]
    for _ in range(2):
        turn = (await ann.post(f"/v1/queues/{review['id']}/turn")).json()
        assert set(turn) == TURN
        assert set(turn["first"]) == set(turn["second"]) == {"text", "answer"}
        assert set(queue) == QUEUE
        free = {"question": "", "options": "", "first": "", "second": ""}  # what was written, whatever it says
        told = json.dumps([turn | free, queue | {"axes": ""}])
        assert not [secret for secret in secrets if secret in told]
        picks = {axis["name"]: "unable" for axis in queue["axes"]}
        assert (await ann.put(f"/v1/queues/{review['id']}/turns/{turn['place']}", json={"picks": picks})).is_success


async def test_labellers_see_nothing_else_and_readers_do_not_label(http, ann, login, project, job):
    review = await create(http, job)
    for method, path in (
        ("POST", f"/v1/jobs/{job}/reviews"), ("GET", f"/v1/jobs/{job}/reviews"), ("GET", f"/v1/reviews/{review['id']}"),
        ("POST", f"/v1/reviews/{review['id']}/close"), ("GET", f"/v1/jobs/{job}"), ("GET", f"/v1/jobs/{job}/labels"),
    ):  # fmt: skip
        body = {"pairs": 1} if method == "POST" else None
        problem(await ann.request(method, path, json=body), 403, "forbidden")
    reader = await login("reader", project)
    assert (await reader.get(f"/v1/jobs/{job}/reviews")).status_code == 200
    problem(await reader.post(f"/v1/jobs/{job}/reviews", json={"pairs": 1}), 403, "forbidden")
    problem(await reader.post(f"/v1/queues/{review['id']}/turn"), 403, "forbidden")
    stranger = await login()
    for method, path in (
        ("GET", f"/v1/reviews/{review['id']}"), ("POST", f"/v1/queues/{review['id']}/turn"),
        ("GET", f"/v1/queues/{review['id']}"), ("DELETE", f"/v1/queues/{review['id']}/turns/last"),
    ):  # fmt: skip
        problem(await stranger.request(method, path), 404, "not-found")
    assert (await stranger.get("/v1/queues")).json()["items"] == []


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        ({"pairs": PAIRS + 1}, "pairs"),
        ({"pairs": 0}, "pairs"),
        ({"pairs": 2**40}, "pairs"),
        ({"pairs": "many"}, "pairs"),
        ({"pairs": 1, "per_pair": 3}, "per_pair"),
        ({"pairs": 1, "axes": []}, "axes"),
        ({"pairs": 1, "axes": ["beauty"]}, "axes"),
        ({"pairs": 1, "seed": -1}, "seed"),
        ({"pairs": 1, "title": "a\0b"}, "title"),
        ({"pairs": 1, "filters": {"stance": "SIDEWAYS"}}, "filters.stance"),
        ({"pairs": 1, "filters": {"judge": "stub"}}, "filters.judge"),
        ({"pairs": 1, "filters": {"colour": "red"}}, "filters.colour"),
    ],
)
async def test_reviews_that_cannot_be_are_a_422_that_names_the_field(http, job, asked, field):
    told = problem(await http.post(f"/v1/jobs/{job}/reviews", json=asked), 422, "invalid")
    assert [one["field"] for one in told["problems"]] == [field]
    assert (await http.get(f"/v1/jobs/{job}/reviews")).json()["items"] == []


async def test_odd_requests_are_refused_and_never_a_500(http, ann, job):
    review = await create(http, job)
    address = f"/v1/queues/{review['id']}"
    turn = (await ann.post(f"{address}/turn")).json()
    good = dict.fromkeys(review["axes"], "tie")
    for place, body, status, slug in (
        (turn["place"], {"picks": {}}, 422, "invalid"),
        (turn["place"], {"picks": good | {"beauty": "first"}}, 422, "invalid"),
        (turn["place"], {"picks": dict.fromkeys(good, "A")}, 422, "invalid"),
        (turn["place"], {"picks": good, "seconds": -1}, 422, "invalid"),
        (turn["place"] + 1, {"picks": good}, 404, "not-found"),
        (2**31 - 1, {"picks": good}, 404, "not-found"),
        (2**40, {"picks": good}, 422, "invalid"),
    ):
        problem(await ann.put(f"{address}/turns/{place}", json=body), status, slug)
    assert "nothing to undo" in problem(await ann.delete(f"{address}/turns/last"), 409, "conflict")["detail"]
    for path in (f"/v1/reviews/{uuid4()}", f"/v1/queues/{uuid4()}", f"/v1/jobs/{uuid4()}/reviews"):
        problem(await http.get(path), 404, "not-found")
    problem(await http.get("/v1/reviews/none"), 422, "invalid")
    problem(await http.post(f"/v1/jobs/{await draft(http)}/reviews", json={"pairs": 1}), 409, "conflict")


def test_the_client_draws_labels_and_closes(client):
    made = client.create_job({"judges": [JUDGE], "name": "reviewed"})
    client.upload_pairs(made.id, ndjson(pairs(3)).splitlines())
    client.start(made.id)
    review = client.create_review(made.id, {"pairs": 3, "axes": ["overall"]})
    assert client.reviews(made.id) == [client.get_review(review.id)] == [review]
    assert [queue.id for queue in client.queues()] == [review.id]
    turn = client.take_turn(review.id)
    assert client.answer_turn(review.id, turn.place, {"overall": "second"}, seconds=3).done == 1
    assert client.undo_turn(review.id).picks == {"overall": "second"}
    while (turn := client.take_turn(review.id)) is not None:
        client.answer_turn(review.id, turn.place, {"overall": "tie"})
    assert client.get_queue(review.id).done == client.get_review(review.id).done == 3
    with pytest.raises(ProblemError, match="fewer pairs"):
        client.create_review(made.id, {"pairs": 4})
    assert client.close_review(review.id).closed_at is not None
    assert client.queues() == []
