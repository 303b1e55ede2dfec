"""What the address of a job's page asks for: the report's parameters, and what to say where they do not fit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Annotated, Any
from urllib.parse import urlencode

from pydantic import Field, ValidationError
from starlette.datastructures import QueryParams

from app.api.pages.asked import told
from app.domain.errors import Invalid
from app.wire.problems import problems_of
from app.wire.reports import ParametersIn, ReportQuery
from app.wire.shape import Label

JUDGES = "judges"


class ViewIn(ParametersIn):
    """The report's parameters, and what only the page has."""

    axis: Label | None = None
    tokens_per_second: Annotated[float, Field(gt=0, le=1e9)] | None = None


@dataclass(frozen=True, slots=True)
class View:
    """`typed`: the fields as they came, for the form. `asked`: None where something is wrong, then `problems` says
    what, by field. `query`: what differs from a plain report, for links. `changed`: whether the
    report is another one than was submitted.
    """

    typed: Mapping[str, Any]
    asked: ReportQuery | None
    problems: Mapping[str, str] = field(default_factory=dict)
    query: str = ""
    report_query: str = ""
    changed: bool = False
    tokens_per_second: float | None = None


def read_view(given: QueryParams) -> View:
    """An empty field of a form was not filled in; what nobody knows is named."""
    typed: dict[str, Any] = {}
    for name in given:
        values = [value for value in given.getlist(name) if value]
        if values:
            typed[name] = values if name == JUDGES else values[-1]
    try:
        view = ViewIn.model_validate(typed)
    except ValidationError as error:
        return View(typed, None, told(problems_of(error.errors())))
    chosen = view.model_dump(mode="json", exclude_defaults=True)
    report = {name: value for name, value in chosen.items() if name != "tokens_per_second"}
    # Documents other than the page show all axes.
    everywhere = {name: value for name, value in report.items() if name != "axis"}
    return View(
        typed,
        ReportQuery.model_validate(report),
        query=urlencode(chosen, doseq=True),
        report_query=urlencode(everywhere, doseq=True),
        changed=bool(report),
        tokens_per_second=view.tokens_per_second,
    )


def with_problem(view: View, error: Invalid) -> View:
    """The same view, after the report could not be made with it."""
    problems = told(error.problems) or {"": error.detail}
    return replace(view, asked=None, problems=problems)
