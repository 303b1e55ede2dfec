"""Who may do what: scopes of keys, and the hosts judges may live on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from app.domain.errors import Forbidden, Invalid, Problem

JOBS_READ = "jobs:read"
JOBS_WRITE = "jobs:write"
JUDGES_READ = "judges:read"
JUDGES_WRITE = "judges:write"
KEYS_WRITE = "keys:write"
PROJECTS_WRITE = "projects:write"

SCOPES = frozenset({JOBS_READ, JOBS_WRITE, JUDGES_READ, JUDGES_WRITE, KEYS_WRITE, PROJECTS_WRITE})

# Short names for the usual sets of scopes. `projects:write` reaches beyond one project, so only `operator` has it.
ROLES: Mapping[str, frozenset[str]] = {
    "reader": frozenset({JOBS_READ, JUDGES_READ}),
    "submitter": frozenset({JOBS_READ, JOBS_WRITE, JUDGES_READ}),
    "admin": SCOPES - {PROJECTS_WRITE},
    "operator": SCOPES,
}


@dataclass(frozen=True, slots=True)
class Principal:
    """Whose key came with a request. `project` is the internal project id."""

    project: int
    project_name: str
    key_name: str
    scopes: frozenset[str]

    def require(self, scope: str) -> None:
        """Raise Forbidden, naming the scope, when the key lacks it."""
        if scope not in self.scopes:
            raise Forbidden(f"this needs the scope {scope}")


def require_judge_host(url: str, allowed: str, *, field: str = "url") -> None:
    """Raise Invalid unless a judge may be called at this URL.

    `allowed`: entries `host` (any port) or `host:port`, comma separated; `*` allows any host. The port of a URL
    without one is that of its scheme.
    """
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        raise _bad_url("it cannot be read as a URL", field) from None
    if parts.scheme not in ("http", "https") or not host:
        raise _bad_url("it must be http:// or https:// with a host", field)
    if parts.username is not None or parts.query or parts.fragment:
        raise _bad_url("it must hold no user, query or fragment", field)
    entries = {entry.strip().lower() for entry in allowed.split(",")}
    port = port or (443 if parts.scheme == "https" else 80)
    name = f"[{host}]" if ":" in host else host
    if not entries & {"*", name, f"{name}:{port}"}:
        raise _bad_url("its host is not among those the operator allows (TRACEJUDGE_JUDGE_HOSTS)", field)


def _bad_url(reason: str, field: str) -> Invalid:
    return Invalid(f"the judge's URL is not usable: {reason}", (Problem(reason, field=field),))
