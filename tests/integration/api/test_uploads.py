"""Uploads over HTTP: all or nothing, bad lines told, repeats recognised, pictures stored on the way."""

from __future__ import annotations

import base64
import hashlib
import io
import json
from typing import Any

import pytest
from PIL import Image

from tests.integration.api.conftest import draft, upload
from tests.integration.api.test_jobs import problem
from tests.world.pairs import ndjson, pairs


def picture(colour: str = "red", kind: str = "PNG") -> bytes:
    made = io.BytesIO()
    Image.new("RGB", (8, 6), colour).save(made, kind)
    return made.getvalue()


def with_images(*images: dict[str, Any]) -> bytes:
    document = next(pairs(1))
    document["item"]["images"] = list(images)
    return json.dumps(document).encode()


def data_uri(data: bytes) -> dict[str, str]:
    return {"data": "data:image/png;base64," + base64.b64encode(data).decode()}


async def count(http, job: str) -> int:
    return (await http.get(f"/v1/jobs/{job}")).json()["progress"]["pairs"]


async def test_an_upload_tells_what_it_added(http):
    job = await draft(http)
    body = pairs(30)
    first = next(body)
    first["b"]["trace"] = first["a"]["trace"]
    answer = await upload(http, job, ndjson(iter([first, *body])))
    assert answer.status_code == 200, answer.text
    assert answer.json() == {"pairs": 30, "items": 30, "traces": 60, "identical_traces": 1}
    assert await count(http, job) == 30


async def test_one_bad_line_and_nothing_is_stored(http):
    job = await draft(http)
    lines = ndjson(pairs(250)).splitlines()
    lines[4] = b"{"
    document = problem(await upload(http, job, b"\n".join(lines)), 422, "invalid")
    assert document["problem_count"] == 1
    assert document["problems"][0]["line"] == 5
    assert await count(http, job) == 0
    assert (await upload(http, job, ndjson(pairs(250)))).status_code == 200


async def test_a_hundred_bad_lines_are_told_and_all_are_counted(http):
    job = await draft(http)
    bad = [json.dumps(document | {"winner": "canary"}).encode() for document in pairs(240)]
    answer = await upload(http, job, b"\n".join([*ndjson(pairs(10)).splitlines(), *bad]))
    document = problem(answer, 422, "invalid")
    assert (len(document["problems"]), document["problem_count"]) == (100, 240)
    assert document["problems"][0] == {"line": 11, "field": "winner", "reason": "unknown field"}
    assert "canary" not in answer.text


async def test_a_clash_is_told_by_line_and_nothing_is_stored(http):
    job = await draft(http)
    assert (await upload(http, job, ndjson(pairs(3)))).status_code == 200
    document = problem(await upload(http, job, ndjson(pairs(4, seed=2))), 422, "invalid")
    assert document["problems"][0]["line"] == 1
    assert await count(http, job) == 3


@pytest.mark.parametrize("body", [b"", b"\n \n"])
async def test_an_upload_without_pairs_is_refused(http, body):
    problem(await upload(http, await draft(http), body), 422, "invalid")


async def test_only_drafts_take_pairs(http):
    job = await draft(http)
    await upload(http, job, ndjson(pairs(2)))
    assert (await http.post(f"/v1/jobs/{job}/start")).status_code == 202
    assert "running" in problem(await upload(http, job, ndjson(pairs(1))), 409, "conflict")["detail"]


async def test_the_type_of_the_body_is_checked(http):
    job = await draft(http)
    for kind in ("application/json", "text/csv", ""):
        problem(await upload(http, job, ndjson(pairs(1)), **{"Content-Type": kind}), 415, "unsupported-media-type")
    encoded = await upload(http, job, ndjson(pairs(1)), **{"Content-Encoding": "gzip"})
    problem(encoded, 415, "unsupported-media-type")
    assert (await upload(http, job, ndjson(pairs(1)), **{"Content-Type": "application/jsonl"})).status_code == 200


async def test_a_line_or_trace_over_its_limit(http):
    job = await draft(http)
    long = next(pairs(1))
    long["a"]["trace"] = "x" * 50_001
    document = problem(await upload(http, job, json.dumps(long).encode()), 422, "invalid")
    assert document["problems"][0]["field"] == "a.trace"
    document = problem(await upload(http, job, b"x" * 1_000_001), 413, "too-large")
    assert document["problems"][0]["line"] == 1
    assert await count(http, job) == 0


