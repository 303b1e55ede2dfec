"""Rows of a job in pieces: asked for again until they begin, read as they come, and told when they break off."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import httpx
import pytest

from app.client import Client, ProblemError, Unreachable
from app.client import link as link_module
from tests.unit.client.test_client import Script, problem


@pytest.fixture(autouse=True)
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    slept: list[float] = []
    monkeypatch.setattr(link_module.time, "sleep", slept.append)
    return slept


def test_it_is_asked_for_again_until_it_begins(pauses: list[float]):
    script = Script(httpx.ConnectError("no"), problem(503), httpx.Response(200, content=b"rows"))
    assert b"".join(script.client().export("a/b", "pairs", "parquet", judge="q")) == b"rows"
    assert pauses == [0.5, 1.0]
    assert len(script.seen) == 3
    last = script.seen[-1]
    assert (last.url.raw_path, last.headers["accept"]) == (
        b"/v1/jobs/a%2Fb/pairs?judge=q",
        "application/vnd.apache.parquet",
    )


def test_a_refusal_is_a_problem_with_its_document():
    with pytest.raises(ProblemError) as caught:
        next(Script(problem(422)).client().export("j"))
    assert caught.value.document.problem_count == 12


class Body(httpx.SyncByteStream):
    """Pieces that are counted when they are taken."""

    def __init__(self, *pieces: bytes | Exception) -> None:
        self.pieces, self.taken, self.closed = pieces, 0, False

    def __iter__(self) -> Iterator[bytes]:
        for piece in self.pieces:
            self.taken += 1
            if isinstance(piece, Exception):
                raise piece
            yield piece

    def close(self) -> None:
        self.closed = True


@pytest.fixture
def serving() -> Callable[[Body], Client]:
    def client(body: Body) -> Client:
        return Client("http://api", "k", transport=httpx.MockTransport(lambda _: httpx.Response(200, stream=body)))

    return client


def test_pieces_are_read_only_when_they_are_wanted(serving):
    body = Body(b"one", b"two", b"three")
    rows = serving(body).export("j")
    assert body.taken == 0
    assert next(rows) == b"one"
    assert body.taken == 1
    rows.close()
    assert body.closed
    assert body.taken == 1


def test_an_answer_that_breaks_off_is_told_and_not_begun_again(serving, pauses):
    body = Body(b"one", httpx.RemoteProtocolError("peer closed connection"))
    rows = serving(body).export("j")
    assert next(rows) == b"one"
    with pytest.raises(Unreachable, match="broke off"):
        next(rows)
    assert body.closed
    assert pauses == []
