"""Hostile and odd requests: refused in words or stored as they are, never a defect."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.integration.api.conftest import JUDGE, draft, upload
from tests.world.pairs import pairs


def nested(depth: int) -> Any:
    value: Any = {}
    for _ in range(depth):
        value = {"d": [value]}
    return value


ODD: list[Any] = [
    None, True, 0, -1, 2**31, 2**63, 10**30, -(10**4_000), 1.5, 1e308, "", " ", "x" * 100_000, "\x00", "a\x00b",
    "\ud800", "\U0001f600", "'; DROP TABLE jobs; --", "../../etc/passwd", "<script>", "=1+1", "\u202e", "\x1b[31m",
    "%00", "A\nB", [], [None], [[]], {}, {"": ""}, {"a": None}, {"\x00": 1}, {"$ref": "#"}, nested(40), nested(90),
    nested(150),
]  # fmt: skip
FIELDS = {
    "/v1/jobs": (
        {"judges": [JUDGE]},
        ["name", "judges", "rubric", "primary_axis", "axes", "policy", "orders", "repeats", "seed", "budget",
         "metadata", "webhook_url", "pairs"],
    ),
    "/v1/judges": (
        JUDGE,
        ["name", "url", "urls", "served_model", "method", "sampling", "sees_images", "max_in_flight", "timeout",
         "family", "api_key"],
    ),
    "/v1/rubrics": (
        {"name": "r", "version": 1, "title": "t", "guidance": "g",
         "axes": [{"name": "overall", "title": "t", "instruction": "i"}]},
        ["name", "version", "title", "guidance", "axes"],
    ),
    "/v1/keys": ({"name": "k", "role": "reader"}, ["name", "role", "scopes"]),
}  # fmt: skip
CASES = [pytest.param(path, field, id=f"{path} {field}") for path, (_, fields) in FIELDS.items() for field in fields]


@pytest.mark.parametrize(("path", "field"), CASES)
async def test_no_value_of_a_field_is_a_defect(http, path, field):
    good = FIELDS[path][0]
    for number, value in enumerate(ODD):
        body = good | {field: value}
        if path == "/v1/judges" and field != "name":
            body["name"] = f"judge-{field}-{number}"
        answer = await http.post(path, content=json.dumps(body), headers={"Content-Type": "application/json"})
        assert answer.status_code < 500, (value, answer.text)
        if answer.status_code >= 400:
            assert answer.headers["content-type"] == "application/problem+json"
    for lists in ("/v1/jobs", "/v1/judges", "/v1/rubrics", "/v1/keys"):
        assert (await http.get(lists)).status_code == 200


@pytest.mark.parametrize(
    "place",
    ["item.id", "item.question", "item.options", "item.answer", "item.images", "item.tags", "item.cluster",
     "a.model", "a.trace", "a.answer", "a.sample", "item", "b"],
)  # fmt: skip
async def test_no_value_in_a_pair_is_a_defect(http, place):
    job = await draft(http)
    for number, value in enumerate(ODD):
        document = next(pairs(1, words=3))
        document["item"]["id"] = f"{place}-{number}"
        *outer, last = place.split(".")
        (document[outer[0]] if outer else document)[last] = value
        answer = await upload(http, job, json.dumps(document).encode())
        assert answer.status_code in (200, 422), (value, answer.text)
    assert (await http.get(f"/v1/jobs/{job}/pairs")).status_code == 200


@pytest.mark.parametrize(
    "value", ["\x7f", "x" * 10_000, "'; --", "a:b", "CT", "\U0001f600", "é", ":", "%00", "\ufffe", "-1"]
)
async def test_no_query_is_a_defect(http, value):
    job = await draft(http)
    for name in ("axis", "verdict", "stance", "tag", "judge", "reason", "after", "limit"):
        for rows in ("pairs", "judgments"):
            answer = await http.get(f"/v1/jobs/{job}/{rows}", params={name: value})
            assert answer.status_code in (200, 422), (name, answer.text)
    for name in ("policy", "ties", "anchor", "level", "slice_by", "judges", "seed", "format"):
        answer = await http.get(f"/v1/jobs/{job}/report", params={name: value})
        assert answer.status_code in (200, 409, 422), (name, answer.text)


async def test_no_name_in_an_address_is_a_defect(http):
    for name in ("x" * 10_000, "%00", "a%2Fb", "..", "%2e%2e%2f", "%F0%9F%98%80", "%ff%fe", "a%0Ab", "'--", "%20"):
        for path in ("/v1/judges/{}", "/v1/rubrics/{}", "/v1/jobs/{}/report", "/v1/keys/{}"):
            answer = await http.get(path.format(name))
            assert answer.status_code in (404, 405, 422), (path, name, answer.text)
