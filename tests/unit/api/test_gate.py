"""What every request meets: ids, headers, Host, limits, and problem documents for everything that goes wrong."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator

import httpx
import pytest
from fastapi import APIRouter, FastAPI, Request
from pydantic import Field
from structlog.testing import capture_logs

from app.api import auth, errors
from app.api.bodies import StrictRoute, whole
from app.api.gate import Gate
from app.api.metrics import Metrics
from app.domain import errors as domain
from app.domain.access import Principal
from app.wire.shape import Input, JsonObject

KINDS = [
    (domain.Malformed, 400), (domain.Unauthenticated, 401), (domain.Forbidden, 403), (domain.NotFound, 404),
    (domain.NotAcceptable, 406), (domain.Conflict, 409), (domain.TooLarge, 413),
    (domain.UnsupportedMediaType, 415), (domain.Invalid, 422),
    (domain.NotComparable, 422), (domain.ImageMissing, 404), (domain.Unavailable, 503),
]  # fmt: skip


class Body(Input):
    n: int
    more: JsonObject = Field({})


class _Settings:
    max_body_bytes = 1_000


class _Running:
    settings = _Settings()


def toy(metrics: Metrics | None = None, hosts: str = "*") -> FastAPI:
    """A small application behind the real gate, with the real error table and body reading."""
    api = FastAPI()
    api.state.running = _Running()
    router = APIRouter(prefix="/v1", route_class=StrictRoute)

    @router.get("/fail/{name}")
    async def fail(name: str) -> None:
        kind = getattr(domain, name, None)
        if kind is None:
            raise RuntimeError("secret inside")
        raise kind("what happened", (domain.Problem("why", "where", 3),), 12)

    @router.post("/echo")
    async def echo(body: Body) -> Body:
        return body

    @router.post("/raw")
    async def raw(request: Request) -> int:
        return len(await whole(request, 10))

    api.include_router(router)
    errors.install(api)
    api.add_middleware(Gate, allowed_hosts=hosts, metrics=metrics or Metrics())
    return api


def client(api: FastAPI) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(api), base_url="http://here")


@pytest.fixture(autouse=True)
def _known(monkeypatch: pytest.MonkeyPatch) -> None:
    async def authenticate(database: object, token: str) -> Principal:
        if token != "tj_good":
            raise domain.Unauthenticated("revoked last Tuesday")
        return Principal(1, "p", "k", frozenset())

    monkeypatch.setattr(auth.admin, "authenticate", authenticate)
    monkeypatch.setattr(_Running, "database", None, raising=False)


@pytest.fixture
async def http() -> AsyncIterator[httpx.AsyncClient]:
    async with client(toy()) as found:
        found.headers["authorization"] = "Bearer tj_good"
        yield found


@pytest.mark.parametrize(("kind", "status"), KINDS)
async def test_every_kind_of_error_has_its_status(http: httpx.AsyncClient, kind: type, status: int):
    answer = await http.get(f"/v1/fail/{kind.__name__}")
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    document = answer.json()
    assert document == {
        "type": f"urn:tracejudge:problem:{kind.slug}", "title": kind.title, "status": status,
        "detail": "what happened", "request_id": answer.headers["x-request-id"],
        "problems": [{"reason": "why", "field": "where", "line": 3}], "problem_count": 12,
    }  # fmt: skip


def test_no_error_is_without_a_status():
    kinds = {kind for kind in vars(domain).values() if isinstance(kind, type) and issubclass(kind, Exception)}
    assert {kind for kind, _ in KINDS} == kinds - {domain.TraceJudgeError}
    for kind, _ in KINDS:
        assert errors.status_of(kind("x")) < 500 or kind is domain.Unavailable


async def test_what_a_caller_does_next_is_in_the_headers(http: httpx.AsyncClient):
    assert (await http.get("/v1/fail/Unauthenticated")).headers["www-authenticate"].startswith("Bearer")
    assert int((await http.get("/v1/fail/Unavailable")).headers["retry-after"]) > 0
    assert (await http.get("/v1/fail/TooLarge")).headers["connection"] == "close"


async def test_a_defect_shows_nothing_of_the_inside_but_is_logged(http: httpx.AsyncClient):
    with capture_logs() as logs:
        answer = await http.get("/v1/fail/unknown")
    assert answer.status_code == 500
    assert "secret" not in answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    failed = [line for line in logs if line["event"] == "request.failed"]
    assert [line["request_id"] for line in failed] == [answer.json()["request_id"]]


async def test_every_answer_has_an_id_and_safe_headers(http: httpx.AsyncClient):
    answers = [await http.get(path) for path in ("/nowhere", "/v1/fail/Conflict", "/openapi.json")]
    assert len({answer.headers["x-request-id"] for answer in answers}) == 3
    for answer in answers:
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["referrer-policy"] == "no-referrer"


async def test_unknown_addresses_and_methods_are_problems_too(http: httpx.AsyncClient):
    for method, path, status in (("GET", "/nowhere", 404), ("DELETE", "/v1/echo", 405), ("TRACE", "/v1/echo", 405)):
        answer = await http.request(method, path)
        assert answer.status_code == status
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["type"].startswith("urn:tracejudge:problem:")
    assert (await http.request("GET", "/v1/echo")).headers["allow"] == "POST"


async def test_only_allowed_hosts_are_answered():
    async with client(toy(hosts="api.example.org, localhost")) as http:
        for host, status in (("localhost:8080", 404), ("API.example.org", 404), ("evil.example", 400), ("", 400)):
            answer = await http.get("/nowhere", headers={"host": host})
            assert answer.status_code == status, host


@pytest.mark.parametrize(
    ("headers", "body", "status", "said"),
    [
        ({}, b'{"n": 1}', 415, "application/json"),
        ({"content-type": "text/plain"}, b'{"n": 1}', 415, "application/json"),
        ({"content-type": "application/json", "content-encoding": "gzip"}, b"x", 415, "Content-Encoding"),
        ({"content-type": "application/json"}, b'{"n": ', 400, "not JSON"),
        ({"content-type": "application/json"}, b'{"n": NaN}', 400, "NaN"),
        ({"content-type": "application/json"}, b'{"n": 1, "n": 2}', 400, "twice"),
        ({"content-type": "application/json"}, b'{"n": 1, "x": 2}', 422, "unknown field"),
        ({"content-type": "application/json"}, b'{"n": 1, "more": {"a": "\\u0000"}}', 422, "more.a"),
        ({"content-type": "application/json"}, b'{"n": "canary"}', 422, "valid integer"),
        ({"content-type": "application/json"}, b"", 422, "missing"),
        ({"content-type": "application/json"}, b" " * 1_001, 413, "1,000"),
        ({"content-type": "application/json", "content-length": "many"}, b'{"n": 1}', 400, "Content-Length"),
    ],
)
async def test_a_body_is_checked_before_it_is_believed(
    http: httpx.AsyncClient, headers: dict[str, str], body: bytes, status: int, said: str
):
    answer = await http.post("/v1/echo", content=body, headers=headers)
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert said in answer.text
    assert "canary" not in answer.text


async def test_a_good_body_with_a_charset_passes(http: httpx.AsyncClient):
    answer = await http.post(
        "/v1/echo",
        content='{"n": 1, "more": {"é": "\\ud83d\\ude00"}}',
        headers={"content-type": "application/json; charset=utf-8"},
    )
    assert answer.json() == {"n": 1, "more": {"é": "😀"}}


async def test_a_body_without_a_declared_length_is_counted(http: httpx.AsyncClient):
    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(4):
            yield b"12345"

    assert (await http.post("/v1/raw", content=pieces())).status_code == 413
    assert (await http.post("/v1/raw", content=b"1234567890")).json() == 10


async def test_the_key_is_asked_for_before_the_body_is_read(http: httpx.AsyncClient):
    bodies = []
    for header in ({}, {"authorization": "Basic x"}, {"authorization": "Bearer tj_bad"}, {"authorization": "Bearer "}):
        del http.headers["authorization"]
        http.headers.update({"authorization": "", **header})
        answer = await http.post("/v1/echo", content=b"not json", headers={"content-type": "text/plain"})
        assert answer.status_code == 401
        bodies.append(answer.json() | {"request_id": ""})
    assert all(body == bodies[0] for body in bodies)


async def test_nul_in_an_address_finds_nothing(http: httpx.AsyncClient):
    assert (await http.get("/v1/fail/a%00b")).status_code == 404
    assert (await http.get("/v1/fail/Conflict?x=%00")).status_code == 422


async def test_the_access_log_and_metrics_hold_the_route_not_the_path():
    metrics = Metrics()
    async with client(toy(metrics)) as http:
        with capture_logs() as logs:
            await http.get("/v1/fail/Conflict?q=canary", headers={"authorization": "Bearer tj_canary"})
            await http.request("CANARY", "/nowhere/canary")
    assert [(line["route"], line["status"]) for line in logs] == [("/v1/fail/{name}", 409), ("unmatched", 404)]
    page = metrics.page().decode()
    assert 'tracejudge_http_requests_total{method="GET",route="/v1/fail/{name}",status="409"} 1.0' in page
    assert "canary" not in json.dumps(logs).lower() + page.lower()


async def test_a_client_that_goes_away_is_no_defect_of_ours():
    async def broken_off() -> dict[str, str]:
        return {"type": "http.disconnect"}

    sent: list[object] = []

    async def send(message: object) -> None:
        sent.append(message)

    scope = {
        "type": "http", "method": "POST", "path": "/v1/raw", "raw_path": b"/v1/raw", "query_string": b"",
        "headers": [(b"authorization", b"Bearer tj_good")], "http_version": "1.1", "scheme": "http", "root_path": "",
    }  # fmt: skip
    with capture_logs() as logs:
        await toy()(scope, broken_off, send)
    assert sent == []
    assert [(line["event"], line["status"]) for line in logs] == [("request.done", 499)]
