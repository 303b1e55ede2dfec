"""The client against a scripted transport: what it sends, what it sends again, what it says about refusals."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from app.client import Client, ProblemError, Unreachable
from app.client import link as link_module
from app.wire.results import PairOut

Reply = httpx.Response | Exception
PROBLEM = {
    "type": "urn:tracejudge:problem:invalid", "title": "The request is not valid", "status": 422,
    "detail": "12 lines are not valid", "request_id": "r1", "problem_count": 12,
    "problems": [{"line": line, "field": "a.trace", "reason": "is missing"} for line in range(1, 13)],
}  # fmt: skip
PAIR: Any = PairOut.model_config["json_schema_extra"]["example"]
ACCEPTED = {"pairs": 2, "items": 1, "traces": 2, "identical_traces": 0}


class Script:
    """Answers requests from a list and remembers them, bodies read."""

    def __init__(self, *replies: Reply) -> None:
        self.replies = list(replies)
        self.seen: list[httpx.Request] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        request.read()
        self.seen.append(request)
        reply = self.replies.pop(0)
        if isinstance(reply, Exception):
            raise reply
        return reply

    def client(self) -> Client:
        return Client("http://api", "tj_k", transport=httpx.MockTransport(self))


@pytest.fixture(autouse=True)
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    slept: list[float] = []
    monkeypatch.setattr(link_module.time, "sleep", slept.append)
    return slept


def problem(status: int = 422, **headers: str) -> httpx.Response:
    return httpx.Response(status, json=PROBLEM | {"status": status}, headers=headers)


def test_a_refusal_reads_like_one_and_keeps_its_document():
    with pytest.raises(ProblemError) as caught:
        Script(problem()).client().start("j")
    assert (caught.value.status, caught.value.document.request_id) == (422, "r1")
    lines = str(caught.value).splitlines()
    assert lines[0] == "The request is not valid: 12 lines are not valid"
    assert lines[1] == "  line 1, a.trace: is missing"
    assert lines[-1] == "  ... and 2 more"
    assert len(lines) == 12


def test_an_answer_from_something_else_is_a_problem_too():
    with pytest.raises(ProblemError, match="is this the address of the API"):
        Script(httpx.Response(502, text="<html>bad gateway")).client().me()


def test_the_key_travels_with_every_request_and_paths_are_quoted():
    script = Script(problem(404))
    with pytest.raises(ProblemError):
        script.client().get_judge("a/b c")
    assert script.seen[0].url.raw_path == b"/v1/judges/a%2Fb%20c"
    assert script.seen[0].headers["authorization"] == "Bearer tj_k"


@pytest.mark.parametrize(
    "call",
    [
        lambda client: client.me(),
        lambda client: client.create_job({"judges": ["q"]}),
        lambda client: client.upload_pairs("j", [{"n": 1}]),
        lambda client: client.put_image(b"x"),
    ],
)
def test_what_is_safe_to_repeat_is_repeated_with_growing_pauses(call: Callable[[Client], Any], pauses: list[float]):
    script = Script(httpx.ConnectError("no"), problem(503), httpx.ReadError("no"), problem(409))
    with pytest.raises(ProblemError) as caught:
        call(script.client())
    assert caught.value.status == 409
    assert pauses == [0.5, 1.0, 2.0]
    assert len({request.headers.get("idempotency-key") for request in script.seen}) == 1
    assert len({request.content for request in script.seen}) == 1


@pytest.mark.parametrize("call", [lambda client: client.start("j"), lambda client: client.add_judge({})])
def test_other_writes_are_sent_once(call: Callable[[Client], Any], pauses: list[float]):
    for reply, error in ((httpx.ReadError("no"), Unreachable), (problem(503), ProblemError)):
        script = Script(reply)
        with pytest.raises(error):
            call(script.client())
        assert len(script.seen) == 1
    assert pauses == []


def test_after_the_last_try_the_failure_is_told():
    with pytest.raises(Unreachable, match="http://api"):
        Script(*[httpx.ConnectError("no")] * 4).client().me()
    with pytest.raises(ProblemError):
        Script(*[problem(503)] * 4).client().me()


def test_the_server_may_ask_for_a_longer_pause(pauses: list[float]):
    script = Script(problem(503, **{"Retry-After": "7"}), problem(503, **{"Retry-After": "900"}), problem(404))
    with pytest.raises(ProblemError):
        script.client().me()
    assert pauses == [7.0, 30.0]


def test_every_call_has_its_own_idempotency_key_unless_given_one():
    script = Script(*[httpx.Response(200, json=ACCEPTED) for _ in range(3)])
    client = script.client()
    client.upload_pairs("j", [b"{}"])
    client.upload_pairs("j", [b"{}"])
    client.upload_pairs("j", [b"{}"], idempotency_key="mine")
    keys = [request.headers["idempotency-key"] for request in script.seen]
    assert len(set(keys)) == 3
    assert keys[2] == "mine"


def test_lines_of_every_kind_become_one_ndjson_body():
    script = Script(httpx.Response(200, json=ACCEPTED))
    told: list[int] = []
    assert script.client().upload_pairs("j", [b'{"n":1}\r\n', '{"n":"é"}', {"n": 3}], told.append).pairs == 2
    body = script.seen[0].content
    assert [json.loads(line) for line in body.splitlines()] == [{"n": 1}, {"n": "é"}, {"n": 3}]
    assert script.seen[0].headers["content-type"] == "application/x-ndjson"
    assert told == [len(body)]


def test_a_file_is_sent_in_pieces_and_from_its_start_again(tmp_path: Path):
    path = tmp_path / "pairs.jsonl"
    path.write_bytes(b'{"n": 1}\n' * 20_000)
    script = Script(problem(503), httpx.Response(200, json=ACCEPTED))
    told: list[int] = []
    script.client().upload_pairs("j", path, told.append)
    assert [request.content for request in script.seen] == [path.read_bytes()] * 2
    assert told == [65_536, 131_072, 180_000] * 2


def test_an_iterator_cannot_be_sent_again():
    def lines() -> Iterator[bytes]:
        yield b"{}"

    script = Script(problem(503))
    with pytest.raises(ProblemError):
        script.client().upload_pairs("j", lines())
    assert len(script.seen) == 1


def test_lists_are_followed_to_their_last_page():
    script = Script(
        httpx.Response(200, json={"items": [PAIR | {"seq": 1}, PAIR | {"seq": 2}], "next": "c1"}),
        httpx.Response(200, json={"items": [PAIR | {"seq": 3, "new": "field"}], "next": None}),
    )
    assert [row.seq for row in script.client().pairs("j", judge="q")] == [1, 2, 3]
    assert [dict(request.url.params) for request in script.seen] == [
        {"judge": "q", "limit": "1000"},
        {"judge": "q", "limit": "1000", "after": "c1"},
    ]


def test_report_parameters_travel_in_the_query():
    script = Script(httpx.Response(200, content=b"# Report"))
    assert script.client().report("j", "md", level=0.9, judges=["a", "b"]) == b"# Report"
    assert script.seen[0].url.params.multi_items() == [
        ("format", "md"), ("level", "0.9"), ("judges", "a"), ("judges", "b"),
    ]  # fmt: skip
