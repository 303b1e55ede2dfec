"""A report as Parquet: one typed row per rate, with parameters, provenance and envelope in the file's metadata."""

from __future__ import annotations

import io
from importlib import import_module
from types import NoneType
from typing import Any, get_args, get_type_hints

import orjson

from app.reports.canonical import canonical
from app.reports.rate_rows import COLUMNS, SCALARS, TESTED, rate_rows
from app.reports.report import Report
from app.reports.report_inference import SignificanceLine
from app.reports.schema import NAME
from app.stats.win_rate import Rate


def render(report: Report) -> bytes:
    """Columns as in CSV, null where a number does not exist; metadata keys start with `tracejudge.`."""
    arrow, parquet = import_module("pyarrow"), import_module("pyarrow.parquet")  # half a second only this format waits
    schema = arrow.schema([(column, _type(arrow, column)) for column in COLUMNS], metadata=_metadata(report))
    rows = [{column: _value(row.get(column)) for column in COLUMNS} for row in rate_rows(report.results)]
    out = io.BytesIO()
    parquet.write_table(arrow.Table.from_pylist(rows, schema=schema), out, compression="zstd")
    return out.getvalue()


def _metadata(report: Report) -> dict[str, bytes]:
    results = report.results
    told = {
        "schema": NAME,
        "parameters": canonical(results.parameters),
        "provenance": canonical(results.provenance),
        "envelope": report.envelope,
    }
    return {f"tracejudge.{name}": orjson.dumps(value, option=orjson.OPT_SORT_KEYS) for name, value in told.items()}


def _type(arrow: Any, column: str) -> Any:
    """The column's type by the field it comes from; the bounds are numbers, all other names are words."""
    if column == "warnings":
        return arrow.list_(arrow.string())
    kinds = {float: arrow.float64(), int: arrow.int64(), bool: arrow.bool_(), str: arrow.string()}
    return kinds[_KINDS.get(column, str)]


def _value(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else canonical(value)


def _kind(hint: Any) -> Any:
    """What a field holds where it holds anything: `float | None` is a float."""
    return next(kind for kind in (*get_args(hint), hint) if kind is not NoneType)


_KINDS = {"assessed": bool, "bound_low": float, "bound_high": float} | {
    name: _kind(hint)
    for source in (Rate, SignificanceLine)
    for name, hint in get_type_hints(source).items()
    if name in (*SCALARS, *TESTED)
}
