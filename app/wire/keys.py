"""Projects and API keys as users write and see them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from app.wire.shape import Input, Name, Output, example

Scope = Literal[
    "jobs:read", "jobs:write", "judges:read", "judges:write", "keys:write", "projects:write", "reviews:label"
]

# Sorted, so that two answers about one key look the same.
Scopes = Annotated[list[str], BeforeValidator(sorted)]

PROJECT = {"name": "radiology", "created_at": "2026-01-31T09:00:00Z"}
KEY: dict[str, Any] = {
    "id": 7,
    "name": "ci",
    "prefix": "tj_c0ffee00",
    "scopes": ["jobs:read", "jobs:write", "judges:read"],
    "created_at": "2026-01-31T09:00:00Z",
    "revoked_at": None,
    "expires_at": None,
    "state": "good",
}
TOKEN = "tj_c0ffee00..."  # noqa: S105 - an example
SIGN_IN = "/dashboard/sign-in#"  # what stands behind # stays in the browser: no log holds the key
MOST_DAYS = 3_650


class ProjectIn(Input):
    """A project: what keys, judges and jobs belong to."""

    model_config = example({"name": "radiology"})

    name: Name


class ProjectOut(Output):
    """A project."""

    model_config = example(PROJECT)

    name: str
    created_at: datetime


class NewProjectOut(ProjectOut):
    """A new project and its first key, shown this once."""

    model_config = example(PROJECT | {"key": TOKEN})

    key: str


class KeyIn(Input):
    """A key to be made, with the scopes of a role or its own list."""

    model_config = example({"name": "ci", "role": "submitter"})

    name: Name
    role: Literal["reader", "submitter", "labeller", "admin", "operator"] | None = None
    scopes: set[Scope] = Field(set(), description="instead of a role")
    expires_days: Annotated[int, Field(strict=True, ge=1, le=MOST_DAYS)] | None = Field(
        None, description="the key works for so many days; default: 30 for role labeller, else for ever"
    )

    @model_validator(mode="after")
    def _role_or_scopes(self) -> Self:
        if (self.role is None) == (not self.scopes):
            raise ValueError("give either role or scopes")
        return self


class KeyOut(Output):
    """A key, without the key itself."""

    model_config = example(KEY)

    id: int
    name: str
    prefix: str = Field(description="its first characters, to recognise it by")
    scopes: Scopes
    created_at: datetime
    revoked_at: datetime | None
    expires_at: datetime | None
    state: Literal["good", "revoked", "expired"]


class NewKeyOut(KeyOut):
    """A new key: `key` is shown this once."""

    model_config = example(KEY | {"key": TOKEN, "sign_in": SIGN_IN + TOKEN})

    key: str
    sign_in: str = Field(description="the link that signs its holder in at the dashboard, relative to the server")


class MeOut(Output):
    """Who a key speaks for."""

    model_config = example(
        {"project": "radiology", "key_name": "ci", "key_id": 7, "scopes": ["jobs:read"], "expires_at": None}
    )

    project: str
    key_name: str
    key_id: int
    scopes: Scopes
    expires_at: datetime | None
