"""Over a real connection: long uploads, limits while they stream, and the client against the real server."""

from __future__ import annotations

import json
import socket
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from app.client import Client, ProblemError
from tests.integration.api.conftest import JUDGE
from tests.world.pairs import ndjson, pairs


@pytest.fixture
def job(client) -> str:
    return client.create_job({"judges": [JUDGE]}).id


def test_the_client_walks_a_job_through_its_life(client, job, tmp_path: Path):
    path = tmp_path / "pairs.jsonl"
    path.write_bytes(ndjson(pairs(1_500, words=250)))
    told: list[int] = []
    assert client.upload_pairs(job, path, told.append).pairs == 1_500
    assert told[-1] == path.stat().st_size
    assert len(told) > 10
    assert client.start(job).status == "running"
    assert [page.id for page in client.jobs()] == [job]
    rows = list(client.pairs(job))
    assert len(rows) == 1_500
    assert client.pause(job).status == "paused"
    assert client.resume(job).status == "running"
    assert client.cancel(job).status == "cancelled"
    assert [each.status for each in client.wait(job)] == ["cancelled"]
    client.delete_job(job)
    with pytest.raises(ProblemError) as caught:
        client.get_job(job)
    assert caught.value.status == 404


def test_a_long_upload_with_a_bad_line_is_refused_after_its_end(client, job):
    lines = ndjson(pairs(2_500, words=200)).splitlines()
    lines[2_000] = b"nonsense"
    with pytest.raises(ProblemError) as caught:
        client.upload_pairs(job, lines)
    assert "line 2001" in str(caught.value)
    assert client.get_job(job).progress.pairs == 0


def test_a_refusal_reaches_a_client_that_is_still_sending(client, served):
    body = ndjson(pairs(3_000, words=300))
    with pytest.raises(ProblemError) as caught:
        client.upload_pairs("00000000-0000-0000-0000-000000000000", [body])
    assert caught.value.status == 404
    with Client(served, "tj_wrong") as stranger, pytest.raises(ProblemError) as caught:
        stranger.upload_pairs("00000000-0000-0000-0000-000000000000", [body])
    assert caught.value.status == 401


def test_too_much_is_refused_by_its_header_before_it_is_sent(served, token, job):
    address = urlsplit(served)
    head = (
        f"POST /v1/jobs/{job}/pairs HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n"
        "Content-Type: application/x-ndjson\r\nContent-Length: 20000001\r\n\r\n"
    )
    with socket.create_connection((address.hostname, address.port), timeout=10) as raw:
        raw.sendall(head.encode())
        answer = b""
        while piece := raw.recv(65_536):  # until the server closes
            answer += piece
    assert answer.startswith(b"HTTP/1.1 413")
    assert b"connection: close" in answer.lower()


def test_too_much_is_refused_while_it_streams(served, token, job):
    sent = 0

    def endless():
        nonlocal sent
        for number in range(1_000):
            document = next(pairs(1, words=15_000))
            document["item"]["id"] = f"q{number}"
            line = json.dumps(document).encode() + b"\n"
            sent += len(line)
            yield line

    try:
        answer = httpx.post(
            f"{served}/v1/jobs/{job}/pairs",
            content=endless(),
            headers={"Authorization": f"Bearer {token}", "Content-Type": "application/x-ndjson"},
            timeout=30,
        )
    except (httpx.WriteError, httpx.ReadError):
        pass  # the server hung up while we were sending, and its answer was lost with the connection
    else:
        assert answer.status_code == 413
    assert sent < 60_000_000


def test_rows_stream_as_lines(client, served, token, job):
    client.upload_pairs(job, pairs(1_200, words=5))
    client.start(job)
    with httpx.stream(
        "GET",
        f"{served}/v1/jobs/{job}/pairs",
        headers={"Authorization": f"Bearer {token}", "Accept": "application/x-ndjson"},
    ) as answer:
        assert answer.headers["content-type"] == "application/x-ndjson"
        assert len(answer.read().splitlines()) == 1_200


def test_an_upload_that_breaks_off_leaves_nothing(client, served, token, job):
    address = urlsplit(served)
    body = ndjson(pairs(50))
    head = (
        f"POST /v1/jobs/{job}/pairs HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n"
        f"Content-Type: application/x-ndjson\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    with socket.create_connection((address.hostname, address.port), timeout=10) as raw:
        raw.sendall(head.encode() + body[: len(body) // 2])
    assert client.upload_pairs(job, [body]).pairs == 50
