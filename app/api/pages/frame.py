"""What all pages have in common: templates, security headers, who is signed in, and how an error looks."""

from __future__ import annotations

from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import jinja2
from fastapi import APIRouter, Request
from fastapi.routing import APIRoute
from markupsafe import Markup
from starlette.responses import HTMLResponse, RedirectResponse, Response

from app.api.auth import COOKIE, SAFE
from app.api.pages import assets, words
from app.domain.access import Principal
from app.domain.errors import TraceJudgeError, Unauthenticated
from app.reports import numbers, phrases
from app.reports.visible import finished, visible
from app.services import sessions

TEMPLATES = Path(__file__).parents[2] / "dashboard" / "templates"
PREFIXES = ("/dashboard", "/review")
# Traces are hostile text: nothing but our own files runs, nothing is fetched from elsewhere, nobody frames us.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
# Where somebody comes from is told to ourselves only, who bring them back after signing in.
HEADERS = {"Content-Security-Policy": POLICY, "Referrer-Policy": "same-origin"}
REFUSED = (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN)
TITLES = {
    HTTPStatus.UNAUTHORIZED: "You are not signed in",
    HTTPStatus.NOT_FOUND: "There is nothing here",
    HTTPStatus.METHOD_NOT_ALLOWED: "That cannot be done here",
}
_PAGES = jinja2.Environment(
    loader=jinja2.FileSystemLoader(TEMPLATES),
    autoescape=True,
    undefined=jinja2.StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    finalize=finished,
)
_PAGES.globals |= {"asset": assets.address, "numbers": numbers, "phrases": phrases, "words": words}
_PAGES.filters["visible"] = visible


def page(request: Request, template: str, *, status: int = HTTPStatus.OK, **content: Any) -> Response:
    """A template as an answer. Templates know `who` (the Principal signed in, or None), `csrf` for their forms,
    `here` (the path), `origin` (what stands before it), `asset(name)`, the modules `numbers`, `phrases` (reports) and
    `words` (pages), and the filters `visible` for outside text (unfiltered it is readable too, without the names of its
    signs) and `e` for what a form sends back.
    """
    cookie = request.cookies.get(COOKIE)
    who: Principal | None = getattr(request.state, "principal", None)
    text = _PAGES.get_template(template).render(
        who=who,
        scopes=who.scopes if who else frozenset(),
        csrf=sessions.csrf_token(cookie) if cookie else "",
        here=request.scope["path"],
        origin=str(request.base_url).rstrip("/"),
        **content,
    )
    return HTMLResponse(text, status, headers=HEADERS)


def compile_templates() -> None:
    """Compile every template; they stay compiled."""
    for name in _PAGES.list_templates():
        _PAGES.get_template(name)


def answer_heads(router: APIRouter) -> None:
    """HEAD like GET: whoever checks a link asks that way. The server leaves the body out."""
    for route in router.routes:
        if isinstance(route, APIRoute) and route.methods and "GET" in route.methods:
            route.methods.add("HEAD")


def fragment(template: str, **content: Any) -> Markup:
    """A part of a page."""
    return Markup(_PAGES.get_template(template).render(**content))  # noqa: S704 - autoescaped


def is_page(path: str) -> bool:
    """Whether people look at this address."""
    return any(path == prefix or path.startswith(prefix + "/") for prefix in PREFIXES)


def trouble(request: Request, status: int, error: TraceJudgeError) -> Response:
    """An error as a page that says what to do. Who is not signed in is asked to, and comes back."""
    if status == HTTPStatus.UNAUTHORIZED:
        if "hx-request" in request.headers:  # of a part of a page: the whole page has to go there
            came_from = _page_of(request.headers.get("hx-current-url", ""), request)
            return Response(status_code=status, headers={"HX-Redirect": sign_in_address(came_from)})
        if request.method in SAFE:
            query = request.scope["query_string"].decode("latin-1")
            here = quote(request.scope["path"]) + ("?" + query if query else "")
            return RedirectResponse(sign_in_address(here), HTTPStatus.SEE_OTHER)
        error = Unauthenticated("you are not signed in, so nothing was done; sign in and do it again")
    return page(
        request,
        "trouble.html",
        status=status,
        title=TITLES.get(HTTPStatus(status), error.title),
        error=error,
        must_sign_in=status == HTTPStatus.UNAUTHORIZED,
        sign_in=sign_in_address(_page_of(request.headers.get("referer", ""), request)),
        refused=status in REFUSED,
        request_id=request.state.request_id,
    )


def sign_in_address(back_to: str) -> str:
    """Where people sign in, and come back from."""
    return f"/dashboard/sign-in?next={quote(back_to)}" if back_to else "/dashboard/sign-in"


def _page_of(address: str, request: Request) -> str:
    """The path and query of a page of ours, as the browser names it; empty when it is none."""
    try:
        found = urlsplit(address)
    except ValueError:
        return ""
    if found.netloc != request.headers.get("host") or not is_page(found.path):
        return ""
    return found.path + ("?" + found.query if found.query else "")
