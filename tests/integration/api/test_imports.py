"""Imports and labels over HTTP: what hostile or odd bodies get, and reports of imports with next to nothing in them."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest

from app.reports import FORMATS
from tests.integration.api.conftest import draft, upload

CSV = {"Content-Type": "text/csv"}
NDJSON = {"Content-Type": "application/x-ndjson"}
HEADER = "item,model_a,model_b,winner\n"


async def add(http, body: str | bytes, headers=CSV, **parameters: str):
    content = body.encode() if isinstance(body, str) else body
    return await http.post("/v1/imports", content=content, headers=headers, params={"name": "n"} | parameters)


async def made(http, body: str, headers=CSV, **parameters: str) -> str:
    answer = await add(http, body, headers, **parameters)
    assert answer.status_code == 201, answer.text
    found: str = answer.json()["id"]
    return found


async def test_an_import_is_made_listed_read_and_deleted(http):
    answer = await add(http, f"{HEADER}q1,x,y,A\nq2,x,y,tie\n", policy="drop")
    assert answer.status_code == 201
    document = answer.json()
    assert (document["rows"], document["pairs"], document["models"], document["policy"]) == (2, 2, ["x", "y"], "drop")
    assert (await http.get("/v1/imports")).json()["items"] == [document]
    assert (await http.get(f"/v1/imports/{document['id']}")).json() == document
    reports = [await http.get(f"/v1/{kind}/{document['id']}/report") for kind in ("jobs", "imports")]
    assert reports[0].json()["results"] == reports[1].json()["results"]
    assert reports[0].json()["results"]["headline"]["win_rate"]["wins"] == 1
    assert (await http.delete(f"/v1/imports/{document['id']}")).status_code == 204
    for path in ("", "/report"):
        assert (await http.get(f"/v1/imports/{document['id']}{path}")).status_code == 404
    assert (await http.delete(f"/v1/imports/{document['id']}")).status_code == 404


async def test_a_repeat_under_its_key_is_answered_again(http):
    answers = [await add(http, f"{HEADER}q1,x,y,A\n", {**CSV, "Idempotency-Key": "k"}) for _ in range(2)]
    assert answers[0].content == answers[1].content
    assert answers[1].headers["Idempotent-Replayed"] == "true"
    assert len((await http.get("/v1/imports")).json()["items"]) == 1
    other = await add(http, f"{HEADER}q1,x,y,B\n", {**CSV, "Idempotency-Key": "k"})
    assert other.status_code == 422
    refused = await add(http, f"{HEADER}q1,x,y,C\n", {**CSV, "Idempotency-Key": "k2"})
    assert refused.status_code == 422
    assert (await add(http, f"{HEADER}q1,x,y,A\n", {**CSV, "Idempotency-Key": "k2"})).status_code == 201


async def test_a_reader_may_look_but_not_import(http, login, project):
    reader = await login("reader", project)
    import_id = await made(http, f"{HEADER}q1,x,y,A\n")
    assert (await reader.get(f"/v1/imports/{import_id}/report")).status_code == 200
    for answer in (
        await add(reader, f"{HEADER}q1,x,y,A\n"),
        await reader.delete(f"/v1/imports/{import_id}"),
        await reader.post(f"/v1/jobs/{import_id}/labels", content=HEADER, headers=CSV),
    ):
        assert answer.status_code == 403
    stranger = await login()
    assert (await stranger.get(f"/v1/imports/{import_id}/report")).status_code == 404


@pytest.mark.parametrize(
    ("body", "headers", "status"),
    [
        ("", CSV, 422), ("\n\n", CSV, 422), (HEADER, CSV, 422), ("", NDJSON, 422), ("\n", NDJSON, 422),
        ("q1,x,y,A\n", CSV, 422),
        ("item,item,model_a,model_b,winner\nq,q,x,y,A\n", CSV, 422),
        (f'{HEADER}"q1,x,y,A\n', CSV, 422),
        (f"{HEADER}q1,x\x00,y,A\n", CSV, 422),
        (HEADER.encode() + b"q1,\xff,y,A\n", CSV, 400),
        (f"{HEADER}q1,{'x' * 1_000_000},y,A\n", CSV, 422),
        ("\x00" * 1_000, CSV, 422), ("," * 10_000, CSV, 422), ('"' * 9_999, CSV, 422), ("\r" * 100, CSV, 422),
        (f"{HEADER}q1,x,y,\nq2,x,y,\n", CSV, 422),
        ("not json\n", NDJSON, 422), ("[" * 5_000, NDJSON, 422), ("{}\n", NDJSON, 422),
        ('{"model_a": {"a": 1}, "model_b": "y", "winner": "A"}\n', NDJSON, 422),
        ('{"model_a": "x", "model_b": "y", "winner": "A", "count": 99999999999999999999999}\n', NDJSON, 422),
        ('{"model_a": "x", "model_b": "y", "winner": "A", "repeat": -1}\n', NDJSON, 422),
        (f"{HEADER}q1,x,y,A\n", {"Content-Type": "application/json"}, 415),
        (f"{HEADER}q1,x,y,A\n", {}, 415),
        ("x" * 21_000_000, CSV, 413),
    ],
    ids=lambda value: repr(value)[:30],
)  # fmt: skip
async def test_a_body_that_cannot_be_used_is_a_problem_document(http, body, headers, status):
    answer = await add(http, body, headers)
    assert answer.status_code == status, answer.text[:500]
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["detail"]
    assert len(answer.content) < 30_000


@pytest.mark.parametrize(
    ("parameters", "field"),
    [
        ({"policy": "guess"}, "policy"), ({"policy": "debias"}, "policy"), ({"primary_axis": "style"}, "primary_axis"),
        ({"human": "perhaps"}, "human"), ({"design": "odd"}, "design"), ({"name": "a/b"}, "name"), ({"x": "y"}, "x"),
    ],
)  # fmt: skip
async def test_a_parameter_that_does_not_fit_is_named(http, parameters, field):
    answer = await add(http, f"{HEADER}q1,x,y,A\n", **parameters)
    assert answer.status_code == 422
    assert [problem["field"] for problem in answer.json()["problems"]] == [field]


async def test_bad_lines_are_told_by_line_and_field_without_their_content(http):
    answer = await add(http, f"{HEADER}q1,x,y,A\nq2,x,y,SECRET\n")
    assert answer.json()["problems"] == [
        {"line": 3, "field": "winner", "reason": answer.json()["problems"][0]["reason"]}
    ]
    assert "SECRET" not in answer.text


DEGENERATE = {
    "one row": f"{HEADER}q1,x,y,A\n",
    "one tie": f"{HEADER}q1,x,y,tie\n",
    "all ties": HEADER + "".join(f"q{n},x,y,tie\n" for n in range(9)),
    "always A": HEADER + "".join(f"q{n},x,y,A\n" for n in range(9)),
    "all but one abstained": HEADER + "q0,x,y,A\n" + "".join(f"q{n},x,y,\n" for n in range(1, 9)),
    "one model": HEADER + "".join(f"q{n},x,x,{'AB'[n % 2]}\n" for n in range(9)),
    "groups that never met": HEADER + "".join(f"q{n},x,y,{'AB'[n % 2]}\nr{n},u,v,{'AB'[n % 2]}\n" for n in range(9)),
    "one cluster": "item,model_a,model_b,winner,cluster\n" + "".join(f"q{n},x,y,{'AB'[n % 2]},c\n" for n in range(9)),
    "one soft score": "model_a,model_b,score\nx,y,0.3\n",
    "both orders of one": "item,model_a,model_b,winner,order\nq,x,y,A,AB\nq,x,y,B,BA\n",
    "one order of each": "item,model_a,model_b,winner,order\nq,x,y,A,AB\nr,x,y,B,BA\n",
    "a judge without a verdict": "item,model_a,model_b,winner,judge\nq,x,y,A,j\nq,x,y,,k\nr,x,y,B,j\n",
    "a judge on other pairs": "item,model_a,model_b,winner,judge\nq,x,y,A,j\nr,x,y,B,k\n",
    "an axis on few pairs": "item,model_a,model_b,winner,axis\nq,x,y,A,overall\nr,x,y,B,overall\nr,x,y,B,depth\n",
    "an axis without a verdict": "item,model_a,model_b,winner,axis\nq,x,y,A,overall\nq,x,y,,depth\n",
    "tags of one pair": "item,model_a,model_b,winner,tag.modality\nq,x,y,A,CT\nr,x,y,B,\n",
    "equal lengths": "item,model_a,model_b,winner,length_a,length_b\n" + "".join(
        f"q{n},x,y,{'AB'[n % 2]},5,5\n" for n in range(30)),
    "names from outside": HEADER + "<b>,=1+1,\U0001f600|`x`,A\n",
}  # fmt: skip
PARAMETERS = (
    {}, {"level": "0.5"}, {"control": "length"}, {"margin": "0.1"}, {"ties": "davidson", "order_effect": "true"},
    {"interval": "bootstrap"}, {"interval": "model"}, {"policy": "drop"}, {"policy": "average"}, {"policy": "single"},
    {"policy": "debias"}, {"level": "0"}, {"level": "1"}, {"slice_by": "nothing"}, {"anchor": "ghost"},
)  # fmt: skip


def numbers(value: Any):
    if isinstance(value, dict):
        for inner in value.values():
            yield from numbers(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from numbers(inner)
    elif isinstance(value, float):
        yield value


@pytest.mark.parametrize("body", DEGENERATE.values(), ids=DEGENERATE)
async def test_reports_of_next_to_nothing_are_finite_or_say_why_not(http, body):
    import_id = await made(http, body)
    for parameters in PARAMETERS:
        answer = await http.get(f"/v1/imports/{import_id}/report", params=parameters)
        assert answer.status_code in (200, 422), (parameters, answer.text[:500])
        if answer.status_code == 200:
            found = json.loads(answer.content)  # which would read NaN and Infinity, too
            assert all(map(math.isfinite, numbers(found))), parameters
        else:
            assert answer.json()["problems"], parameters
    for format_ in FORMATS:
        answer = await http.get(f"/v1/imports/{import_id}/report", params={"format": format_})
        assert answer.status_code in (200, 422), (format_, answer.text[:300])


async def test_labels_come_in_and_are_listed_over_http(http):
    import_id = await made(http, f"{HEADER}q1,x,y,A\nq2,x,y,B\n")
    body = "item,model_a,model_b,winner,judge\nq1,x,y,A,ann\nq2,y,x,tie,ann\n"
    answers = [
        await http.post(
            f"/v1/jobs/{import_id}/labels",
            content=body,
            headers={**CSV, "Idempotency-Key": "l"},
            params={"design": "random"},
        )
        for _ in range(2)
    ]
    assert [answer.status_code for answer in answers] == [201, 201]
    assert answers[1].json() == {"job": import_id, "labels": 2, "total": 2}
    listed = (await http.get(f"/v1/jobs/{import_id}/labels", params={"limit": 1})).json()
    assert (listed["items"][0]["winner"], listed["items"][0]["design"]) == ("A", "random")
    assert listed["next"]
    again = await http.post(f"/v1/jobs/{import_id}/labels", content=body, headers=CSV)
    assert again.status_code == 422
    assert [problem["line"] for problem in again.json()["problems"]] == [2, 3]


async def test_labels_of_a_draft_and_of_nothing_are_refused(http):
    job = await draft(http, name="j")
    pair = {"item": {"id": "q", "question": "?"}, "a": {"model": "x", "trace": "t"}, "b": {"model": "y", "trace": "u"}}
    assert (await upload(http, job, json.dumps(pair).encode())).status_code == 200
    answer = await http.post(f"/v1/jobs/{job}/labels", content=f"{HEADER}q,x,y,A\n", headers=CSV)
    assert answer.status_code == 409
    nowhere = "0b8f3a52-6f0e-4a3c-9a44-0d8f6c1f2f10"
    assert (await http.post(f"/v1/jobs/{nowhere}/labels", content=f"{HEADER}q,x,y,A\n", headers=CSV)).status_code == 404
    assert (await http.get(f"/v1/jobs/{nowhere}/labels")).status_code == 404
