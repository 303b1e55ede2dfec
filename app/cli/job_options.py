"""Builds the JSON of a new job and of its judges from what was typed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
import typer
from pydantic import BaseModel, ValidationError

from app.domain.errors import Invalid
from app.settings import secret_in
from app.wire.jobs import NewJobIn
from app.wire.judges import JudgeIn
from app.wire.problems import problems_of
from app.wire.strict import parse

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Endpoint:
    """An inline judge as it is typed."""

    url: str | None = None
    model: str | None = None
    key_env: str | None = None
    method: str = "json"
    no_images: bool = False
    max_in_flight: int = 64
    timeout: float = 120.0
    temperature: float | None = None


def judges_of(names: Sequence[str] | None, endpoint: Endpoint) -> list[str | Json]:
    """The judges of a job: stored ones by name, or one inline. Wrong usage is a BadParameter."""
    if names and endpoint.url:
        raise typer.BadParameter("give either --judge or --judge-url, not both")
    if names:
        return list(names)
    if not (endpoint.url and endpoint.model):
        raise typer.BadParameter(
            "a judge is needed: --judge-url URL --judge-model NAME, or --judge NAME for a stored one"
        )
    return [judge_of(endpoint.model.replace("/", "-"), endpoint)]


def judge_of(name: str, endpoint: Endpoint, *, api_key: str | None = None) -> Json:
    """A judge in the JSON of the API. Raises Invalid when it does not fit, BadParameter without its key."""
    judge: Json = {
        "name": name,
        "url": endpoint.url,
        "served_model": endpoint.model,
        "method": endpoint.method,
        "sees_images": not endpoint.no_images,
        "max_in_flight": endpoint.max_in_flight,
        "timeout": endpoint.timeout,
    }
    if endpoint.temperature is not None:
        judge["sampling"] = {"temperature": endpoint.temperature}
    api_key = key_in(endpoint.key_env) if endpoint.key_env else api_key
    if api_key:
        judge["api_key"] = api_key
    require_fit(JudgeIn, judge, "the judge is not valid")
    return judge


def key_in(variable: str) -> str:
    """The key in an environment variable. BadParameter when it is not set."""
    key = secret_in(variable)
    if not key:
        raise typer.BadParameter(f"the environment variable {variable} is not set")
    return key


def axes_of(text: str | None) -> list[str] | None:
    """The axes in a list with commas; None stays None."""
    return None if text is None else [axis.strip() for axis in text.split(",") if axis.strip()]


def metadata_of(text: str | None) -> Json:
    """What is told of a job, from a JSON object as typed or from a file that holds one (@FILE)."""
    if text is None:
        return {}
    try:
        content = Path(text[1:]).read_bytes() if text.startswith("@") else text.encode()
        found = parse(content)
    except OSError as error:
        raise typer.BadParameter(f"--metadata: {text[1:]} cannot be read ({error.strerror or error})") from None
    except Invalid as error:
        raise typer.BadParameter(f"--metadata: {error.detail}") from None
    if not isinstance(found, dict):
        raise typer.BadParameter('--metadata holds one JSON object, such as {"slice_by": "site"}')
    return found


def new_job(**fields: Any) -> Json:
    """The JSON of POST /v1/jobs from the fields that were given. Raises Invalid when it does not fit."""
    job = {field: value for field, value in fields.items() if value is not None}
    require_fit(NewJobIn, job, "the job is not valid")
    return job


def require_fit(shape: type[BaseModel], content: Json, what: str) -> None:
    """Raise Invalid, with every problem, before anything is started or sent."""
    try:
        shape.model_validate_json(orjson.dumps(content))
    except ValidationError as error:
        raise Invalid(what, problems_of(error.errors(include_url=False, include_input=False))) from None
