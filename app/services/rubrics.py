"""Rubrics: those that come with the service, and a project's own."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from app import rubrics as builtin
from app.domain.errors import Conflict, Invalid, NotFound, Problem
from app.domain.rubric import Rubric
from app.store import rubrics
from app.store.database import Database

NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,99}")


async def list_rubrics(database: Database, project: int) -> list[Rubric]:
    """The newest version of every rubric: the service's first, then the project's, each by name."""
    async with database.transaction() as tx:
        own = await rubrics.rubrics_of(tx, project)
    return [builtin.load(name) for name in builtin.list_names()] + own


async def get_rubric(database: Database, project: int, name: str) -> Rubric:
    """The rubric of that name, the newest version of it; NotFound when there is none."""
    if name in builtin.list_names():
        return builtin.load(name)
    async with database.transaction() as tx:
        found = await rubrics.rubric_named(tx, project, name)
    if found is None:
        raise NotFound("there is no rubric of that name")
    return found


async def add_rubric(database: Database, project: int, document: Mapping[str, Any]) -> Rubric:
    """Store one version of a rubric. The same version again is fine when its content is the same, else Conflict."""
    name = document.get("name")
    if not isinstance(name, str) or not NAME.fullmatch(name):
        raise Invalid("the rubric is not valid", (Problem("lower-case letters, digits, - _ and .", field="name"),))
    if name in builtin.list_names():
        raise Conflict("a rubric of that name comes with the service; choose another name")
    rubric = builtin.parse(json.dumps(document, ensure_ascii=False), name)  # JSON is YAML
    async with database.transaction() as tx:
        if await rubrics.add_rubric(tx, project, rubric):
            return rubric
        stored = await rubrics.rubric_named(tx, project, name, rubric.version)
    if stored != rubric:
        raise Conflict("this version of the rubric is stored with other content; give it a new version")
    return rubric
