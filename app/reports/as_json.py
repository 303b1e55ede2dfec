"""A report as JSON: `results` in canonical form, so that equal results are equal bytes."""

from __future__ import annotations

import orjson

from app.reports.canonical import canonical
from app.reports.report import Report
from app.reports.schema import NAME


def render(report: Report) -> bytes:
    """{"envelope", "results"} in UTF-8 with sorted keys; null where a number is not finite. Its shape is told by
    `app.reports.schema`, whose name stands in the envelope.
    """
    content = {"envelope": {**report.envelope, "schema": NAME}, "results": canonical(report.results)}
    return orjson.dumps(content, option=orjson.OPT_SORT_KEYS | orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)
