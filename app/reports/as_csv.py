"""A report as CSV (RFC 4180): one row per rate, for spreadsheets and data frames."""

from __future__ import annotations

import csv
import io

from app.reports.rate_rows import COLUMNS, rate_rows
from app.reports.report import Report

# What a spreadsheet may take for the start of a formula.
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


def render(report: Report) -> str:
    """CSV text with CRLF line ends; an empty cell is a number that does not exist."""
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, COLUMNS, restval="")
    writer.writeheader()
    writer.writerows({column: cell(value) for column, value in row.items()} for row in rate_rows(report.results))
    return out.getvalue()


def cell(value: object) -> str:
    """One value as a cell: nothing for None, and nothing that a spreadsheet would run."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, tuple):
        value = "; ".join(value)
    if isinstance(value, str):
        return f"'{value}" if value.startswith(FORMULA) else value
    return repr(value) if isinstance(value, int) else f"{value:.12g}"
