"""Who may do what: the scopes of keys."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from app.domain.errors import Forbidden

JOBS_READ = "jobs:read"
JOBS_WRITE = "jobs:write"
JUDGES_READ = "judges:read"
JUDGES_WRITE = "judges:write"
KEYS_WRITE = "keys:write"
PROJECTS_WRITE = "projects:write"
REVIEWS_LABEL = "reviews:label"

SCOPES = frozenset({JOBS_READ, JOBS_WRITE, JUDGES_READ, JUDGES_WRITE, KEYS_WRITE, PROJECTS_WRITE, REVIEWS_LABEL})

# A labeller's link is sent by mail, and mail is kept: such a key ends by itself unless told when.
LABELLER_DAYS = 30

# Short names for the usual sets of scopes. `projects:write` reaches beyond one project, so only `operator` has it.
ROLES: Mapping[str, frozenset[str]] = {
    "reader": frozenset({JOBS_READ, JUDGES_READ}),
    "submitter": frozenset({JOBS_READ, JOBS_WRITE, JUDGES_READ}),
    "labeller": frozenset({REVIEWS_LABEL}),
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
    key_id: int = 0
    expires_at: datetime | None = None

    def require(self, scope: str) -> None:
        """Raise Forbidden, naming the scope, when the key lacks it."""
        if scope not in self.scopes:
            raise Forbidden(f"this needs the scope {scope}")
