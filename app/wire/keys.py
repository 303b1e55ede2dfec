"""Projects and API keys as users write and see them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal, Self

from pydantic import BeforeValidator, ConfigDict, Field, model_validator

from app.wire.shape import Input, Name, Output

Scope = Literal["jobs:read", "jobs:write", "judges:read", "judges:write", "keys:write", "projects:write"]

# Sorted, so that two answers about one key look the same.
Scopes = Annotated[list[str], BeforeValidator(sorted)]


class ProjectIn(Input):
    """A project: what keys, judges and jobs belong to."""

    model_config = ConfigDict(json_schema_extra={"example": {"name": "radiology"}})

    name: Name


class ProjectOut(Output):
    """A project."""

    name: str
    created_at: datetime


class NewProjectOut(ProjectOut):
    """A new project and its first key, shown this once."""

    key: str


class KeyIn(Input):
    """A key to be made, with the scopes of a role or its own list."""

    model_config = ConfigDict(json_schema_extra={"example": {"name": "ci", "role": "submitter"}})

    name: Name
    role: Literal["reader", "submitter", "admin", "operator"] | None = None
    scopes: set[Scope] = Field(set(), description="instead of a role")

    @model_validator(mode="after")
    def _role_or_scopes(self) -> Self:
        if (self.role is None) == (not self.scopes):
            raise ValueError("give either role or scopes")
        return self


class KeyOut(Output):
    """A key, without the key itself."""

    id: int
    name: str
    prefix: str = Field(description="its first characters, to recognise it by")
    scopes: Scopes
    created_at: datetime
    revoked_at: datetime | None


class NewKeyOut(KeyOut):
    """A new key: `key` is shown this once."""

    key: str


class MeOut(Output):
    """Who a key speaks for."""

    project: str
    key_name: str
    scopes: Scopes
