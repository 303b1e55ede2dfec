"""Makes a job out of pairs: a draft, the upload, the start; a draft that could not be filled is not left behind."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any

import orjson

from app.client import Client, ProblemError, Unreachable
from app.client.lines import Line
from app.domain.errors import Conflict
from app.wire.jobs import JobOut
from app.wire.problems import TYPE_PREFIX

Json = dict[str, Any]


def launch(client: Client, new: Json, pairs: Path | Iterable[Line], *, start: bool = True) -> JobOut:
    """The job, started unless it shall stay a draft. `new`: the JSON of POST /v1/jobs, without pairs."""
    draft = created(client, new)
    try:
        client.upload_pairs(draft.id, pairs)
        return client.start(draft.id) if start else client.get_job(draft.id)
    except BaseException:
        with suppress(ProblemError, Unreachable):  # what went wrong first is what the user must hear
            client.delete_job(draft.id)
        raise


def created(client: Client, new: Json) -> JobOut:
    """A draft. An inline judge whose name another one has gets its settings' fingerprint behind its name."""
    try:
        return client.create_job(new)
    except ProblemError as error:
        if error.document.type != TYPE_PREFIX + Conflict.slug:
            raise
        return client.create_job(new | {"judges": [told_apart(judge) for judge in new["judges"]]})


def told_apart(judge: str | Json) -> str | Json:
    """An inline judge under a name that only judges with the same settings have."""
    if isinstance(judge, str):
        return judge
    settings = {field: value for field, value in judge.items() if field not in ("name", "api_key")}
    digest = hashlib.sha256(orjson.dumps(settings, option=orjson.OPT_SORT_KEYS)).hexdigest()
    return judge | {"name": f"{judge['name']}-{digest[:8]}"}