async def test_a_repeated_upload_is_answered_again_even_after_the_start(http):
    job, body, key = await draft(http), ndjson(pairs(5)), {"Idempotency-Key": "u1"}
    first = await upload(http, job, body, **key)
    assert first.json()["pairs"] == 5
    again = await upload(http, job, body, **key)
    assert (again.status_code, again.content) == (200, first.content)
    assert again.headers["idempotent-replayed"] == "true"
    problem(await upload(http, job, ndjson(pairs(6)), **key), 422, "invalid")
    await http.post(f"/v1/jobs/{job}/start")
    late = await upload(http, job, body, **key)
    assert (late.status_code, late.content) == (200, first.content)
    problem(await upload(http, job, body, **{"Idempotency-Key": "u2"}), 409, "conflict")
    problem(await upload(http, job, body, **{"Idempotency-Key": "u2"}), 409, "conflict")
    assert await count(http, job) == 5


async def test_a_picture_sent_along_is_stored_under_its_hash(http):
    job, data = await draft(http), picture()
    assert (await upload(http, job, with_images(data_uri(data)))).status_code == 200
    again = await http.put(
        f"/v1/images/{hashlib.sha256(data).hexdigest()}", content=data, headers={"Content-Type": "image/png"}
    )
    assert again.status_code == 200, again.text
    assert again.json() == {
        "sha256": hashlib.sha256(data).hexdigest(), "media_type": "image/png", "width": 8, "height": 6,
        "bytes": len(data),
    }  # fmt: skip


async def test_a_picture_can_be_stored_first_and_referred_to(http):
    job, data = await draft(http), picture("blue", "JPEG")
    name = hashlib.sha256(data).hexdigest()
    unknown = problem(await upload(http, job, with_images({"sha256": name})), 422, "invalid")
    assert unknown["problems"][0]["line"] == 1
    stored = await http.put(f"/v1/images/{name}", content=data, headers={"Content-Type": "image/jpeg"})
    assert stored.status_code == 200, stored.text
    assert (await upload(http, job, with_images({"sha256": name}))).status_code == 200


async def test_another_projects_picture_is_not_there(http, login):
    data = picture("green")
    name = hashlib.sha256(data).hexdigest()
    await http.put(f"/v1/images/{name}", content=data, headers={"Content-Type": "image/png"})
    stranger = await login()
    problem(await upload(stranger, await draft(stranger), with_images({"sha256": name})), 422, "invalid")


@pytest.mark.parametrize("data", [b"hello", b"<svg xmlns='http://www.w3.org/2000/svg'/>", picture()[:40], b""])
async def test_what_is_no_picture_is_told_by_line_and_field(http, data):
    job = await draft(http)
    document = problem(
        await upload(http, job, b"\n" + with_images(data_uri(picture()), data_uri(data))), 422, "invalid"
    )
    assert [(each["line"], each["field"]) for each in document["problems"]] == [(2, "item.images.1.data")]
    assert await count(http, job) == 0


async def test_a_picture_under_a_wrong_hash_is_refused(http):
    wrong = await http.put(f"/v1/images/{'0' * 64}", content=picture(), headers={"Content-Type": "image/png"})
    problem(wrong, 422, "invalid")
    for name in ("xyz", "0" * 63, "..%2f..%2fetc%2fpasswd"):
        answer = await http.put(f"/v1/images/{name}", content=picture(), headers={"Content-Type": "image/png"})
        assert answer.status_code in (404, 422)
    problem(await http.put(f"/v1/images/{'0' * 64}", content=b"x"), 415, "unsupported-media-type")


@pytest.mark.parametrize("url", ["http://127.0.0.1:22/a.png", "file:///etc/passwd", "http://user@example.org/a.png"])
async def test_an_image_url_that_may_never_be_fetched_is_refused_at_once(http, url):
    job = await draft(http)
    document = problem(await upload(http, job, with_images({"url": url})), 422, "invalid")
    assert document["problems"][0]["field"] == "item.images.0.url"
    assert document["problems"][0]["line"] == 1
    assert await count(http, job) == 0
