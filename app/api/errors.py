"""The one table of HTTP statuses, and how every error becomes a problem document."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from app.api.pages import frame
from app.domain.errors import (
    Conflict,
    Forbidden,
    Invalid,
    Malformed,
    NotAcceptable,
    NotFound,
    TooLarge,
    TraceJudgeError,
    Unauthenticated,
    Unavailable,
    UnsupportedMediaType,
)
from app.wire.problems import MEDIA_TYPE, MOST_PROBLEMS, TYPE_PREFIX, ProblemDocument, ProblemLine, problems_of

# Looked up along the class's ancestors: NotComparable is Invalid.
STATUS: Mapping[type[TraceJudgeError], HTTPStatus] = {
    Malformed: HTTPStatus.BAD_REQUEST,
    Unauthenticated: HTTPStatus.UNAUTHORIZED,
    Forbidden: HTTPStatus.FORBIDDEN,
    NotFound: HTTPStatus.NOT_FOUND,
    NotAcceptable: HTTPStatus.NOT_ACCEPTABLE,
    Conflict: HTTPStatus.CONFLICT,
    TooLarge: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    UnsupportedMediaType: HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    Invalid: HTTPStatus.UNPROCESSABLE_ENTITY,
    Unavailable: HTTPStatus.SERVICE_UNAVAILABLE,
    TraceJudgeError: HTTPStatus.INTERNAL_SERVER_ERROR,
}
# What a caller's next move depends on. A body that was not read to its end would be taken for the next request.
HEADERS: Mapping[HTTPStatus, Mapping[str, str]] = {
    HTTPStatus.UNAUTHORIZED: {"WWW-Authenticate": 'Bearer realm="tracejudge"'},
    HTTPStatus.SERVICE_UNAVAILABLE: {"Retry-After": "2"},
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: {"Connection": "close"},
}


def install(api: FastAPI) -> None:
    """Make every error that leaves a route a problem document."""
    api.add_exception_handler(TraceJudgeError, _on_expected)
    api.add_exception_handler(RequestValidationError, _on_invalid)
    api.add_exception_handler(HTTPException, _on_http)


def status_of(error: TraceJudgeError) -> HTTPStatus:
    return next(STATUS[kind] for kind in type(error).__mro__ if kind in STATUS)


def problem(error: TraceJudgeError, request_id: str) -> Response:
    """The answer for an expected error."""
    status = status_of(error)
    document = ProblemDocument(
        type=TYPE_PREFIX + error.slug,
        title=error.title,
        status=status,
        detail=error.detail,
        request_id=request_id,
        problems=[ProblemLine(reason=p.reason, field=p.field, line=p.line) for p in error.problems[:MOST_PROBLEMS]],
        problem_count=error.problem_count,
    )
    return _answer(document, HEADERS.get(status, {}))


def unexpected(request: Request) -> Response:
    """The answer for a defect of ours: nothing of the inside gets out; the request id finds it in the log."""
    status, detail = HTTPStatus.INTERNAL_SERVER_ERROR, "This is a defect; it has been logged."
    if frame.is_page(request.scope["path"]):
        return frame.trouble(request, status, TraceJudgeError(detail))
    return _plain(status, detail, request.state.request_id)


def answered(request: Request, error: TraceJudgeError) -> Response:
    """People get a page, programs a problem document."""
    if not frame.is_page(request.scope["path"]):
        return problem(error, request.state.request_id)
    status = status_of(error)
    page = frame.trouble(request, status, error)
    if page.status_code == status:  # not where people are sent on to sign in
        page.headers.update(HEADERS.get(status, {}))
    return page


def _plain(status: HTTPStatus, detail: str, request_id: str, headers: Mapping[str, str] | None = None) -> Response:
    document = ProblemDocument(
        type=TYPE_PREFIX + status.phrase.lower().replace(" ", "-"),
        title=status.phrase,
        status=status,
        detail=detail,
        request_id=request_id,
    )
    return _answer(document, headers or {})


def _answer(document: ProblemDocument, headers: Mapping[str, str]) -> Response:
    return Response(document.model_dump_json(), document.status, headers=dict(headers), media_type=MEDIA_TYPE)


async def _on_expected(request: Request, error: Exception) -> Response:
    assert isinstance(error, TraceJudgeError)  # noqa: S101 - the handler is registered for nothing else
    return answered(request, error)


async def _on_invalid(request: Request, error: Exception) -> Response:
    """What FastAPI found in path, query, headers or body."""
    assert isinstance(error, RequestValidationError)  # noqa: S101 - as above
    if frame.is_page(request.scope["path"]) and any(one["loc"][0] == "path" for one in error.errors()):
        return answered(request, NotFound("there is nothing at this address; see that all of it was copied"))
    found = problems_of(error.errors())
    return answered(request, Invalid("see problems", found))


async def _on_http(request: Request, error: Exception) -> Response:
    """What the router says by itself: no such address, no such method there."""
    assert isinstance(error, HTTPException)  # noqa: S101 - as above
    if error.status_code == HTTPStatus.NOT_FOUND:
        return answered(request, NotFound("there is nothing at this address"))
    status = HTTPStatus(error.status_code)
    if frame.is_page(request.scope["path"]):
        page = frame.trouble(request, status, TraceJudgeError("go back to the page before and try again"))
        page.headers.update(error.headers or {})
        return page
    return _plain(status, "see the API's description", request.state.request_id, error.headers)
