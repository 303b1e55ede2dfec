"""Finds the server: TRACEJUDGE_URL with TRACEJUDGE_API_KEY, else what runs in TRACEJUDGE_HOME, else our own."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from app.cli.stack import interrupt, revealed
from app.cli.terminal import say
from app.client import Client, ProblemError, Unreachable
from app.domain.errors import Problem, TraceJudgeError, Unauthenticated, Unavailable
from app.embedded.home import Home, Run
from app.embedded.stack import Stack
from app.settings import Settings
from app.wire.problems import TYPE_PREFIX, ProblemDocument

STARTING_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Server:
    """Where the API is and the key for it. `own`: we started it, and it ends with this command."""

    url: str
    api_key: str
    own: bool = False


@contextmanager
def connected() -> Iterator[Client]:
    """A client of the server that runs. Raises Unavailable when there is none."""
    settings = Settings()
    server = find_server(settings)
    if server is None:
        raise Unavailable(
            f"no server: nothing runs in {settings.home} and TRACEJUDGE_URL is not set. `tracejudge up -d` starts one."
        )
    with client_of(server) as client:
        yield client


@contextmanager
def connected_or_own(settings: Settings) -> Iterator[tuple[Client, Server]]:
    """A client of the server that runs, or of one that is started now and stopped at the end of the block."""
    server = find_server(settings)
    if server is not None:
        with client_of(server) as client:
            yield client, server
        return
    say(f"Starting the service in {settings.home} (PostgreSQL, Valkey, API, worker) ...")
    with own_server(settings) as server, client_of(server) as client:
        yield client, server


def find_server(settings: Settings) -> Server | None:
    """The server the settings name, or the one that runs in the home directory; None without either."""
    if settings.url:
        if settings.api_key is None:
            raise Unauthenticated("TRACEJUDGE_URL is set, but TRACEJUDGE_API_KEY is not.")
        return Server(settings.url.rstrip("/"), settings.api_key.get_secret_value())
    run = running(Home(settings.home))
    if run is None or not run.api_url:
        return None
    return Server(run.api_url, run.api_key)


def running(home: Home) -> Run | None:
    """What runs in the home directory; one that is just starting is waited for."""
    deadline = time.monotonic() + STARTING_SECONDS
    while home.is_locked():
        run = home.read_run()
        if run is not None and run.ready:
            return run
        if time.monotonic() > deadline:
            raise Unavailable(f"the stack in {home.directory} is not ready after {STARTING_SECONDS:.0f} s.")
        time.sleep(0.1)
    return None


@contextmanager
def own_server(settings: Settings) -> Iterator[Server]:
    """A stack for the length of the block; a signal to end us stops it in good order."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, interrupt)
    stack = Stack(
        settings.home,
        host=settings.host,
        port=settings.port,
        database_url=revealed(settings.database_url),
        broker_url=revealed(settings.broker_url),
    )
    with stack:
        yield Server(stack.api_url, stack.api_key, own=True)


@contextmanager
def client_of(server: Server) -> Iterator[Client]:
    """A client whose refusals arrive as errors of the domain."""
    with Client(server.url, server.api_key) as client:
        try:
            yield client
        except ProblemError as error:
            raise refusal(error.document) from None
        except Unreachable as error:
            raise Unavailable(str(error)) from None


def refusal(document: ProblemDocument) -> TraceJudgeError:
    """The error a problem document was made of; one of unknown type keeps its title and request id."""
    kind = _KINDS.get(document.type.removeprefix(TYPE_PREFIX))
    problems = tuple(Problem(line.reason, line.field, line.line) for line in document.problems)
    if kind is not None:
        return kind(document.detail, problems, document.problem_count)
    quoted = f" (request {document.request_id})" if document.request_id else ""
    return TraceJudgeError(f"{document.title}: {document.detail}{quoted}", problems, document.problem_count)


def _kinds(kind: type[TraceJudgeError]) -> dict[str, type[TraceJudgeError]]:
    """The class of every problem type, by its slug."""
    below = [_kinds(child) for child in kind.__subclasses__()]
    return {slug: found for kinds in below for slug, found in kinds.items()} | {kind.slug: kind}


_KINDS = _kinds(TraceJudgeError)
